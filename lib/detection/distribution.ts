import {
  bestOf,
  checkFinite,
  finite,
  logitOf,
  sigmoid,
  type Candidate,
  type Corners,
  type Hit,
  type PredictionMap,
  type Wanted,
} from './candidates.js';

/** Of a level: see {@link DistributionDetector}. */
export interface DistributionLevel {
  readonly classes: number;
  readonly stride: number;
  readonly bins: number;
  readonly offset: number;
}

export function distributionCandidates(map: PredictionMap, level: DistributionLevel, wanted: Wanted): Candidate[] {
  const hits = wanted.multiLabel ? allHits(map, level, wanted.threshold) : bestHits(map, level, wanted.threshold);
  return bestOf(hits).map((hit) => ({ index: hit.index, score: hit.score, corners: cornersOf(map, level, hit) }));
}

/** Every class that scores enough. Logits are compared, since few of them ever become scores. */
function allHits({ data, height, width }: PredictionMap, { classes }: DistributionLevel, threshold: number): Hit[] {
  const plane = height * width;
  const least = logitOf(threshold);
  const hits: Hit[] = [];
  for (let index = 0; index < classes; index++) {
    for (let position = 0; position < plane; position++) {
      const logit = data[index * plane + position]!;
      checkFinite(logit, position, width);
      if (logit >= least) hits.push({ position, anchor: 0, index, score: sigmoid(logit) });
    }
  }
  return hits;
}

/** The best class of each position, where it scores enough. */
function bestHits({ data, height, width }: PredictionMap, { classes }: DistributionLevel, threshold: number): Hit[] {
  const plane = height * width;
  const best = new Float32Array(plane).fill(-Infinity); // [height, width]
  const indices = new Int32Array(plane); // [height, width]
  for (let index = 0; index < classes; index++) {
    for (let position = 0; position < plane; position++) {
      const logit = data[index * plane + position]!;
      checkFinite(logit, position, width);
      if (logit <= best[position]!) continue;
      best[position] = logit;
      indices[position] = index;
    }
  }
  const least = logitOf(threshold);
  const hits: Hit[] = [];
  for (let position = 0; position < plane; position++) {
    const logit = best[position]!;
    if (logit >= least) hits.push({ position, anchor: 0, index: indices[position]!, score: sigmoid(logit) });
  }
  return hits;
}

function cornersOf(map: PredictionMap, { classes, stride, bins, offset }: DistributionLevel, hit: Hit): Corners {
  const { position } = hit;
  const distance = (side: number): number => stride * meanBin(map, classes + side * bins, bins, position);
  const [column, row] = [position % map.width, Math.floor(position / map.width)];
  const [x, y] = [(column + offset) * stride, (row + offset) * stride];
  return finite([x - distance(0), y - distance(1), x + distance(2), y + distance(3)], hit, map);
}

/** The mean of 0, 1, 2, … where the softmax of as many channels says how likely each is. */
function meanBin({ data, height, width }: PredictionMap, firstChannel: number, bins: number, position: number): number {
  const plane = height * width;
  const logits = Array.from({ length: bins }, (_, bin) => data[(firstChannel + bin) * plane + position]!);
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight, bin) => sum + weight * bin, 0) / total;
}
