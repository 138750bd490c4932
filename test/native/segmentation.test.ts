import { describe, expect, it } from 'vitest';
import {
  gridOfPicture,
  gridOver,
  labelsOf,
  mapsOf,
  type LogitMap,
  type PixelGrid,
} from '../../lib/native/segmentation.js';
import { cpu } from '../../lib/native/native.js';
import { expectRefusal } from '../../testing/refusals.js';

const signal = undefined;

function mapOf(shape: LogitMap['shape']): LogitMap {
  const data = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => {
    return (((i * 37 + i * i * 5) % 29) - 14) / 4;
  });
  return { data, shape };
}

interface Case {
  readonly shape: LogitMap['shape'];
  readonly size: PixelGrid['size'];
  readonly alignCorners: boolean;
  /** In base 11; of one class where the sigmoid is 0.6 or more. */
  readonly labels: string;
  /** The first, the eighth, that in the middle and the last. */
  readonly logits: readonly number[];
  readonly probabilities: readonly number[];
}

/** Of PyTorch 2.13: F.interpolate(map, size, mode='bilinear', align_corners), argmax(0), softmax(0) or sigmoid. */
const cases: readonly Case[] = [
  {
    shape: [3, 3, 4],
    size: [7, 9],
    alignCorners: false,
    labels: '222112111222111111220111111200000111221111100111122220111222220',
    logits: [-3.5, -0.916667, 1.375, 2.75],
    probabilities: [0.0011658, 0.0209938, 0.3168794, 0.4185107],
  },
  {
    shape: [3, 3, 4],
    size: [7, 9],
    alignCorners: true,
    labels: '222112111221111111220011111200000011200111110211111220111222220',
    logits: [-3.5, -1.125, 1.375, 2.75],
    probabilities: [0.0011658, 0.0251451, 0.3168794, 0.4185108],
  },
  {
    shape: [11, 5, 6],
    size: [16, 21],
    alignCorners: false,
    labels:
      '44445334423311220aaaa44445334423311220aaaa55554a43933282171aaaa55554443333222111aaaa99988887776666555444499988887776666555444499988887aaa69958884773392228aaaa99988887773332222111000028881773362225114000322221116666555444433322221116666555444433322221110000999888777766655550000939828771760655550000a88997886677556440000a8899788667755644',
    logits: [-3.5, -1.214286, 0.289062, -3.5],
    probabilities: [0.0007808, 0.0109451, 0.0233972, 0.0007808],
  },
  {
    shape: [4, 5, 6],
    size: [3, 4],
    alignCorners: false,
    labels: '332031010211',
    logits: [-1.166667, 0.3125, -1.458333, -0.125],
    probabilities: [0.1750305, 0.1222961, 0.1307508, 0.2858272],
  },
  {
    shape: [2, 1, 3],
    size: [4, 5],
    alignCorners: true,
    labels: '11111111111111111111',
    logits: [-3.5, -0.25, -0.75, 1.5],
    probabilities: [0.0600866, 0.0474259, 0.9399133, 0.9626731],
  },
  {
    shape: [1, 3, 3],
    size: [5, 6],
    alignCorners: false,
    labels: '000000000100001111111000110000',
    logits: [-3.5, -1.5625, 2.4375, -1.75],
    probabilities: [0.0293122, 0.1732882, 0.9196426, 0.1480472],
  },
];

const places = (numbers: Float32Array): number[] =>
  [0, 7, Math.floor(numbers.length / 2), numbers.length - 1].map((at) => numbers[at]!);

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
}

describe.each(cases)('$shape to $size, corners aligned: $alignCorners', (of) => {
  const map = mapOf(of.shape);
  const grid = gridOver([of.shape[1], of.shape[2]], of.size, of.alignCorners);

  it.each(cpu().isas)('has the labels that PyTorch gives, on %s', async (isa) => {
    const { labels, counts } = await labelsOf(map, grid, { threshold: 0.6, isa, signal });
    expect([...labels].map((label) => label.toString(11)).join('')).toBe(of.labels);
    const counted = Array.from(counts, (_, label) => labels.filter((other: number) => other === label).length);
    expect([...counts]).toEqual(counted);
  });

  it('has the logits and probabilities that PyTorch gives', async () => {
    expectClose(places(await mapsOf(map, grid, { values: 'logits', isa: '', signal })), of.logits);
    const values = of.shape[0] === 1 ? 'sigmoid' : 'softmax';
    expectClose(places(await mapsOf(map, grid, { values, isa: '', signal })), of.probabilities);
  });
});

