import { describe, expect, it } from 'vitest';
import { defaultPreprocessConfig } from '../../lib/preprocess-config.js';
import { parseHubConfig } from '../../lib/checkpoints/config.js';
import { errorOf } from '../../testing/error-of.js';
import { readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { safetensorsFile } from '../../testing/checkpoints/writers.js';

const preprocess = {
  input_size: [3, 192, 256],
  interpolation: 'bilinear',
  crop_pct: 0.95,
  crop_mode: 'squash',
  mean: [0.5, 0.4, 0.3],
  std: [0.1, 0.2, 0.3],
};
const parsed = {
  inputSize: [192, 256],
  interpolation: 'bilinear',
  cropPct: 0.95,
  cropMode: 'squash',
  mean: [0.5, 0.4, 0.3],
  std: [0.1, 0.2, 0.3],
};

describe('config.json', () => {
  it('is read as timm writes it', () => {
    const config = {
      architecture: 'ghostnetv2_100',
      num_classes: 2,
      label_names: ['n01', 'n02'],
      label_descriptions: { n02: 'tabby, tabby cat' },
      pretrained_cfg: { tag: 'in1k', num_classes: 1000, ...preprocess },
    };
    expect(parseHubConfig(config, 'config.json')).toEqual({
      architecture: 'ghostnetv2_100',
      labels: ['n01', 'tabby, tabby cat'],
      preprocess: parsed,
    });
  });

  it('is read as older files have it, all at top level', () => {
    expect(parseHubConfig({ architecture: 'ghostnet_100', num_classes: 5, ...preprocess }, 'config.json')).toEqual({
      architecture: 'ghostnet_100',
      preprocess: parsed,
    });
  });

  it('says of the gate what it says, and nothing else', () => {
    expect(parseHubConfig({ gate: { pooling: 'max', activation: null } }, 'c').gate).toEqual({ pooling: 'max' });
    expect(parseHubConfig({ gate: {} }, 'c').gate).toEqual({});
    expect(parseHubConfig({ pretrained_cfg: { gate: { pooling: 'max' } } }, 'c')).not.toHaveProperty('gate');
    // What lies in a prototype is no setting, and a key of that name is none either.
    expect(() => parseHubConfig(JSON.parse('{ "gate": { "__proto__": { "pooling": "max" } } }'), 'c')).toThrow(
      'c: gate.__proto__ is no setting; there are activation, pooling, upsampling.',
    );
  });

  it('may say nothing, and null is nothing', () => {
    expect(parseHubConfig({}, 'config.json')).toEqual({ preprocess: {} });
    expect(parseHubConfig({ label_names: null, pretrained_cfg: { mean: null } }, 'config.json')).toEqual({
      preprocess: {},
    });
  });

  it('does not find labels in the prototype', () => {
    expect(parseHubConfig({ label_names: ['toString'], label_descriptions: {} }, 'c').labels).toEqual(['toString']);
  });

  it.each<[key: string, config: unknown, found: RegExp]>([
    ['architecture', { architecture: 1 }, /should be a string and is "1"/],
    ['num_classes', { num_classes: -1 }, /should be a whole number/],
    ['label_names', { label_names: ['a', 1] }, /should be an array of strings/],
    ['label_names', { label_names: ['a'], num_classes: 2 }, /has 1 names for 2 classes/],
    ['label_descriptions', { label_descriptions: ['a'] }, /should be an object of strings/],
    ['pretrained_cfg', { pretrained_cfg: [] }, /should be an object/],
    ['pretrained_cfg.input_size', { pretrained_cfg: { input_size: [0, 224, 224] } }, /should be three whole numbers/],
    ['pretrained_cfg.input_size', { pretrained_cfg: { input_size: [3, 224, 0] } }, /should be three whole numbers/],
    [
      'pretrained_cfg.interpolation',
      { pretrained_cfg: { interpolation: 'area' } },
      /one of bicubic, .* and is "\\"area\\""/,
    ],
    ['crop_pct', { crop_pct: 0 }, /above 0 and at most 2/],
    ['crop_pct', { crop_pct: '0.9' }, /above 0 and at most 2/],
    ['crop_pct', { crop_pct: 2.01 }, /above 0 and at most 2/],
    ['crop_mode', { crop_mode: 'random' }, /should be one of center, squash, border/],
    ['gate', { gate: 'sigmoid' }, /should be an object and is/],
    ['gate.pool', { gate: { pool: 'max' } }, /is no setting; there are activation, pooling, upsampling\./],
    ['gate.activation', { gate: { activation: 'tanh' } }, /one of sigmoid, hard_sigmoid, relu and is "\\"tanh\\""/],
    ['gate.pooling', { gate: { pooling: 'avg' } }, /should be one of mean, max, none and is/],
    ['gate.upsampling', { gate: { upsampling: true } }, /should be one of nearest, bilinear, bilinear_aligned and is/],
    ['mean', { mean: [] }, /should be three numbers/],
    ['std', { std: [0.2, 0.2, 0] }, /should be three numbers above 0/],
  ])('names %s and the file when the value is bad', (key, config, found) => {
    const parse = () => parseHubConfig(config, 'hub/config.json');
    expect(parse).toThrow(expect.objectContaining({ code: 'ERR_GHOST_CHECKPOINT' }));
    expect(parse).toThrow(`hub/config.json: ${key} `);
    expect(parse).toThrow(found);
  });

  it('must be a JSON object', async () => {
    expect(() => parseHubConfig([], 'config.json')).toThrow(/should hold a JSON object/);
    const folder = temporaryFolder();
    await errorOf(readFrom(folder, Buffer.from('{'), 'config.json'));
    const error = await errorOf(readFrom(folder, safetensorsFile({}, new Uint8Array(0)), 'model.safetensors'));
    expect(error.message).toMatch(/config\.json is not valid JSON/);
  });
});

it('has the preprocessing of the published weights as its default', () => {
  const { inputSize, cropPct } = defaultPreprocessConfig;
  expect(inputSize[0] / cropPct).toBe(256);
});
