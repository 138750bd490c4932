import { describe, expect, it } from 'vitest';
import { GhostNetError, Tracker, type Detection, type TrackerOptions } from '../../lib/index.js';

const labels = ['person', 'car'];

/** A box of 40 x 80 about a centre. */
function at(x: number, y: number, { score = 0.9, index = 0 } = {}): Detection {
  return { index, label: labels[index]!, score, box: { xmin: x - 20, ymin: y - 40, xmax: x + 20, ymax: y + 40 } };
}

/** The number that the tracker gives to each detection; undefined for none. */
function numbers(tracker: Tracker, detections: readonly Detection[], timeMs?: number): (number | undefined)[] {
  const tracked = tracker.update(detections, timeMs);
  return detections.map(({ box }) => tracked.find((one) => one.box.xmin === box.xmin && one.box.ymin === box.ymin)?.id);
}

/** The same every time: -1 to 1. */
function noise(): () => number {
  let state = 7;
  return () => (2 * (state = (state * 48271) % 2147483647)) / 2147483647 - 1;
}

describe('the tracker', () => {
  it('gives each object a number from the first frame on, and the detection as it was', () => {
    const tracker = new Tracker();
    const detections = [at(100, 100), at(300, 100, { index: 1 })];
    expect(tracker.update(detections)).toEqual(detections.map((one, i) => ({ ...one, id: i + 1 })));
  });

  it('keeps the numbers of two that walk through each other, seen inexactly', () => {
    const [tracker, wobble] = [new Tracker(), noise()];
    for (let frame = 0; frame < 60; frame++) {
      const left = at(100 + 5 * frame + wobble(), 200 + wobble());
      const right = at(400 - 5 * frame + wobble(), 206 + wobble());
      // Their order says nothing.
      const found = numbers(tracker, frame % 2 === 0 ? [left, right] : [right, left]);
      expect(frame % 2 === 0 ? found : found.reverse(), `frame ${frame}`).toEqual([1, 2]);
    }
  });

  it('finds one again that was not seen for a while, where it must be by then', () => {
    const tracker = new Tracker();
    for (let frame = 0; frame < 20; frame++) numbers(tracker, [at(100 + 6 * frame, 100)]);
    for (let frame = 20; frame < 35; frame++) expect(tracker.update([])).toEqual([]);
    // 96 pixels on: boxes of 40 there and here have nothing in common.
    expect(numbers(tracker, [at(100 + 6 * 35, 100)])).toEqual([1]);
  });

  it('begins anew once it has been lost for too long', () => {
    const tracker = new Tracker({ lostMs: 200 });
    expect(numbers(tracker, [at(100, 100)], 0)).toEqual([1]);
    expect(numbers(tracker, [at(100, 100)], 200)).toEqual([1]);
    expect(numbers(tracker, [at(100, 100)], 401)).toEqual([undefined]);
    expect(numbers(tracker, [at(100, 100)], 440)).toEqual([2]);
  });

  it('follows what is nearly hidden by its low scores, which begin nothing', () => {
    const tracker = new Tracker();
    for (let frame = 0; frame < 30; frame++) {
      const score = frame >= 10 && frame < 20 ? 0.2 : 0.8;
      expect(numbers(tracker, [at(100 + 3 * frame, 100, { score }), at(400, 100, { score: 0.2 })])).toEqual([
        1,
        undefined,
      ]);
    }
  });

  it('leaves out scores below the lower threshold', () => {
    const tracker = new Tracker();
    numbers(tracker, [at(100, 100)]);
    expect(numbers(tracker, [at(100, 100, { score: 0.09 })])).toEqual([undefined]);
    expect(numbers(tracker, [at(100, 100, { score: 0.1 })])).toEqual([undefined]); // lost by then: low scores find none again
    expect(numbers(tracker, [at(100, 100, { score: 0.5 })])).toEqual([1]);
  });

  it('tells a new object once it was seen twice, so that a flash is none', () => {
    const tracker = new Tracker();
    numbers(tracker, [at(100, 100)]);
    expect(numbers(tracker, [at(100, 100), at(300, 100)])).toEqual([1, undefined]);
    expect(numbers(tracker, [at(100, 100), at(300, 100)])).toEqual([1, 2]);
    expect(numbers(tracker, [at(100, 100), at(500, 100)])).toEqual([1, undefined]);
    expect(numbers(tracker, [at(100, 100)])).toEqual([1]);
    expect(numbers(tracker, [at(100, 100), at(500, 100)])).toEqual([1, undefined]);
  });

  it('begins an object with a score that is good enough alone', () => {
    const tracker = new Tracker({ newThreshold: 0.7 });
    numbers(tracker, []);
    for (let frame = 0; frame < 3; frame++)
      expect(numbers(tracker, [at(100, 100, { score: 0.69 })])).toEqual([undefined]);
    numbers(tracker, [at(100, 100, { score: 0.7 })]);
    expect(numbers(tracker, [at(100, 100, { score: 0.69 })])).toEqual([1]);
  });

  it('never takes one class for another', () => {
    const tracker = new Tracker();
    expect(numbers(tracker, [at(100, 100)])).toEqual([1]);
    expect(numbers(tracker, [at(100, 100, { index: 1 })])).toEqual([undefined]);
    expect(numbers(tracker, [at(101, 100, { index: 1 })])).toEqual([2]);
    expect(numbers(tracker, [at(101, 100), at(102, 100, { index: 1 })])).toEqual([1, 2]);
  });

  it('goes by the times of frames, where some are missing', () => {
    const tracker = new Tracker();
    const xAt = (timeMs: number): number => 100 + timeMs / 5;
    for (const timeMs of [0, 33, 67, 100, 133, 167, 200, 233, 267, 300])
      numbers(tracker, [at(xAt(timeMs), 100)], timeMs);
    expect(numbers(tracker, [at(xAt(700), 100)], 700)).toEqual([1]);
    expect(() => tracker.update([], 699)).toThrow(
      /timeMs should be at least that of the frame before \(700\), found 699\./,
    );
    expect(() => tracker.update([], NaN)).toThrow(/timeMs should be a finite number, found NaN\./);
  });

  it('follows a crowd on random ways', () => {
    const [tracker, wobble] = [new Tracker(), noise()];
    const walkers = Array.from({ length: 40 }, (_, i) => ({
      x: 100 + 120 * (i % 8),
      y: 100 + 150 * Math.floor(i / 8),
      dx: 2 * wobble(),
      dy: 2 * wobble(),
    }));
    for (let frame = 0; frame < 30; frame++) {
      const places = walkers.map(({ x, y, dx, dy }) => at(x + dx * frame + wobble(), y + dy * frame + wobble()));
      expect(numbers(tracker, places)).toEqual(walkers.map((_, i) => i + 1));
    }
  });

  it('has no use for boxes without an area', () => {
    const flat = { index: 0, label: 'person', score: 0.9, box: { xmin: 5, ymin: 5, xmax: 5, ymax: 50 } };
    const tracker = new Tracker();
    expect(tracker.update([flat, at(100, 100)])).toHaveLength(1);
    expect(tracker.update([flat, at(100, 100)])).toHaveLength(1);
  });

  it.each<[TrackerOptions | object, string]>([
    [{ highThreshold: 1.5 }, 'highThreshold should be a number from 0 to 1, found 1.5.'],
    [{ lowThreshold: NaN }, 'lowThreshold should be a number from 0 to 1, found NaN.'],
    [{ lostMs: -1 }, 'lostMs should be a number of milliseconds from 0 on, found -1.'],
    [{ frameMs: 0 }, 'frameMs should be a number of milliseconds above 0, found 0.'],
    [{ lostFrames: 3 }, 'options: there is no option "lostFrames".'],
  ])('refuses %j', (options, words) => {
    expect(() => new Tracker(options)).toThrow(words);
  });

  it.each<[unknown, string]>([
    [undefined, 'detections should be an array of at most 100000, found undefined.'],
    [[null], 'detections[0] should be an object { index, label, score, box }, found null.'],
    [[{ ...at(1, 1), index: -1 }], 'detections[0].index should be a whole number of at least 0, found -1.'],
    [[at(1, 1), { ...at(1, 1), score: NaN }], 'detections[1].score should be a finite number, found NaN.'],
    [[at(NaN, 1)], 'detections[0].box.xmin should be a finite number, found NaN.'],
    [
      [{ ...at(1, 1), box: { xmin: 2, ymin: 0, xmax: 1, ymax: 1 } }],
      'detections[0].box.xmax should be at least xmin (2), found 1.',
    ],
  ])('refuses detections %#', (detections, words) => {
    const update = (): unknown => new Tracker().update(detections as Detection[]);
    expect(update).toThrow(GhostNetError);
    expect(update).toThrow(words);
  });
});
