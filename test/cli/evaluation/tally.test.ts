import { describe, expect, it } from 'vitest';
import { Tally } from '../../../lib/cli/evaluation/tally.js';
import { topClasses } from '../../../lib/tasks/classification.js';

const labels = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** Repeatable numbers in [0, 1). */
function* numbers(): Generator<number> {
  for (let x = 1; ;) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    yield x / 2 ** 32;
  }
}

describe('a tally', () => {
  it('counts as loops over logits do', () => {
    const random = numbers();
    const next = (): number => random.next().value as number;
    const tally = new Tally(true);
    const pictures = Array.from({ length: 400 }, () => ({
      expected: Math.floor(7 * next()),
      logits: Float32Array.from({ length: 7 }, () => Math.round(8 * next())),
    }));
    let [top1, top5, confidence] = [0, 0, 0];
    const bins = Array.from({ length: 15 }, () => ({ right: 0, probability: 0 }));
    for (const { expected, logits } of pictures) {
      tally.add(expected, topClasses(logits, labels, 5));
      const before = logits.filter((x, i) => x > logits[expected]! || (x === logits[expected] && i < expected)).length;
      const exponentials = [...logits].map(Math.exp);
      const probability = Math.max(...exponentials) / exponentials.reduce((a, b) => a + b);
      const bin = bins.find((_, i) => probability <= (i + 1) / 15)!;
      bin.right += Number(before === 0);
      bin.probability += probability;
      top1 += Number(before === 0);
      top5 += Number(before < 5);
      confidence += probability;
    }
    const found = tally.evaluation(7);
    expect(found.images).toBe(400);
    expect(found.top1).toBeCloseTo(top1 / 400, 12);
    expect(found.top5).toBeCloseTo(top5 / 400, 12);
    expect(found.top5).toBeGreaterThan(found.top1);
    expect(found.calibration!.confidence).toBeCloseTo(confidence / 400, 9);
    const error = bins.reduce((sum, { right, probability }) => sum + Math.abs(right - probability), 0) / 400;
    expect(found.calibration!.error).toBeCloseTo(error, 9);
    expect(found.worst.reduce((sum, { images }) => sum + images, 0)).toBe(400);
    expect(found.worst.reduce((sum, { right }) => sum + right, 0)).toBe(top1);
  });

  it('has the worst classes first, and what they were taken for', () => {
    const tally = new Tally(true);
    const sure = (index: number): ReturnType<typeof topClasses> =>
      topClasses(
        Float32Array.from(labels, (_, i) => (i === index ? 9 : 0)),
        labels,
        5,
      );
    for (const [expected, found] of [
      [0, 0],
      [1, 2],
      [1, 3],
      [1, 3],
      [2, 2],
      [2, 0],
    ] as const)
      tally.add(expected, sure(found));
    expect(tally.evaluation(2).worst).toEqual([
      { index: 1, images: 3, right: 0, takenFor: { index: 3, images: 2 } },
      { index: 2, images: 2, right: 1, takenFor: { index: 0, images: 1 } },
    ]);
    expect(tally.evaluation(9).worst.at(-1)).toEqual({ index: 0, images: 1, right: 1, takenFor: undefined });
  });
});
