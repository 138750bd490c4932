import type { Anchor } from '../head-config.js';
import {
  boxed,
  sigmoid,
  type Candidate,
  type Corners,
  type Hit,
  type PredictionMap,
  type Wanted,
} from './candidates.js';
import { productHits } from './hits.js';

/** Of a level: see {@link YoloDetector}. */
export interface YoloLevel {
  readonly classes: number;
  readonly stride: number;
  readonly anchors: readonly Anchor[];
}

/** Before the classes of an anchor: x, y, width, height and objectness. */
const boxChannels = 5;

export function yoloCandidates(map: PredictionMap, level: YoloLevel, wanted: Wanted): Candidate[] {
  const { classes } = level;
  const hits = level.anchors.flatMap((_, anchor) => {
    const first = anchor * (boxChannels + classes) + boxChannels;
    return productHits(map, first - 1, { first, count: classes }, anchor, wanted);
  });
  return boxed(map, hits, (hit) => cornersOf(map, level, hit));
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
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}
