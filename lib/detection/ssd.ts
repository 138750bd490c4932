import type { Anchor } from '../head-config.js';
import {
  boxed,
  checkFinite,
  leastLogit,
  type Candidate,
  type Corners,
  type Hit,
  type PredictionMap,
  type Wanted,
} from './candidates.js';

/** Of a level: see {@link SsdDetector}. */
export interface SsdLevel {
  readonly classes: number;
  readonly stride: number;
  readonly anchors: readonly Anchor[];
  readonly means: readonly number[];
  readonly stds: readonly number[];
}

/** No box is larger or smaller than its anchor by more than this factor's logarithm, either way: mmdetection's `wh_ratio_clip`. */
const mostGrowth = Math.abs(Math.log(16 / 1000));

export function ssdCandidates(map: PredictionMap, level: SsdLevel, wanted: Wanted): Candidate[] {
  const hits = level.anchors.flatMap((_, anchor) => hitsOf(map, level, anchor, wanted));
  return boxed(map, hits, (hit) => cornersOf(map, level, hit));
}

function hitsOf(
  { data, height, width }: PredictionMap,
  { classes }: SsdLevel,
  anchor: number,
  { threshold, multiLabel }: Wanted,
): Hit[] {
  const plane = height * width;
  const first = anchor * (classes + 1) * plane;
  const least = leastLogit(threshold);
  const hits: Hit[] = [];
  const logits = new Float32Array(classes + 1); // [classes + 1], the background last
  for (let position = 0; position < plane; position++) {
    let best = 0;
    for (let index = 0; index <= classes; index++) {
      const logit = data[first + index * plane + position]!;
      checkFinite(logit, position, width);
      logits[index] = logit;
      if (index < classes && logit > logits[best]!) best = index;
    }
    // With the background alone no class would score more.
    if (logits[best]! - logits[classes]! < least) continue;
    const largest = Math.max(logits[best]!, logits[classes]!);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    for (let index = multiLabel ? 0 : best; index < (multiLabel ? classes : best + 1); index++) {
      const score = Math.exp(logits[index]! - largest) / total;
      if (score >= threshold) hits.push({ position, anchor, index, score });
    }
  }
  return hits;
}

function cornersOf(map: PredictionMap, level: SsdLevel, hit: Hit): Corners {
  const { data, height, width } = map;
  const { classes, stride, anchors, means, stds } = level;
  const { position, anchor } = hit;
  const plane = height * width;
  const at = (anchors.length * (classes + 1) + anchor * 4) * plane + position;
  const delta = (side: number): number => data[at + side * plane]! * stds[side]! + means[side]!;
  const growth = (side: number): number => Math.exp(Math.min(Math.max(delta(side), -mostGrowth), mostGrowth));
  const [anchorWidth, anchorHeight] = anchors[anchor]!;
  const x = ((position % width) + 0.5) * stride + anchorWidth * delta(0);
  const y = (Math.floor(position / width) + 0.5) * stride + anchorHeight * delta(1);
  const [halfWidth, halfHeight] = [(anchorWidth * growth(2)) / 2, (anchorHeight * growth(3)) / 2];
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}
