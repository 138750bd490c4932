import { boxed, type Candidate, type Corners, type Hit, type PredictionMap, type Wanted } from './candidates.js';
import { productHits } from './hits.js';

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
  const { classes } = level;
  const hits = productHits(map, classes + sideChannels, { first: 0, count: classes }, 0, wanted);
  return boxed(map, hits, (hit) => cornersOf(map, level, hit));
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
  return [x - distance(0), y - distance(1), x + distance(2), y + distance(3)];
}
