import type { Anchor } from '../head-config.js';
import {
  bestOf,
  checkFinite,
  finite,
  sigmoid,
  type Candidate,
  type Corners,
  type Hit,
  type PredictionMap,
  type Wanted,
} from './candidates.js';

/** Of a level: see {@link YoloDetector}. */
export interface YoloLevel {
  readonly classes: number;
  readonly stride: number;
  readonly anchors: readonly Anchor[];
}

/** Before the classes of an anchor: x, y, width, height and objectness. */
const boxChannels = 5;

export function yoloCandidates(map: PredictionMap, level: YoloLevel, wanted: Wanted): Candidate[] {
  const hits = level.anchors.flatMap((_, anchor) => hitsOf(map, level, anchor, wanted));
  return bestOf(hits).map((hit) => ({ index: hit.index, score: hit.score, corners: cornersOf(map, level, hit) }));
}

function hitsOf(map: PredictionMap, { classes }: YoloLevel, anchor: number, wanted: Wanted): Hit[] {
  const { data, height, width } = map;
  const plane = height * width;
  const objectness = (anchor * (boxChannels + classes) + boxChannels - 1) * plane;
  const hits: Hit[] = [];
  for (let position = 0; position < plane; position++) {
    const logit = data[objectness + position]!;
    checkFinite(logit, position, width);
    const some = sigmoid(logit);
    // No class can score more.
    if (some < wanted.threshold) continue;
    const scores = Array.from({ length: classes }, (_, index) => {
      const score = data[objectness + (1 + index) * plane + position]!;
      checkFinite(score, position, width);
      return some * sigmoid(score);
    });
    const best = scores.indexOf(Math.max(...scores));
    for (const [index, score] of scores.entries())
      if (score >= wanted.threshold && (wanted.multiLabel || index === best))
        hits.push({ position, anchor, index, score });
  }
  return hits;
}

function cornersOf(map: PredictionMap, level: YoloLevel, hit: Hit): Corners {
  const { data, height, width } = map;
  const { position, anchor } = hit;
  const { classes, stride, anchors } = level;
  const plane = height * width;
  const at = anchor * (boxChannels + classes) * plane + position;
  const [tx, ty, tw, th] = [0, 1, 2, 3].map((channel) => data[at + channel * plane]!) as [
    number,
    number,
    number,
    number,
  ];
  const [x, y] = [(sigmoid(tx) + (position % width)) * stride, (sigmoid(ty) + Math.floor(position / width)) * stride];
  const [anchorWidth, anchorHeight] = anchors[anchor]!;
  const [halfWidth, halfHeight] = [(anchorWidth * Math.exp(tw)) / 2, (anchorHeight * Math.exp(th)) / 2];
  return finite([x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight], hit, map);
}