describe('labels', () => {
  it('of more than 256 classes take 16 bits', async () => {
    const data = new Float32Array(300);
    data[299] = 1;
    const options = { threshold: 0.5, isa: '', signal };
    const { labels, counts } = await labelsOf({ data, shape: [300, 1, 1] }, gridOver([1, 1], [2, 3], false), options);
    expect(labels).toEqual(new Uint16Array(6).fill(299));
    expect([counts.length, counts[299]]).toEqual([300, 6]);
  });

  it.each([
    [0, 2],
    [0.5, 1],
    [1, 0],
  ])('of one class are 1 from a threshold of %f on', async (threshold, expected) => {
    const map: LogitMap = { data: Float32Array.of(-20, 0), shape: [1, 1, 2] };
    const { counts } = await labelsOf(map, gridOver([1, 2], [1, 2], false), { threshold, isa: '', signal });
    expect([...counts]).toEqual([2 - expected, expected]);
  });
});

it('a picture of which the input is a part in half its size has its pixels where they lie', () => {
  // The picture is 40 x 60; the input, 16 x 16, is made of its rows 4 to 36 and its columns 10 to 42; the map is 4 x 4.
  const geometry = { imageSize: [40, 60], scale: [0.5, 0.5], offset: [-2, -5] } as const;
  // The input's first pixel begins at row 4; its centre is a pixel's and a half behind that of the map's first sample.
  const halfPixels = gridOfPicture([4, 4], [16, 16], geometry, false);
  expect(halfPixels).toEqual({
    size: [40, 60],
    y: { begin: -4 / 8 + 0.5 / 8 - 0.5, step: 1 / 8 },
    x: { begin: -10 / 8 + 0.5 / 8 - 0.5, step: 1 / 8 },
  });
  const aligned = gridOfPicture([4, 4], [16, 16], geometry, true);
  expect(aligned.y.begin + aligned.y.step * 4.5).toBeCloseTo(0);
  expect(aligned.y.begin + aligned.y.step * 34.5).toBeCloseTo(3);
  expect(aligned.x.begin + aligned.x.step * 10.5).toBeCloseTo(0);
});

it('a picture that is the input itself has its pixels where PyTorch lays them', () => {
  const geometry = { imageSize: [33, 50], scale: [1, 1], offset: [0, 0] } as const;
  for (const alignCorners of [false, true])
    expect(gridOfPicture([5, 7], [33, 50], geometry, alignCorners)).toEqual(gridOver([5, 7], [33, 50], alignCorners));
});

describe('refused are', () => {
  const grid = gridOver([2, 3], [4, 5], false);
  const both = (map: LogitMap, on: PixelGrid = grid): (() => Promise<unknown>)[] => [
    () => labelsOf(map, on, { threshold: 0.5, isa: '', signal }),
    () => mapsOf(map, on, { values: 'logits', isa: '', signal }),
  ];

  it.each([NaN, Infinity, -Infinity])('logits that are %f, by their place', async (value) => {
    const map = mapOf([2, 2, 3]);
    map.data[10] = value;
    for (const call of both(map))
      await expectRefusal(call(), 'ERR_GHOST_NOT_FINITE', ['class 1', 'row 1', 'column 1', `${value}`]);
  });

  it('a shape that is not the data’s, and sizes out of range', async () => {
    const { data } = mapOf([2, 2, 3]);
    for (const call of [...both({ data, shape: [2, 3, 3] }), ...both({ data: data.subarray(1), shape: [2, 2, 3] })])
      await expectRefusal(call(), 'ERR_GHOST_SHAPE', ['shape']);
    for (const call of both({ data, shape: [0, 2, 3] })) await expectRefusal(call(), 'ERR_GHOST_SHAPE', ['logits']);
    for (const call of both({ data, shape: [2, 2, 3] }, { ...grid, size: [0, 5] }))
      await expectRefusal(call(), 'ERR_GHOST_SHAPE', ['size']);
    for (const call of both({ data, shape: [2, 2, 3] }, { ...grid, size: [2 ** 31, 2 ** 31] }))
      await expectRefusal(call(), 'ERR_GHOST_NATIVE', ['memory']);
  });
});

it('an aborted signal ends it', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const grid = gridOver([300, 300], [3000, 3000], false);
  const labels = labelsOf(mapOf([11, 300, 300]), grid, { threshold: 0.5, isa: '', signal: controller.signal });
  controller.abort(reason);
  await expect(labels).rejects.toBe(reason);
  await expect(mapsOf(mapOf([1, 2, 2]), grid, { values: 'logits', isa: '', signal: controller.signal })).rejects.toBe(
    reason,
  );
});
