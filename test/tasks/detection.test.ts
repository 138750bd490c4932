import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { headCases, savedHead, type HeadCase } from '../../testing/head-cases.js';
import { hasReference } from '../../testing/reference.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

type Row = readonly [xmin: number, ymin: number, xmax: number, ymax: number, score: number, index: number];

const detectors = headCases.filter(({ detections }) => detections !== undefined);

function caseOf(part: string): HeadCase {
  return detectors.find(({ id }) => id.startsWith(part))!;
}

/** Cut to the input, as every detector's boxes are in the end. */
function cut([xmin, ymin, xmax, ymax, score, index]: Row, [, , height, width]: HeadCase['input']): Row {
  const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
  return [within(xmin, width), within(ymin, height), within(xmax, width), within(ymax, height), score, index];
}

describe.skipIf(!hasReference)('detect()', () => {
  it.each(
    detectors.flatMap((each) => [
      [each.id, 'detections', false, each] as const,
      ...(each.detections_of_all_classes ? [[each.id, 'detections_of_all_classes', true, each] as const] : []),
    ]),
  )('of %s finds the %s of the reference', async (_, list, multiLabel, found) => {
    await using model = await load(savedHead(found, folder), { threads: 2 });
    expect(model.task).toBe('detection');
    const { data } = syntheticImage('input', found.input);
    const options = { threshold: found.score_threshold!, iou: found.iou_threshold!, multiLabel, maxDetections: 100 };
    const detections = await model.detect({ data, shape: found.input }, options);
    const expected = found[list]![0]!.map((row) => cut(row as Row, found.input));
    expect(detections).toHaveLength(expected.length);
    // Scores that differ by less than the engine's error may come in either order.
    const left = new Set(detections);
    for (const [xmin, ymin, xmax, ymax, score, index] of expected) {
      const same = [...left].find(
        ({ index: each, score: other, box }) =>
          each === index &&
          Math.abs(other - score) < 4e-5 &&
          [box.xmin - xmin, box.ymin - ymin, box.xmax - xmax, box.ymax - ymax].every((off) => Math.abs(off) < 0.05),
      );
      expect(same, `${index} at ${xmin}, ${ymin} (${score})`).toBeDefined();
      left.delete(same!);
    }
    const scores = detections.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('gives boxes of the picture that was given, and of a region those of the whole', async () => {
    await using model = await load(savedHead(caseOf('nanodet'), folder), {
      preprocess: { inputSize: [128, 160], cropMode: 'squash', interpolation: 'bilinear', cropPct: 1 },
    });
    const [width, height] = [320, 256];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251);
    const picture = { data, width, height, channels: 3 } as const;
    const whole = await model.detect(picture, { threshold: 0.05 });
    expect(whole.length).toBeGreaterThan(0);
    for (const { box, label, index } of whole) {
      expect(label).toBe(`class ${index}`);
      expect(0 <= box.xmin && box.xmin <= box.xmax && box.xmax <= width).toBe(true);
      expect(0 <= box.ymin && box.ymin <= box.ymax && box.ymax <= height).toBe(true);
    }
    expect(Math.max(...whole.map(({ box }) => box.xmax))).toBeGreaterThan(160);
    const region = { left: 64, top: 32, width: 160, height: 128 };
    const part = await model.detect(picture, { threshold: 0.05, region });
    for (const { box } of part) {
      expect(box.xmin).toBeGreaterThanOrEqual(0);
      expect(box.xmax).toBeLessThanOrEqual(width);
    }
    const smaller = await model.detect(picture, { threshold: 0.05, size: [96, 64] });
    expect(smaller).not.toEqual(whole);
    expect(await model.detect([picture, picture], { threshold: 0.05 })).toEqual([whole, whole]);
  });

  it('looks for some classes, a number of them, above a threshold', async () => {
    const found = caseOf('nanodet');
    await using model = await load(savedHead(found, folder), { labels: ['a', 'b', 'c', 'd', 'e'] });
    const { data } = syntheticImage('input', found.input);
    const tensor = { data, shape: found.input };
    const all = await model.detect(tensor, { threshold: 0.5, maxDetections: 1000 });
    const index = all[0]!.index;
    const label = 'abcde'[index]!;
    const some = await model.detect(tensor, { threshold: 0.5, maxDetections: 1000, classes: [label] });
    expect(some).toEqual(all.filter((each) => each.label === label));
    expect(await model.detect(tensor, { threshold: 0.5, maxDetections: 1000, classes: [index] })).toEqual(some);
    expect(await model.detect(tensor, { threshold: 0.5, maxDetections: 3 })).toEqual(all.slice(0, 3));
    expect(await model.detect(tensor, { threshold: 1 })).toEqual([]);
    const { code, message } = await errorOf(model.detect(tensor, { classes: ['aa'] }));
    expect([code, message]).toEqual(['ERR_GHOST_ARGUMENT', 'classes: the model has no class "aa". Did you mean a?']);
    expect((await errorOf(model.detect(tensor, { classes: [5] }))).message).toBe(
      'classes: the model has no class 5. There are 5: "a", "b", "c", "d", "e".',
    );
  });

  it('says what is wrong', async () => {
    const found = caseOf('nanodet');
    await using model = await load(savedHead(found, folder));
    const [, , height, width] = found.input;
    const tensor = { data: new Float32Array(3 * height * width), shape: [1, 3, height, width] } as const;
    const codeOf = async (promise: Promise<unknown>): Promise<string> => (await errorOf(promise)).code;
    for (const options of [{ threshold: 2 }, { iou: -1 }, { maxDetections: 0 }, { classes: [] }, { size: [0, 3] }])
      expect(await codeOf(model.detect(tensor, options as object)), JSON.stringify(options)).toBe('ERR_GHOST_ARGUMENT');
    const two = { data: new Float32Array(2 * 3 * height * width), shape: [2, 3, height, width] } as const;
    expect(await codeOf(model.detect(two))).toBe('ERR_GHOST_SHAPE');
    expect(await codeOf(model.detect({ ...tensor, data: tensor.data.map(() => NaN) }))).toBe('ERR_GHOST_NOT_FINITE');
    const picture = { data: new Uint8Array(3 * height * width), width, height, channels: 3 } as const;
    const { code, message } = await errorOf(model.classify(picture));
    expect(code).toBe('ERR_GHOST_TASK');
    expect(message).toMatch(/made for detection: ask detect\(\) of it, not classify\(\)\.$/);
    await using classifier = await load();
    expect(classifier.task).toBe('classification');
    expect(await codeOf(classifier.detect(picture))).toBe('ERR_GHOST_TASK');
  });
});
