import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProcessorConfig } from '../../lib/checkpoints/processor-config.js';
import { load } from '../../lib/index.js';
import { defaultPreprocessConfig } from '../../lib/preprocess-config.js';
import { errorOf } from '../../testing/error-of.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const half = [0.5, 0.5, 0.5];
const numbers = {
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: half,
  image_std: half,
  rescale_factor: 1 / 255,
};
const normal = { mean: half, std: half };
const sides = (height: number, width = height) => ({ height, width });

const parse = (config: object) => parseProcessorConfig({ ...numbers, ...config }, 'preprocessor_config.json');

/** As transformers 5.24 writes them; with what is made of each its processor and ours give the same tensor. */
describe('preprocessor_config.json', () => {
  it.each([
    [
      'ViT',
      { size: sides(224), resample: 2 },
      { inputSize: [224, 224], cropPct: 1, cropMode: 'squash', interpolation: 'bilinear' },
    ],
    [
      'Siglip',
      { size: sides(96, 128), resample: 3 },
      { inputSize: [96, 128], cropPct: 1, cropMode: 'squash', interpolation: 'bicubic' },
    ],
    [
      'DeiT',
      { size: sides(256), crop_size: sides(224), do_center_crop: true },
      { inputSize: [224, 224], cropPct: 0.875, cropMode: 'squash' },
    ],
    [
      'MobileNetV2',
      { size: { shortest_edge: 256 }, crop_size: sides(224), do_center_crop: true },
      { inputSize: [224, 224], cropPct: 0.875, cropMode: 'center' },
    ],
    ['CLIP', { size: 224, crop_size: 224 }, { inputSize: [224, 224], cropPct: 1, cropMode: 'center' }],
    ['ViT', { size: 224 }, { inputSize: [224, 224], cropPct: 1, cropMode: 'squash' }],
    [
      'ConvNext',
      { size: { shortest_edge: 224 }, crop_pct: 0.875 },
      { inputSize: [224, 224], cropPct: 0.875, cropMode: 'center' },
    ],
    [
      'ConvNext',
      { size: { shortest_edge: 384 }, crop_pct: 0.875 },
      { inputSize: [384, 384], cropPct: 1, cropMode: 'squash' },
    ],
    [
      'EfficientNet',
      { size: sides(128), crop_size: sides(289), do_center_crop: false, include_top: false },
      { inputSize: [128, 128], cropPct: 1, cropMode: 'squash' },
    ],
  ] as const)('of %s becomes timm’s terms', (name, config, expected) => {
    const parsed = parse({ image_processor_type: `${name}ImageProcessor`, ...config });
    expect(parsed).toEqual({ preprocess: { ...normal, ...expected }, faults: {} });
  });

  it('makes every crop the one that was meant, whatever the quotient rounds to', () => {
    for (let resized = 100; resized < 400; resized++) {
      const { cropPct } = parse({ size: { shortest_edge: resized }, crop_size: sides(100) }).preprocess;
      expect(Math.floor(100 / cropPct!)).toBe(resized);
    }
  });

  it.each([
    ['do_normalize: false', { do_normalize: false }, { mean: [0], std: [1] }],
    ['do_rescale: false', { do_rescale: false }, { mean: half.map((x) => x / 255), std: half.map((x) => x / 255) }],
    ['another factor', { rescale_factor: 1 / 127.5 }, { mean: half.map((x) => x / 2), std: half.map((x) => x / 2) }],
    [
      'an offset',
      { rescale_factor: 1 / 127.5, rescale_offset: true, include_top: false },
      { mean: [0.75, 0.75, 0.75], std: [0.25, 0.25, 0.25] },
    ],
    ['a deviation that is divided by twice', { include_top: true }, { mean: half, std: [0.25, 0.25, 0.25] }],
    ['1/255 as it is printed', { rescale_factor: 0.00392156862745098 }, normal],
    ['one number for all channels', { image_mean: 0.5, image_std: 0.25 }, { mean: [0.5], std: [0.25] }],
  ])('says with %s what mean and deviation say', (_, config, expected) => {
    const { preprocess, faults } = parse(config);
    expect(faults).toEqual({});
    for (const setting of ['mean', 'std'] as const)
      preprocess[setting]!.forEach((value, i) => expect(value).toBeCloseTo(expected[setting][i]!, 12));
  });

  it.each([
    [
      { do_resize: false, size: sides(224) },
      ['cropMode', 'cropPct', 'inputSize'],
      /do_resize of false leaves pictures of any size/,
    ],
    [
      { size: { shortest_edge: 256 } },
      ['cropMode', 'cropPct', 'inputSize'],
      /size of \{"shortest_edge":256\} without a crop/,
    ],
    [
      { size: { shortest_edge: 256, longest_edge: 800 } },
      ['cropMode', 'cropPct', 'inputSize'],
      /neither of both sides/,
    ],
    [{ size: 224 }, ['cropMode', 'cropPct', 'inputSize'], /without a type/],
    [{ size: { shortest_edge: 64 }, crop_size: sides(224) }, ['cropMode', 'cropPct', 'inputSize'], /is no share of it/],
    [{ size: { shortest_edge: 64 }, crop_size: sides(48, 32) }, ['cropMode', 'cropPct', 'inputSize'], /no square/],
    [{ size: sides(0) }, ['cropMode', 'cropPct', 'inputSize'], /whole numbers that a side can have/],
    [
      { size: { shortest_edge: 224 }, image_processor_type: 'LevitImageProcessor' },
      ['cropMode', 'cropPct', 'inputSize'],
      /"LevitImageProcessor" resizes/,
    ],
    [{ resample: 7 }, ['interpolation'], /resample of 7/],
    [{ image_std: [0, 0, 0] }, ['mean', 'std'], /image_std/],
    [{ image_mean: null }, ['mean', 'std'], /image_mean is not there/],
    [{ rescale_factor: 'x' }, ['mean', 'std'], /rescale_factor of "x"/],
    [
      { do_flip_channel_order: true },
      ['cropMode', 'cropPct', 'inputSize', 'interpolation', 'mean', 'std'],
      /do_flip_channel_order of true/,
    ],
  ])('tells of %j that it is not computed here', (config, settings, fault) => {
    const { faults } = parse(config);
    expect(Object.keys(faults).sort()).toEqual(settings);
    for (const found of Object.values(faults)) expect(found).toMatch(fault);
  });

  it('around a network of timm’s has timm’s words, and of other things says nothing', () => {
    const wrapped = { pretrained_cfg: { input_size: [3, 64, 64], crop_pct: 0.9 }, architecture: 'ghostnet_100' };
    expect(parse(wrapped)).toEqual({ preprocess: { inputSize: [64, 64], cropPct: 0.9 }, faults: {} });
    const audio = { feature_extractor_type: 'Wav2Vec2FeatureExtractor', sampling_rate: 16000, do_normalize: null };
    expect(parseProcessorConfig(audio, 'f')).toEqual({ preprocess: {}, faults: {} });
    expect(() => parseProcessorConfig([], 'f')).toThrow('f should hold a JSON object');
  });
});

