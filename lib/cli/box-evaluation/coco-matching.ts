import type { Detection } from '../../tasks/detection.js';
import type { CategoryOnImage, TrueBox } from './truth.js';

/** IoU from 0.5 to 0.95, as NumPy's linspace computes them. */
export const thresholds = Array.from({ length: 10 }, (_, i) => (i === 9 ? 0.95 : i * ((0.95 - 0.5) / 9) + 0.5));

/** No more are looked at of a picture and category. */
export const mostFound = 100;

/** Pixels: only objects of these areas count. */
export interface AreaRange {
  readonly from: number;
  readonly to: number;
}

/** What a detection is: nothing that is there, something that is, or what does not count. */
export const wrong = 0;
export const right = 1;
export const ignored = 2;

/** What becomes of the detections of one category on one picture. */
export interface Matches {
  /** Of the detections, best first. */
  readonly scores: readonly number[];
  /** [thresholds, detections]: `wrong`, `right` or `ignored`. */
  readonly outcomes: Uint8Array;
  /** How many objects are to be found. */
  readonly wanted: number;
}

interface Candidate {
  readonly isCrowd: boolean;
  readonly isIgnored: boolean;
  /** [detections] */
  readonly overlaps: readonly number[];
}

/** For each range of areas, as pycocotools matches (COCOeval.evaluateImg): greedily, best detection first. */
export function matchImage({ boxes, found }: CategoryOnImage, ranges: readonly AreaRange[]): Matches[] {
  const best = found.slice(0, mostFound);
  const overlaps = boxes.map((box) => best.map((detection) => overlapOf(detection, box)));
  return ranges.map(({ from, to }) => {
    const isOutside = (area: number): boolean => area < from || area > to;
    const candidates = boxes.map(({ isCrowd, isIgnored, area }, i) => ({
      isCrowd,
      isIgnored: isIgnored || isOutside(area),
      overlaps: overlaps[i]!,
    }));
    // Those that count come first, so that an ignored one is taken where nothing else fits.
    candidates.sort((a, b) => Number(a.isIgnored) - Number(b.isIgnored));
    const outcomes = new Uint8Array(thresholds.length * best.length);
    if (candidates.length > 0)
      for (const [i, threshold] of thresholds.entries())
        matchAt(threshold, candidates, outcomes.subarray(i * best.length, (i + 1) * best.length));
    for (const [i, { box }] of best.entries()) {
      if (!isOutside((box.xmax - box.xmin) * (box.ymax - box.ymin))) continue;
      for (let at = i; at < outcomes.length; at += best.length) if (outcomes[at] === wrong) outcomes[at] = ignored;
    }
    return {
      scores: best.map(({ score }) => score),
      outcomes,
      wanted: candidates.filter(({ isIgnored }) => !isIgnored).length,
    };
  });
}

/**
 * Each detection takes the object that it overlaps most, of those that are still to be had; a crowd always is.
 *
 * @param outcomes [detections], all of them wrong so far
 */
function matchAt(threshold: number, candidates: readonly Candidate[], outcomes: Uint8Array): void {
  const taken = candidates.map(() => false);
  for (let i = 0; i < outcomes.length; i++) {
    let most = Math.min(threshold, 1 - 1e-10);
    let match = -1;
    for (const [j, candidate] of candidates.entries()) {
      if (taken[j] && !candidate.isCrowd) continue;
      if (match >= 0 && !candidates[match]!.isIgnored && candidate.isIgnored) break;
      if (candidate.overlaps[i]! < most) continue;
      most = candidate.overlaps[i]!;
      match = j;
    }
    if (match < 0) continue;
    taken[match] = true;
    outcomes[i] = candidates[match]!.isIgnored ? ignored : right;
  }
}

/** IoU; of a crowd, how much of the detection lies in it. */
function overlapOf({ box }: Detection, { x, y, width, height, isCrowd }: TrueBox): number {
  // As sizes, which is how results of COCO are written, and rounded as they are.
  const [foundWidth, foundHeight] = [box.xmax - box.xmin, box.ymax - box.ymin];
  const across = Math.min(box.xmin + foundWidth, x + width) - Math.max(box.xmin, x);
  const down = Math.min(box.ymin + foundHeight, y + height) - Math.max(box.ymin, y);
  if (across <= 0 || down <= 0) return 0;
  const both = across * down;
  const area = foundWidth * foundHeight;
  return both / (isCrowd ? area : area + width * height - both);
}
