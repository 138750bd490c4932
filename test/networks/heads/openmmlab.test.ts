import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/index.js';
import { errorOf } from '../../../testing/error-of.js';
import { bytesOf, pickle, tensor, torchFile } from '../../../testing/checkpoints/writers.js';
import { syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const found = new URL('../../reference/heads/mmseg-fcn-v1.json', import.meta.url);
const { tensors } = JSON.parse(readFileSync(fileURLToPath(found), 'utf8')) as { tensors: Record<string, string> };

/** A checkpoint as mmengine saves it, of three classes, with that `meta`. */
function checkpoint(name: string, meta: Readonly<Record<string, Buffer>>): string {
  const path = join(folder, name);
  const storages: Record<string, Uint8Array> = {};
  const state = Object.entries(tensors).map(([key, text]): [string, Buffer] => {
    const shape = text.split('x').map(Number);
    const { data } = syntheticTensor(key, shape);
    storages[key] = bytesOf(data);
    return [key, tensor({ key, storage: 'FloatStorage', length: data.length, shape })];
  });
  const value = { meta: pickle.dict(meta), state_dict: pickle.dict(Object.fromEntries(state)) };
  writeFileSync(path, torchFile(pickle.dict(value), storages));
  return path;
}

const cfg = `
model = dict(
    data_preprocessor=dict(bgr_to_rgb=False, mean=[127.5, 127.5, 0], std=[51, 51, 255]),
    decode_head=dict(align_corners=True, dilation=2, num_classes=3))
`;
const palette = [
  [128, 64, 128],
  [70, 130, 180],
  [107, 142, 35],
];
const colors = pickle.list(...palette.map((color) => pickle.tuple(...color.map(pickle.int))));
const classes = pickle.tuple(...['road', 'sky', 'tree'].map((each) => pickle.text(each)));

describe("OpenMMLab's checkpoint", () => {
  it('says itself what no tensor tells, and info says so', async () => {
    const meta = { cfg: pickle.text(cfg), dataset_meta: pickle.dict({ classes, palette: colors }) };
    await using model = await load(checkpoint('mmengine.pth', meta));
    const { config, info } = model;
    expect(config.labels).toEqual(['road', 'sky', 'tree']);
    expect(config.preprocess).toMatchObject({ mean: [0, 0.5, 0.5], std: [1, 0.2, 0.2], channelOrder: 'bgr' });
    expect(info.origins).toMatchObject({
      labels: 'checkpoint',
      colors: 'checkpoint',
      preprocess: { mean: 'checkpoint', std: 'checkpoint', channelOrder: 'checkpoint', resize: 'assumed' },
    });
    expect(info.head).toMatchObject({
      alignCorners: { value: true, from: 'checkpoint' },
      atrousRates: { value: [2], from: 'checkpoint' },
      levels: { from: 'assumed' },
    });
    const picture = { data: new Uint8Array(64 * 48 * 3).fill(90), width: 64, height: 48 };
    const { classes: found } = await model.segment(picture, { size: 'network' });
    expect(found.length).toBeGreaterThan(0);
    for (const { index, color } of found) expect(color).toEqual(palette[index]);
  });

  it('is refused where its backbone was dilated, which no tensor tells', async () => {
    const text = 'model = dict(backbone=dict(output_stride=8))';
    const error = await errorOf(load(checkpoint('dilated.pth', { cfg: pickle.text(text) })));
    expect([error.code, error.message]).toEqual([
      'ERR_GHOST_ARCHITECTURE',
      expect.stringMatching(
        /dilated\.pth cannot be used: it says an output stride of 8, for which the last stages of the backbone are dilated\. That/,
      ),
    ]);
  });

  it('counts less than what is said beside it', async () => {
    const path = checkpoint('mmcv.pth', { config: pickle.text(cfg), CLASSES: classes });
    const head = { alignCorners: false } as const;
    await using model = await load(path, { head, labels: ['a', 'b', 'c'], preprocess: { mean: [0, 0, 0] } });
    expect(model.config.labels).toEqual(['a', 'b', 'c']);
    expect(model.info.head).toMatchObject({
      alignCorners: { value: false, from: 'option' },
      atrousRates: { value: [2], from: 'checkpoint' },
    });
    expect(model.info.origins.preprocess).toMatchObject({ mean: 'option', std: 'checkpoint' });
    expect(dirname(model.info.file)).toBe(folder);
  });
});
