import { describe, expect, it } from 'vitest';
import { inputRules } from '../../lib/input-rules.js';
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

  it('says how a picture fits, at its top or among what timm has', () => {
    const keys = { resize: 'fit', rounding: 'down', pad: 'center', pad_value: 114, antialias: false };
    const settings = { resize: 'fit', rounding: 'down', pad: 'center', padValue: 114, antialias: false };
    const more = { pretrained_cfg: { pad_multiple: 0, channel_order: 'bgr', pad: 'top_left' } };
    expect(parseHubConfig({ ...keys, ...more }, 'c').preprocess).toEqual({
      ...settings,
      padMultiple: 0,
      channelOrder: 'bgr',
    });
    expect(parseHubConfig({ pretrained_cfg: { ...keys, pad_value: 'mean' } }, 'c').preprocess).toEqual({
      ...settings,
      padValue: 'mean',
    });
    expect(parseHubConfig({ input_rule: 'yolox', pad_value: 0, std: [1, 1, 1] }, 'c').preprocess).toEqual({
      ...inputRules.yolox,
      padValue: 0,
      std: [1, 1, 1],
    });
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
    ['num_classes', { num_classes: -1 }, /should be a whole number/],
    ['label_names', { label_names: ['a', 1] }, /should be an array of strings, or an object of names/],
    ['label_names', { label_names: { 0: 'a', 2: 'c' } }, /should be an array of strings, or an object of names/],
    ['id2label', { id2label: { 0: 'a' }, num_classes: 2 }, /has 1 names for 2 classes/],
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
    ['input_rule', { input_rule: 'yolo' }, /one of mmdetection, nanodet, ultralytics, yolox, torchvision, smp and is/],
    ['resize', { resize: 'letterbox' }, /should be one of crop, stretch, fit, shorter and is/],
    ['rounding', { rounding: 'up' }, /should be one of half_up, half_even, down/],
    ['pad', { pad: 'left' }, /should be one of top_left, center/],
    ['pretrained_cfg.pad_value', { pretrained_cfg: { pad_value: 256 } }, /a whole number from 0 to 255, or mean/],
    ['pad_value', { pad_value: 0.5 }, /a whole number from 0 to 255, or mean/],
    ['pad_multiple', { pad_multiple: -1 }, /a whole number from 0 to 1024/],
    ['antialias', { antialias: 1 }, /should be true or false/],
    ['channel_order', { channel_order: 'gbr' }, /should be one of rgb, bgr/],
    ['gate', { gate: 'sigmoid' }, /should be an object and is/],
    ['gate.pool', { gate: { pool: 'max' } }, /is no setting; there are activation, pooling, upsampling\./],
    ['gate.activation', { gate: { activation: 'tanh' } }, /one of sigmoid, hard_sigmoid, relu and is "\\"tanh\\""/],
    ['gate.pooling', { gate: { pooling: 'avg' } }, /should be one of mean, max, none and is/],
    ['gate.upsampling', { gate: { upsampling: true } }, /should be one of nearest, bilinear, bilinear_aligned and is/],
    ['mean', { mean: [] }, /should be three numbers/],
    ['std', { std: [0.2, 0.2, 0] }, /should be three numbers above 0/],
  ])('names %s and the file when the value is bad', (key, config, found) => {
    const parse = () => parseHubConfig({ architecture: 'ghostnet_100', ...(config as object) }, 'hub/config.json');
    expect(parse).toThrow(expect.objectContaining({ code: 'ERR_GHOST_CHECKPOINT' }));
    expect(parse).toThrow(`hub/config.json: ${key} `);
    expect(parse).toThrow(found);
  });

  it.each<[form: string, config: object]>([
    ["timm's", { label_names: ['b', 'a'] }],
    ["timm's, an object", { pretrained_cfg: { label_names: { 0: 'b', 1: 'a' } } }],
    ["timm's old key", { labels: ['b', 'a'] }],
    ["transformers' names by index", { id2label: { 1: 'a', 0: 'b' } }],
    ["transformers' indices by name", { label2id: { a: 1, b: 0 } }],
    ['more than one, of which the surest counts', { label_names: ['b', 'a'], id2label: { 0: 'x', 1: 'y' } }],
    ['indices by names that are numbers', { label_names: { b: 0, a: 1 } }],
  ])('has class names in this form: %s', (_, config) => {
    expect(parseHubConfig(config, 'c').labels).toEqual(['b', 'a']);
  });

  it('has no class names where transformers made them up, or where a key is for something else', () => {
    for (const config of [{ id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } }, { labels: 5 }, { labels: [1, 2] }])
      expect(parseHubConfig({ architecture: 'ghostnet_100', ...config }, 'c')).not.toHaveProperty('labels');
  });

  it('says what the logits become', () => {
    const activation = (problem_type: unknown) => parseHubConfig({ problem_type }, 'c').activation;
    expect(activation('multi_label_classification')).toBe('sigmoid');
    expect(activation('regression')).toBe('none');
    expect(activation('single_label_classification')).toBeUndefined();
    expect(activation(3)).toBeUndefined();
  });

  it("is somebody else's without architecture and pretrained_cfg, and what is not of timm's form is passed over", () => {
    const config = { num_classes: '5', input_size: 224, mean: 0.5, std: [0.5, 0.5, 0.5], interpolation: 2, gate: true };
    expect(parseHubConfig({ ...config, label_names: 'names.txt', architecture: { depth: 3 } }, 'c')).toEqual({
      preprocess: { std: [0.5, 0.5, 0.5] },
    });
  });

  it('says of the pooling what the network was made with, else what is told beside it', () => {
    const pool = (config: object) => parseHubConfig({ architecture: 'ghostnet_100', ...config }, 'c').globalPool;
    expect(pool({ global_pool: 'avg', model_args: { global_pool: 'max' } })).toBe('max');
    expect(pool({ global_pool: 'avg', pretrained_cfg: { global_pool: 'max' } })).toBe('max');
    expect(pool({ global_pool: 'max', model_args: {} })).toBe('max');
    expect(pool({ global_pool: true })).toBeUndefined();
  });

  it('is read as segmentation_models_pytorch writes it', () => {
    const config = { _model_class: 'Unet', encoder_name: 'tu-ghostnet_050', upsampling: 4, activation: null };
    const said = (more: object): unknown => parseHubConfig({ ...config, ...more }, 'config.json');
    expect(said({})).toEqual({ preprocess: {} });
    expect(said({ activation: 'softmax2d', decoder_interpolation: 'bilinear' })).toEqual({
      preprocess: {},
      activation: 'softmax',
      head: { upsampling: 'bilinear' },
    });
    expect(said({ activation: 'sigmoid' })).toMatchObject({ activation: 'sigmoid' });
    expect(said({ activation: 'identity' })).toEqual({ preprocess: {} });
    expect(() => said({ activation: 'tanh' })).toThrow(
      'config.json: activation is "tanh", which is not computed here; identity, sigmoid, softmax, softmax2d, logsoftmax, argmax, argmax2d are.',
    );
    expect(() => said({ decoder_interpolation: 'bicubic' })).toThrow(
      'config.json: decoder_interpolation is "bicubic", which is not computed here; nearest or bilinear is.',
    );
    // Of others the keys may mean anything.
    expect(parseHubConfig({ activation: 'tanh', decoder_use_norm: 'inplace' }, 'config.json')).toEqual({
      preprocess: {},
    });
  });

  it.each<[norm: unknown, head: object | undefined]>([
    [true, undefined],
    [false, undefined],
    [null, undefined],
    ['BatchNorm', undefined],
    [{ type: 'instancenorm', affine: true }, undefined],
    [{ type: 'identity' }, undefined],
    [{ type: 'batchnorm', eps: 0.001, momentum: 0.1 }, { normEps: 0.001 }],
  ])('has the norm %j of segmentation_models_pytorch', (norm, head) => {
    for (const key of ['decoder_use_norm', 'decoder_use_batchnorm'])
      expect(parseHubConfig({ encoder_name: 'tu-ghostnet_050', [key]: norm }, 'c').head).toEqual(head);
  });

  it.each<[norm: unknown, message: RegExp]>([
    [
      'inplace',
      /decoder_use_norm is "\\"inplace\\"", whose InPlaceABN is not computed here, though its tensors are those/,
    ],
    [{ type: 'inplace', activation: 'leaky_relu' }, /whose InPlaceABN is not computed here/],
    ['layernorm', /which normalises rows of pixels and fits a map of one width alone; batchnorm, instancenorm and/],
    ['groupnorm', /which is no norm of it; batchnorm, instancenorm and identity are computed\. Correct or remove it/],
    ['instancenorm', /which has no weights and so is not told from no norm; with affine: true it is computed/],
    [7, /decoder_use_norm is "7", which is no norm of it/],
    [{ type: 'batchnorm', eps: 0 }, /decoder_use_norm has the eps "0", which should be a number above 0/],
  ])('has not the norm %j of segmentation_models_pytorch', (norm, message) => {
    const config = { encoder_name: 'tu-ghostnet_050', decoder_use_norm: norm };
    expect(() => parseHubConfig(config, 'config.json')).toThrow(message);
  });

  it('may begin with a byte order mark, and have no comments', async () => {
    const folder = temporaryFolder();
    const weights = safetensorsFile({}, new Uint8Array(0));
    const read = async (config: Buffer) => {
      await errorOf(readFrom(folder, config, 'config.json'));
      return (await readFrom(folder, weights, 'model.safetensors')).config;
    };
    const text = '{ "architecture": "ghostnet_100" }';
    const expected = { architecture: 'ghostnet_100', preprocess: {} };
    expect(await read(Buffer.from(`\ufeff${text}`))).toEqual(expected);
    expect(await read(Buffer.from(`\ufeff${text}`, 'utf16le'))).toEqual(expected);
    expect((await errorOf(read(Buffer.from(`// ours\n${text}`)))).message).toMatch(
      /not valid JSON, which has no comments/,
    );
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
