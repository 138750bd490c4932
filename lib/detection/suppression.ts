import type { Candidate, Corners } from './candidates.js';

/**
 * Non-maximum suppression within each class, as torchvision's `batched_nms`: the best first, and nothing that shares more than
 * `iou` of their union with a better one of its class. Of equal scores the first one counts as the better.
 */
export function suppressed(candidates: readonly Candidate[], iou: number): Candidate[] {
  const kept: Candidate[] = [];
  const ofClass = new Map<number, Corners[]>();
  for (const candidate of [...candidates].sort((a, b) => b.score - a.score)) {
    const better = ofClass.get(candidate.index) ?? [];
    if (better.some((corners) => overlap(corners, candidate.corners) > iou)) continue;
    better.push(candidate.corners);
    ofClass.set(candidate.index, better);
    kept.push(candidate);
  }
  return kept;
}

/** The share of two boxes' union that both cover, 0 where they have no area. */
export function overlap(a: Corners, b: Corners): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (areaOf(a) + areaOf(b) - both);
}

function areaOf([xmin, ymin, xmax, ymax]: Corners): number {
  return (xmax - xmin) * (ymax - ymin);
}
