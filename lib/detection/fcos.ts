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

/** Of a level: see {@link FcosDetector}. */
export interface FcosLevel {
  readonly classes: number;
  readonly stride: number;
  readonly sides: 'exp' | 'strides';
}

const sideChannels = 4;

/** Where points lie in their elements. */
const offset = 0.5;

export function fcosCandidates(map: PredictionMap, level: FcosLevel, wanted: Wanted): Candidate[] {
  return bestOf(hitsOf(map, level, wanted)).map((hit) => ({
    index: hit.index,
    score: hit.score,
    corners: cornersOf(map, level, hit),
  }));
}

function hitsOf({ data, height, width }: PredictionMap, { classes }: FcosLevel, wanted: Wanted): Hit[] {
  const plane = height * width;
  const centerness = (classes + sideChannels) * plane;
  const hits: Hit[] = [];
  for (let position = 0; position < plane; position++) {
    const logit = data[centerness + position]!;
    checkFinite(logit, position, width);
    const center = sigmoid(logit);
    // No class can score more.
    if (center < wanted.threshold) continue;
    let best: Hit | undefined;
    for (let index = 0; index < classes; index++) {
      const value = data[index * plane + position]!;
      checkFinite(value, position, width);
      const score = center * sigmoid(value);
      if (score < wanted.threshold) continue;
      const hit = { position, anchor: 0, index, score };
      if (wanted.multiLabel) hits.push(hit);
      else if (!best || score > best.score) best = hit;
    }
    if (best) hits.push(best);
  }
  return hits;
}

function cornersOf(map: PredictionMap, { classes, stride, sides }: FcosLevel, hit: Hit): Corners {
  const { data, height, width } = map;
  const { position } = hit;
  const plane = height * width;
  const distance = (side: number): number => {
    const value = data[(classes + side) * plane + position]!;
    // NaN stays what it is.
    return sides === 'exp' ? Math.exp(value) : Math.max(value, 0) * stride;
  };
  const [x, y] = [((position % width) + offset) * stride, (Math.floor(position / width) + offset) * stride];
  return finite([x - distance(0), y - distance(1), x + distance(2), y + distance(3)], hit, map);
}
