import { describe, expect, it } from 'vitest';
import { LineCounter, Zone, type TrackedDetection } from '../../lib/index.js';

/** An object whose feet stand at a point. */
function standing(x: number, y: number, id = 1): TrackedDetection {
  return { index: 0, label: 'person', score: 0.9, id, box: { xmin: x - 5, ymin: y - 20, xmax: x + 5, ymax: y } };
}

describe('a line', () => {
  const across = { from: [100, 200], to: [300, 200] } as const;

  it('counts what crosses it, each way', () => {
    const line = new LineCounter(across);
    expect(line.update([standing(150, 150), standing(250, 260, 2)])).toEqual([]);
    expect(line.update([standing(150, 190), standing(250, 210, 2)])).toEqual([]);
    expect(line.update([standing(150, 230), standing(250, 170, 2)])).toEqual([
      { id: 1, index: 0, label: 'person', direction: 'in' },
      { id: 2, index: 0, label: 'person', direction: 'out' },
    ]);
    expect(line.update([standing(150, 190)])).toEqual([{ id: 1, index: 0, label: 'person', direction: 'out' }]);
    expect([line.in, line.out]).toEqual([1, 2]);
  });

  it('has ends: who passes beside it has not crossed it', () => {
    const line = new LineCounter(across);
    line.update([standing(90, 150)]);
    expect(line.update([standing(95, 250)])).toEqual([]);
    expect(line.update([standing(150, 260)])).toEqual([]);
    expect([line.in, line.out]).toEqual([0, 0]);
  });

  it('is crossed by who was not seen in between', () => {
    const line = new LineCounter(across);
    line.update([standing(150, 100)]);
    for (let frame = 0; frame < 20; frame++) line.update([]);
    expect(line.update([standing(180, 300)])).toMatchObject([{ direction: 'in' }]);
  });

  it('is crossed once by who steps on it and on', () => {
    const line = new LineCounter(across);
    const ys = [150, 200, 200, 201, 230];
    expect(ys.flatMap((y) => line.update([standing(150, y)]))).toMatchObject([{ direction: 'in' }]);
  });

  it('leaves out trembling within the margin', () => {
    const ys = [150, 198, 203, 199, 202, 198, 215, 201, 199, 170];
    const directions = (margin: number): string[] => {
      const line = new LineCounter(across, { margin });
      return ys.flatMap((y) => line.update([standing(150, y)])).map(({ direction }) => direction);
    };
    expect(directions(0)).toEqual(['in', 'out', 'in', 'out', 'in', 'out']);
    expect(directions(5)).toEqual(['in', 'out']);
  });

  it('goes by the feet or by the middle', () => {
    const line = new LineCounter(across, { point: 'center' });
    line.update([standing(150, 190)]);
    expect(line.update([standing(150, 205)])).toEqual([]);
    expect(line.update([standing(150, 215)])).toMatchObject([{ direction: 'in' }]);
  });

  it('has its sides by its direction', () => {
    const upwards = new LineCounter({ from: [100, 300], to: [100, 100] });
    upwards.update([standing(50, 200)]);
    expect(upwards.update([standing(150, 200)])).toMatchObject([{ direction: 'in' }]);
  });

  it.each<[() => unknown, string]>([
    [
      () => new LineCounter({ from: [0, 0], to: [0, 0] }),
      'line.to should be another point than line.from, found [0, 0].',
    ],
    [
      () => new LineCounter({ from: [0, NaN], to: [0, 1] }),
      'line.from should be two finite numbers [x, y], found [0, NaN].',
    ],
    [() => new LineCounter(across, { margin: -1 }), 'margin should be a number of pixels from 0 on, found -1.'],
    [() => new LineCounter(across, { point: 'top' as never }), `point should be 'bottom' or 'center', found "top".`],
    [
      () => new LineCounter(across).update([{ ...standing(1, 1), id: undefined as never }]),
      'detections[0].id should be the number that Tracker.update gives, found undefined.',
    ],
  ])('refuses %#', (call, words) => expect(call).toThrow(words));
});

describe('a zone', () => {
  /** An L. */
  const polygon = [
    [0, 0],
    [100, 0],
    [100, 50],
    [50, 50],
    [50, 100],
    [0, 100],
  ] as const;

  it('tells who comes, stays and goes, and for how long', () => {
    const zone = new Zone(polygon, { dwellMs: 300 });
    expect(zone.update([standing(75, 75)], 0)).toEqual([]);
    expect(zone.update([standing(75, 40)], 100)).toEqual([
      { type: 'enter', id: 1, index: 0, label: 'person', dwellMs: 0 },
    ]);
    expect(zone.update([standing(25, 75)], 300)).toEqual([]);
    expect(zone.inside).toEqual([{ id: 1, index: 0, label: 'person', dwellMs: 200 }]);
    expect(zone.update([standing(25, 80)], 400)).toMatchObject([{ type: 'dwell', id: 1, dwellMs: 300 }]);
    expect(zone.update([standing(25, 85)], 500)).toEqual([]);
    expect(zone.update([standing(25, 105)], 600)).toMatchObject([{ type: 'leave', id: 1, dwellMs: 400 }]);
    expect(zone.inside).toEqual([]);
  });

  it('keeps who is hidden for a while, and lets go who does not come back', () => {
    const zone = new Zone(polygon, { lostMs: 500 });
    zone.update([standing(20, 20), standing(30, 30, 2)], 0);
    expect(zone.update([], 400)).toEqual([]);
    expect(zone.update([standing(20, 20)], 450)).toEqual([]);
    expect(zone.update([], 600)).toMatchObject([{ type: 'leave', id: 2, dwellMs: 0 }]);
    expect(zone.update([], 951)).toMatchObject([{ type: 'leave', id: 1, dwellMs: 450 }]);
  });

  it('counts frames where no times are said', () => {
    const zone = new Zone(polygon, { frameMs: 40 });
    zone.update([standing(20, 20)]);
    for (let frame = 0; frame < 5; frame++) zone.update([standing(20, 20)]);
    expect(zone.inside[0]!.dwellMs).toBe(200);
  });

  it.each<[() => unknown, string]>([
    [
      () =>
        new Zone([
          [0, 0],
          [1, 1],
        ]),
      'polygon should be an array of 3 to 1000 points [x, y]',
    ],
    [
      () =>
        new Zone([
          [0, 0],
          [1, 1],
          [2, Infinity],
        ]),
      'polygon[2] should be two finite numbers [x, y], found [2, Infinity].',
    ],
    [
      () =>
        new Zone([
          [0, 0],
          [1, 1],
          [3, 3],
        ]),
      'polygon should have an area, and its corners lie on one line, found ',
    ],
    [() => new Zone(polygon, { dwellMs: NaN }), 'dwellMs should be a number of milliseconds from 0 on, found NaN.'],
    [() => new Zone(polygon, { stay: 1 } as never), 'options: there is no option "stay".'],
  ])('refuses %#', (call, words) => expect(call).toThrow(words));
});
