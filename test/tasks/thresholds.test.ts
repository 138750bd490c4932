import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { caseOf, saved } from '../../testing/small-heads.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const found = caseOf('nanodet-v1');
const { threshold, iou, boxes } = found.detections!;
const tensor = { data: syntheticImage('input', found.input).data, shape: found.input };
const model = (config: Record<string, unknown>): string => saved({ ...found, config }, folder);

describe("a detector's own thresholds", () => {
  it('are those of its config.json, at the top or in pretrained_cfg, where the call has none', async () => {
    const said = { score_threshold: threshold, iou_threshold: iou };
    for (const config of [said, { pretrained_cfg: said }]) {
      await using detector = await load(model(config));
      expect(await detector.detect(tensor)).toHaveLength(boxes.length);
      expect(detector.info.head).toMatchObject({
        scoreThreshold: { value: threshold, from: 'config' },
        iouThreshold: { value: iou, from: 'config' },
      });
      const all = await detector.detect(tensor, { threshold: 0, iou: 1, maxDetections: 1000 });
      expect(all).toHaveLength(8 * 12 + 4 * 6 + 2 * 3);
    }
  });

  it('are those of the option of load, which counts more, and else usual ones', async () => {
    await using usual = await load(model({}));
    expect(usual.info.head).toMatchObject({
      scoreThreshold: { value: 0.3, from: 'assumed' },
      iouThreshold: { value: 0.5, from: 'assumed' },
    });
    const few = await usual.detect(tensor);
    expect(few).toEqual(await usual.detect(tensor, { threshold: 0.3, iou: 0.5 }));
    const head = { scoreThreshold: threshold, iouThreshold: iou };
    await using detector = await load(model({ score_threshold: 0.9 }), { head });
    expect(await detector.detect(tensor)).toHaveLength(boxes.length);
    expect(detector.info.head).toMatchObject({ scoreThreshold: { value: threshold, from: 'option' } });
    expect(few.length).not.toBe(boxes.length);
  });

  it.each([1.5, -0.1, '0.3', true])('are refused as %j', async (wrong) => {
    for (const key of ['score_threshold', 'iou_threshold']) {
      const error = await errorOf(load(model({ pretrained_cfg: { [key]: wrong } })));
      expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
      expect(error.message).toMatch(new RegExp(`${key} should be a number from 0 to 1 and is "`));
    }
    const error = await errorOf(load(model({}), { head: { scoreThreshold: wrong as number } }));
    expect([error.code, error.message]).toEqual([
      'ERR_GHOST_ARGUMENT',
      expect.stringMatching(/scoreThreshold should be a number from 0 to 1/),
    ]);
  });

  it('are no settings of a segmenter', async () => {
    const path = saved(caseOf('mmseg-fcn-v1'), folder);
    const file = join(path, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, score_threshold: 0.2 }));
    await using segmenter = await load(path);
    expect(segmenter.info.head).not.toHaveProperty('scoreThreshold');
    expect((await errorOf(load(path, { head: { iouThreshold: 0.5 } }))).code).toBe('ERR_GHOST_ARGUMENT');
  });
});
