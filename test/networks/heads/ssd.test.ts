import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { load, preprocess } from '../../../lib/index.js';
import { errorOf } from '../../../testing/error-of.js';
import { caseOf, saved } from '../../../testing/small-heads.js';
import { syntheticImage } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const [lite, plain, own] = [caseOf('ssdlite-mobilenetv2'), caseOf('ssd-v2'), caseOf('ssd-repghost')];
const assumed = (value: unknown): unknown => ({ value, from: 'assumed' });

describe('an SSD head', () => {
  it('says what was assumed of it: what mmdetection publishes for as many levels', async () => {
    await using model = await load(saved(lite, folder));
    expect(model.config).toMatchObject({ architecture: 'mobilenetv2_035_ssdlite', numClasses: 3 });
    expect(model.config.preprocess).toMatchObject({ resize: 'stretch', inputSize: [320, 320], antialias: false });
    const { anchors, ...rest } = model.info.head!;
    expect(rest).toEqual({
      levels: assumed([4, 6]),
      strides: assumed([16, 32, 64, 107, 160, 320]),
      levelStrides: assumed([2, 2, 2, 2]),
      levelPaddings: assumed([1, 1, 1, 1]),
      targetMeans: assumed([0, 0, 0, 0]),
      targetStds: assumed([0.1, 0.1, 0.2, 0.2]),
      normEps: assumed(0.001),
      convActivation: assumed('relu6'),
      scoreThreshold: assumed(0.3),
      iouThreshold: assumed(0.5),
    });
    expect(anchors!.value.map((level) => [level.length, level[0]![0], level[1]![0] ** 2])).toEqual(
      [48, 100, 150, 202, 253, 304].map((least, level, sides) => [
        6,
        least,
        expect.closeTo(least * (sides[level + 1] ?? 320), 6) as number,
      ]),
    );
    // Twice as wide as it is high, and the other way round.
    expect(anchors!.value[0]!.slice(2, 4).map(([width, height]) => [width / height, width * height])).toEqual([
      [expect.closeTo(2, 9), expect.closeTo(48 * 48, 6)],
      [expect.closeTo(0.5, 9), expect.closeTo(48 * 48, 6)],
    ]);
    await using ssd300 = await load(saved(plain, folder));
    expect(ssd300.info.head!.strides).toEqual(assumed([8, 16, 32, 64, 100, 300]));
    expect(ssd300.info.head!.levelPaddings).toEqual(assumed([1, 1, 0, 0]));
    expect(ssd300.info.head!.anchors!.value.map(([least]) => least![0])).toEqual([21, 45, 99, 153, 207, 261]);
    expect(ssd300.info.head!.normEps).toBeUndefined();
  });

  it('is another network with other settings', async () => {
    const { input, config } = own;
    const path = saved(own, folder);
    const tensor = { data: syntheticImage('input', input).data, shape: input };
    const options = { threshold: 0.4 };
    await using model = await load(path);
    const [maps, boxes] = [await model.infer(tensor), await model.detect(tensor, options)];
    for (const head of [
      { levelStrides: [1] },
      { levelPaddings: [2] },
      { normEps: 0.5 },
      { convActivation: 'relu' },
    ] as const) {
      await using changed = await load(path, { head });
      expect(await changed.infer(tensor), JSON.stringify(head)).not.toEqual(maps);
    }
    for (const head of [
      { targetMeans: [0.5, 0, 0, 0] },
      { targetStds: [1, 1, 1, 1] },
      { strides: [9, 16, 32] },
      { anchors: config!['anchors'] }, // as they are
    ]) {
      await using changed = await load(path, { head: head as object });
      expect(await changed.infer(tensor)).toEqual(maps);
      const found = await changed.detect(tensor, options);
      if (head.anchors === undefined) expect(found, JSON.stringify(head)).not.toEqual(boxes);
      else expect(found).toEqual(boxes);
    }
    const all = await model.detect(tensor, { ...options, multiLabel: true });
    expect(all.length).toBeGreaterThanOrEqual(boxes.length);
  });

  it('refuses what its settings cannot be', async () => {
    const path = saved(own, folder);
    for (const head of [
      { anchors: [[[1, 1]]] },
      { anchors: [[[1, 1]], [[1, 1]], [[1, 1]]] },
      { levelStrides: [2, 2] },
      { levelStrides: [3] },
      { levelPaddings: [-1] },
      { targetStds: [1, 1, 1] },
      { targetStds: [1, 1, 1, 0] },
      { targetMeans: ['0', 0, 0, 0] },
      { normEps: 0 },
      { convActivation: 'gelu' },
      { normOnBbox: true },
    ]) {
      const { code } = await errorOf(load(path, { head: head as object }));
      expect(code, JSON.stringify(head)).toMatch(/^ERR_GHOST_(?:ARGUMENT|ARCHITECTURE)$/);
    }
  });

  it('asks for anchors that nobody has published', async () => {
    const { code, message } = await errorOf(load(saved({ ...own, config: {} }, folder)));
    expect([code, message]).toEqual([
      'ERR_GHOST_ARCHITECTURE',
      'The head has 2, 1, 3 anchors on its levels, as no SSD has that mmdetection publishes. Say in anchors [width, height] of each, in pixels of the input.',
    ]);
  });

  it('is refused where a level has other scores than its boxes and the classes make', async () => {
    const tensors = Object.entries(own.tensors).map(([name, shape]): [string, string] =>
      name.startsWith('bbox_head.cls_convs.1.')
        ? [name, shape.replace(/^\d+/, (count) => `${Number(count) + 1}`)]
        : [name, shape],
    );
    const { code, message } = await errorOf(load(saved({ ...own, tensors: Object.fromEntries(tensors) }, folder)));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toMatch(
      /^Level 1 of the head has \d+ scores and 1 boxes at a place, and for 3 class\(es\) and the background it should have 4\./,
    );
  });

  it('finds on a file what it finds on the input that mmdetection makes of it', async () => {
    const [height, width] = [150, 200];
    const file = join(folder, 'ssd.png');
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 7919) % 251);
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(file);
    await using model = await load(saved(lite, folder));
    const tensor = await preprocess(file, model.config.preprocess);
    expect(tensor.shape).toEqual([1, 3, 320, 320]);
    const options = { threshold: 0.35 };
    const [onFile, onTensor] = [await model.detect(file, options), await model.detect(tensor, options)];
    expect(onFile.length).toBeGreaterThan(3);
    expect(onFile.map(({ index, score }) => [index, score])).toEqual(
      onTensor.map(({ index, score }) => [index, score]),
    );
    for (const [i, { box }] of onFile.entries()) {
      expect(box.xmin).toBeCloseTo(onTensor[i]!.box.xmin * (200 / 320), 3);
      expect(box.ymax).toBeCloseTo(onTensor[i]!.box.ymax * (150 / 320), 3);
    }
  });
});
