import { expect, it } from 'vitest';
import { Motion } from '../../lib/tracking/motion.js';

const box = ([xmin, ymin, xmax, ymax]: number[]) => ({ xmin: xmin!, ymin: ymin!, xmax: xmax!, ymax: ymax! });

/** Boxes that the filter of 8 x 8 matrices gives, written in NumPy from the paper's equations: predicted, and corrected by what is seen. */
const steps = [
  {
    predicted: [10, 20, 50, 100],
    seen: [14, 21, 55, 103],
    corrected: [13.47107438, 20.867768595, 54.338842975, 102.603305785],
  },
  {
    predicted: [14.297520661, 21.074380165, 55.371900826, 103.223140496],
    seen: [19, 22, 58, 102],
    corrected: [17.558336582, 21.789407067, 57.773842604, 102.278283518],
  },
  { predicted: [19.710340282, 22.287990624, 59.793656891, 102.512298104] },
  {
    predicted: [21.862343982, 22.78657418, 61.813471178, 102.74631269],
    seen: [27, 25, 69, 107],
    corrected: [26.820210523, 24.737372655, 67.717500608, 106.4952916],
  },
];

it('the four filters of 2 x 2 are the one of 8 x 8', () => {
  const motion = new Motion(box([10, 20, 50, 100]));
  const expectBox = (values: readonly number[]): void => {
    const { xmin, ymin, xmax, ymax } = motion.box;
    for (const [i, value] of [xmin, ymin, xmax, ymax].entries()) expect(value).toBeCloseTo(values[i]!, 8);
  };
  for (const { predicted, seen, corrected } of steps) {
    motion.predict(1);
    expectBox(predicted);
    if (!seen) continue;
    motion.correct(box(seen));
    expectBox(corrected);
  }
});

it('goes as far in one step of two frames as in two steps', () => {
  const [once, twice] = [1, 2].map((times) => {
    const motion = new Motion(box([0, 0, 40, 80]));
    motion.predict(1);
    motion.correct(box([6, 2, 46, 82]));
    for (let i = 0; i < times; i++) motion.predict(2 / times);
    return motion.box;
  });
  expect(once!.xmin).toBeGreaterThan(6);
  for (const side of ['xmin', 'ymin', 'xmax', 'ymax'] as const) expect(once![side]).toBeCloseTo(twice![side], 10);
});