describe('a folder with a preprocessor_config.json', () => {
  const root = temporaryFolder();
  const weights = savedTensors(syntheticStateDict(2, 0.1, 4));

  function folderWith(name: string, processor: string, config?: object): string {
    const folder = join(root, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'model.safetensors'), weights);
    writeFileSync(join(folder, 'preprocessor_config.json'), processor);
    if (config) writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    return folder;
  }

  const processor = JSON.stringify({ ...numbers, size: { shortest_edge: 80 }, crop_size: sides(64), resample: 2 });

  it('is preprocessed as that says, where config.json and nobody else do', async () => {
    const folder = folderWith('both', `\uFEFF${processor}`, { pretrained_cfg: { mean: [0.1, 0.2, 0.3] } });
    await using model = await load(folder, { preprocess: { interpolation: 'nearest' } });
    expect(model.config.preprocess).toEqual({
      ...defaultPreprocessConfig,
      inputSize: [64, 64],
      cropPct: 0.8,
      interpolation: 'nearest',
      mean: [0.1, 0.2, 0.3],
      std: half,
    });
    const file = 'preprocessor_config.json';
    expect(model.info.origins.preprocess).toMatchObject({
      inputSize: file,
      cropPct: file,
      cropMode: file,
      interpolation: 'option',
      mean: 'config',
      std: file,
    });
  });

  it('is refused where that says what is not computed, unless somebody says it', async () => {
    const flipped = JSON.stringify({ ...numbers, do_resize: false });
    const folder = folderWith('refused', flipped);
    expect(await errorOf(load(folder))).toMatchObject({
      code: 'ERR_GHOST_CHECKPOINT',
      message: expect.stringMatching(
        /preprocessor_config\.json beside it says: do_resize of false .* Say inputSize/,
      ) as string,
    });
    const preprocess = { inputSize: [64, 64], cropPct: 1, cropMode: 'squash' } as const;
    await using model = await load(folder, { preprocess });
    expect(model.config.preprocess).toMatchObject({ ...preprocess, ...normal });
  });

  it('is refused for what is no JSON', async () => {
    expect(await errorOf(load(folderWith('broken', '{')))).toMatchObject({
      code: 'ERR_GHOST_CHECKPOINT',
      message: expect.stringContaining('preprocessor_config.json is not valid JSON') as string,
    });
  });
});
