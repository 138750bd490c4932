import type { Anchor } from './head-config.js';

/** Of a level: the side of its smallest anchor, and the one that comes next, in pixels of the input. */
export type SsdSizes = readonly [least: number, next: number];

/** Of the first level, which stands outside the rule: percentages of the input, by its side and the range of the others. */
const firstSizes: Readonly<Record<string, SsdSizes>> = {
  '300 15': [7, 15],
  '300 20': [10, 20],
  '512 10': [4, 10],
  '512 15': [7, 15],
};

/**
 * The sizes of SSD's levels, as mmdetection's SSDAnchorGenerator has them: the least ones are shares of the input in equal steps of whole
 * percents, the first and the last of them those of `range`, before which there is one more.
 *
 * @param input side of a square one
 * @returns undefined for an input and a range of which nothing is published
 */
export function ssdSizes(
  input: number,
  range: readonly [first: number, last: number],
  levels: number,
): readonly SsdSizes[] | undefined {
  const [first, last] = range.map((share) => Math.trunc(share * 100)) as [number, number];
  const sizes = firstSizes[`${input} ${first}`];
  if (!sizes) return undefined;
  const step = Math.floor((last - first) / (levels - 2));
  const side = (percent: number): number => Math.trunc((input * percent) / 100);
  const others = Array.from({ length: levels - 1 }, (_, index): SsdSizes => {
    const percent = first + index * step;
    return [side(percent), side(percent + step)];
  });
  return [[side(sizes[0]), side(sizes[1])], ...others];
}

/**
 * A level's anchors: a square of the least size, one between it and the next, and for each ratio one that is as many times as wide as it
 * is high and one that is as many times as high as it is wide.
 */
export function ssdAnchors([least, next]: SsdSizes, ratios: readonly number[]): Anchor[] {
  const between = Math.sqrt(least * next);
  const oblong = ratios.flatMap((ratio): Anchor[] => {
    const root = Math.sqrt(ratio);
    return [
      [least * root, least / root],
      [least / root, least * root],
    ];
  });
  return [[least, least], [between, between], ...oblong];
}
