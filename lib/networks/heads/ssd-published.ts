import type { Anchor } from '../../head-config.js';

/** What mmdetection's configs say of an SSD with so many levels, for an input of one size. */
export interface PublishedSsd {
  /** Of each level, pixels of the input. */
  readonly strides: readonly number[];
  /** Of each level the side of its smallest anchor, and the one that comes next. */
  readonly sizes: readonly (readonly [least: number, next: number])[];
  /** Of each level beyond the backbone's two. */
  readonly levelStrides: readonly number[];
  readonly levelPaddings: readonly number[];
}

/** SSD300 and SSD512 of COCO. */
export const publishedSsd: readonly PublishedSsd[] = [
  {
    strides: [8, 16, 32, 64, 100, 300],
    sizes: [[21, 45], ...spreadSizes(300, [15, 90], 5)],
    levelStrides: [2, 2, 1, 1],
    levelPaddings: [1, 1, 0, 0],
  },
  {
    strides: [8, 16, 32, 64, 128, 256, 512],
    sizes: [[20, 51], ...spreadSizes(512, [10, 90], 6)],
    levelStrides: [2, 2, 2, 2, 1],
    levelPaddings: [1, 1, 1, 1, 1],
  },
];

const liteSides = [48, 100, 150, 202, 253, 304, 320];

/** SSDLite on MobileNetV2, at 320x320. */
export const publishedSsdLite: readonly PublishedSsd[] = [
  {
    strides: [16, 32, 64, 107, 160, 320],
    sizes: liteSides.slice(1).map((next, level) => [liteSides[level]!, next]),
    levelStrides: [2, 2, 2, 2],
    levelPaddings: [1, 1, 1, 1],
  },
];

/**
 * SSD's rule: the smallest anchors of `count` levels are percentages of the input from the first to the last of `range`, in equal steps
 * of whole ones, and whole pixels.
 */
function spreadSizes(input: number, [first, last]: readonly [number, number], count: number): [number, number][] {
  const step = Math.floor((last - first) / (count - 1));
  const side = (level: number): number => Math.floor((input * (first + level * step)) / 100);
  return Array.from({ length: count }, (_, level) => [side(level), side(level + 1)]);
}

/**
 * A level's anchors, `count` of them: a square of the least size, one between it and the next, and for each of the ratios 2, 3, … one that
 * is as many times as wide as it is high and one that is as many times as high as it is wide.
 */
export function anchorsOf([least, next]: readonly [number, number], count: number): Anchor[] {
  const between = Math.sqrt(least * next);
  const ratios = Array.from({ length: Math.max(0, (count - 2) / 2) }, (_, index) => Math.sqrt(index + 2));
  const oblong = ratios.flatMap((root): Anchor[] => [
    [least * root, least / root],
    [least / root, least * root],
  ]);
  return [[least, least], [between, between], ...oblong];
}
