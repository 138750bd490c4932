import {
  boxed,
  leastLogit,
  sigmoid,
  type Candidate,
  type Corners,
  type Hit,
  type PredictionMap,
  type Wanted,
} from './candidates.js';
import { eachAbove } from './hits.js';

/** Of a level: see {@link DistributionDetector}. */
export interface DistributionLevel {
  readonly classes: number;
  readonly stride: number;
  readonly bins: number;
  readonly offset: number;
}

export function distributionCandidates(map: PredictionMap, level: DistributionLevel, wanted: Wanted): Candidate[] {
  return boxed(map, hitsOf(map, level, wanted), (hit) => cornersOf(map, level, hit));
}

/** Of every class that scores enough, or of the best one. */
function hitsOf(map: PredictionMap, { classes }: DistributionLevel, { threshold, multiLabel }: Wanted): Hit[] {
  const all: Hit[] = [];
  const best = new Map<number, Hit>(); // by position
  eachAbove(map, { first: 0, count: classes }, leastLogit(threshold), (index, position, logit) => {
    const hit = { position, anchor: 0, index, score: sigmoid(logit) };
    if (hit.score < threshold) return;
    if (multiLabel) all.push(hit);
    else if (hit.score > (best.get(position)?.score ?? -1)) best.set(position, hit);
  });
  return [...all, ...best.values()];
}

function cornersOf(map: PredictionMap, { classes, stride, bins, offset }: DistributionLevel, hit: Hit): Corners {
  const { position } = hit;
  const distance = (side: number): number => stride * meanBin(map, classes + side * bins, bins, position);
  const [column, row] = [position % map.width, Math.floor(position / map.width)];
  const [x, y] = [(column + offset) * stride, (row + offset) * stride];
  return [x - distance(0), y - distance(1), x + distance(2), y + distance(3)];
}

/** The mean of 0, 1, 2, … where the softmax of as many channels says how likely each is. */
function meanBin({ data, height, width }: PredictionMap, firstChannel: number, bins: number, position: number): number {
  const plane = height * width;
  const at = (bin: number): number => data[(firstChannel + bin) * plane + position]!;
  let largest = at(0);
  for (let bin = 1; bin < bins; bin++) largest = Math.max(largest, at(bin));
  let [total, sum] = [0, 0];
  for (let bin = 0; bin < bins; bin++) {
    const weight = Math.exp(at(bin) - largest);
    total += weight;
    sum += weight * bin;
  }
  return sum / total;
}
