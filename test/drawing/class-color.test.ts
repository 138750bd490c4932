import { expect, it } from 'vitest';
import { classColor } from '../../lib/class-color.js';

it('colours of classes are the same every time', () => {
  const expected = [
    [241, 77, 76],
    [74, 219, 161],
    [116, 68, 180],
    [230, 183, 49],
  ];
  expect([0, 1, 2, 79].map(classColor)).toEqual(expected);
});

it('the first 40 classes have colours that are told apart, neighbours well', () => {
  const colors = Array.from({ length: 40 }, (_, index) => classColor(index));
  const apart = (i: number, j: number): number => Math.hypot(...colors[i]!.map((byte, c) => byte - colors[j]![c]!));
  for (let i = 0; i < colors.length; i++)
    for (let j = 0; j < i; j++) expect(apart(i, j), `${i} and ${j}`).toBeGreaterThan(i - j < 5 ? 50 : 15);
});

it('colours are neither black nor white, and whole bytes', () => {
  for (let index = 0; index < 1000; index++) {
    const color = classColor(index);
    expect(color.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)).toBe(true);
    expect(Math.max(...color)).toBeGreaterThan(90);
    expect(Math.min(...color)).toBeLessThan(215);
  }
});
