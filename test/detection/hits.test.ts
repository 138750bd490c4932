import { describe, expect, it } from 'vitest';
import type { Detector } from '../../lib/detection/detector.js';
import { foundOn } from '../../lib/detection/found.js';

const side = 3;
const plane = side * side;
const bounds = { input: [0, 0, 24, 24], picture: [0, 0, 24, 24] } as const;
const search = { threshold: 0.5, iou: 1, maxDetections: 100, multiLabel: false, classes: undefined };
const levels = { classes: 2, strides: [8] };

// Of each kind the channels of its two classes, and those that a place counts by.
const kinds: readonly [detector: Detector, channels: number, classes: readonly number[], places: readonly number[]][] =
  [
    [{ kind: 'yolo', ...levels, anchors: [[[8, 8]]] }, 7, [5, 6], [4]],
    [{ kind: 'distribution', ...levels, bins: 2, offset: 0 }, 10, [0, 1], []],
    [{ kind: 'fcos', ...levels, sides: 'exp' }, 7, [0, 1], [6]],
    [{ kind: 'ssd', ...levels, anchors: [[[8, 8]]], means: [0, 0, 0, 0], stds: [1, 1, 1, 1] }, 7, [0, 1], []],
  ];

/** Nothing anywhere but at position 4. */
function mapOf(channels: number, at4: ReadonlyMap<number, number>): Float32Array {
  const data = new Float32Array(channels * plane); // [channels, side, side]
  data.fill(-50);
  for (let channel = 0; channel < channels; channel++) data[channel * plane + 4] = 0; // a box within the input
  for (const [channel, value] of at4) data[channel * plane + 4] = value;
  return data;
}

describe.each(kinds)('what $kind finds', (detector, channels, [first, second], places) => {
  const found = (values: readonly [channel: number, value: number][], more: Partial<typeof search> = {}) => {
    const all = new Map([...places.map((channel) => [channel, 60] as const), ...values]);
    const map = { data: mapOf(channels, all), height: side, width: side };
    return foundOn([map], detector, { ...search, ...more }, bounds).map(({ index, score }) => [index, score]);
  };
  const background: readonly [number, number][] = detector.kind === 'ssd' ? [[2, -200]] : [];
  const values = (a: number, b: number): [number, number][] => [...background, [first!, a], [second!, b]];

  it('is the best class, the first of equal ones, or all that score enough', () => {
    expect(found(values(60, 20)).map(([index]) => index)).toEqual([0]);
    expect(found(values(20, 60)).map(([index]) => index)).toEqual([1]);
    expect(found(values(60, 60)).map(([index]) => index)).toEqual([0]);
    const both = found(values(3, 3), { multiLabel: true, threshold: 0.4 }).map(([index]) => index);
    expect(both.sort()).toEqual([0, 1]);
    if (detector.kind !== 'ssd') expect(found(values(-50, -50))).toEqual([]);
    else expect(found([[2, 50]])).toEqual([]);
  });

  it('may have a score of 1, which is enough for any threshold', () => {
    expect(found(values(60, -50), { threshold: 1 })).toEqual([[0, 1]]);
  });

  it.each([NaN, Infinity, -Infinity])('cannot be told where a score is %d', (value) => {
    expect(() => found(values(value, 60))).toThrow(expect.objectContaining({ code: 'ERR_GHOST_NOT_FINITE' }));
    for (const place of places)
      expect(() => found([...values(60, 60), [place, value]])).toThrow(
        expect.objectContaining({ code: 'ERR_GHOST_NOT_FINITE' }),
      );
  });
});
