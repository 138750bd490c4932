import type { Candidate } from './candidates.js';

/**
 * Non-maximum suppression within each class: the best first, and nothing that shares more than `iou` of their union with a better
 * one of its class. Of equal scores the first one counts as the better. Equal to torchvision's `batched_nms` to the bit: all is
 * computed in float32. (Of few boxes torchvision moves the classes apart instead of comparing within each, which rounds; here none
 * is moved.)
 *
 * @param most so many are wanted: what comes after them is not looked at, so that each is compared with as many at worst
 */
export function suppressed(candidates: readonly Candidate[], iou: number, most: number): Candidate[] {
  const kept: Candidate[] = [];
  const ofClass = new Map<number, Float32Array[]>();
  for (const candidate of [...candidates].sort((a, b) => b.score - a.score)) {
    if (kept.length === most) break;
    const corners = Float32Array.from(candidate.corners);
    const better = ofClass.get(candidate.index) ?? [];
    if (better.some((other) => overlap(other, corners) > iou)) continue;
    better.push(corners);
    ofClass.set(candidate.index, better);
    kept.push(candidate);
  }
  return kept;
}

const { fround } = Math;

/** The share of two boxes' union that both cover, in float32; NaN of two without an area, of which neither drops the other. */
function overlap(a: Float32Array, b: Float32Array): number {
  const width = Math.max(0, fround(Math.min(a[2]!, b[2]!) - Math.max(a[0]!, b[0]!)));
  const height = Math.max(0, fround(Math.min(a[3]!, b[3]!) - Math.max(a[1]!, b[1]!)));
  const both = fround(width * height);
  return fround(both / fround(fround(areaOf(a) + areaOf(b)) - both));
}

/** @param corners left, top, right, bottom */
function areaOf(corners: Float32Array): number {
  return fround(fround(corners[2]! - corners[0]!) * fround(corners[3]! - corners[1]!));
}
