import { describe, expect, it } from 'vitest';
import type { Candidate, Corners } from '../../lib/detection/candidates.js';
import { suppressed } from '../../lib/detection/suppression.js';

/** By torchvision-nms.py, with torchvision 0.28: how many nms keeps and a checksum of their indices, and the same within each class. */
const expected = [
  [19, 782208653, 20, 626148134],
  [51, 1536567872, 56, 2007157828],
  [180, 832678416, 249, 1654591020],
  [379, 1661842662, 591, 102746750],
  [20, 1481305598, 20, 1481305598],
  [54, 273248337, 59, 451477937],
  [251, 882194641, 283, 600732026],
  [712, 1899917916, 866, 786743156],
  [19, 931771619, 20, 660586535],
  [56, 208861950, 56, 208861950],
  [286, 1441373573, 299, 1318702507],
  [860, 1290942355, 957, 1924651552],
  [20, 1780967686, 20, 1780967686],
  [59, 1323633217, 59, 1323633217],
  [296, 658819768, 300, 759411001],
  [949, 1962853244, 989, 581019280],
  [18, 984120213, 20, 1987264630],
  [47, 610634332, 54, 1351334220],
  [189, 2046374744, 246, 296181638],
  [428, 1428179400, 613, 787337003],
  [19, 771289297, 20, 1781546178],
  [59, 1701816027, 59, 1701816027],
  [263, 824250184, 289, 966040140],
  [727, 2141399237, 881, 1301301549],
];

let state = 1;
const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;

/** As torchvision-nms.py makes them, one case after the other. */
function randomBoxes(test: number): { candidates: Candidate[]; iou: number } {
  const count = [20, 60, 300, 1000][test % 4]!;
  const candidates = Array.from({ length: count }, (): Candidate => {
    const [x, y] = [random() * 200, random() * 150];
    const [width, height] = [random() * 60, random() * 60];
    const box = [x, y, x + width, y + height];
    const onGrid = test % 3 === 0;
    const corners = (onGrid ? box.map((side) => Math.trunc(side / 8) * 8) : box) as unknown as Corners;
    const score = random();
    return {
      corners,
      score: Math.fround(onGrid ? Math.trunc(score * 20) / 20 : score),
      index: Math.trunc(random() * 4),
    };
  });
  return { candidates, iou: [0.3, 0.5, 0.6, 0.75][(test >> 2) % 4]! };
}

/** The places of those that are kept. */
const kept = (candidates: readonly Candidate[], iou: number, most = Infinity): number[] =>
  suppressed(candidates, iou, most).map((candidate) => candidates.indexOf(candidate));

const checksum = (indices: readonly number[]): number =>
  indices.reduce((total, index) => (total * 31 + index + 1) % 2147483647, 0);

const box = (corners: Corners, score: number, index = 0): Candidate => ({ corners, score, index });

describe('suppression', () => {
  it('keeps what torchvision keeps of random boxes, in its order', () => {
    for (const [test, numbers] of expected.entries()) {
      const { candidates, iou } = randomBoxes(test);
      const all = kept(
        candidates.map((each) => ({ ...each, index: 0 })),
        iou,
      );
      const ofClasses = kept(candidates, iou);
      expect([all.length, checksum(all), ofClasses.length, checksum(ofClasses)], `case ${test}`).toEqual(numbers);
    }
  });

  it('begins with the same boxes, however few are wanted', () => {
    const { candidates, iou } = randomBoxes(3);
    const all = kept(candidates, iou);
    for (const most of [1, 7, 1e6]) expect(kept(candidates, iou, most)).toEqual(all.slice(0, most));
  });

  it('drops what overlaps more than the threshold, not as much', () => {
    // 10 x 10 and its lower half: IoU 0.5.
    const boxes = [box([0, 0, 10, 10], 0.9), box([0, 5, 10, 10], 0.8)];
    expect(kept(boxes, 0.5)).toEqual([0, 1]);
    expect(kept(boxes, 0.4999)).toEqual([0]);
  });

  it('takes the first of equal scores', () => {
    expect(kept([box([0, 0, 9, 9], 0.5), box([0, 0, 9, 9], 0.5), box([1, 0, 9, 9], 0.5)], 0.5)).toEqual([0]);
  });

  it('leaves boxes of other classes, and those without an area', () => {
    expect(kept([box([0, 0, 9, 9], 0.5, 3), box([0, 0, 9, 9], 0.6, 4)], 0.5)).toEqual([1, 0]);
    expect(kept([box([5, 5, 5, 5], 0.5), box([5, 5, 5, 5], 0.6)], 0.5)).toEqual([1, 0]);
    expect(kept([], 0.5)).toEqual([]);
  });
});
