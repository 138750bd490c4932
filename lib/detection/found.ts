import type { Candidate, Corners, PredictionMap, Wanted } from './candidates.js';
import type { Detector } from './detector.js';
import { distributionCandidates } from './distribution.js';
import { suppressed } from './suppression.js';
import { yoloCandidates } from './yolo.js';

/** What is asked of a detector. */
export interface Search extends Wanted {
  /** Of two boxes of a class that share more of their union than this, the one that scores less is left out. */
  readonly iou: number;
  readonly maxDetections: number;
  /** Indices of the classes that are looked for; undefined: all. */
  readonly classes: ReadonlySet<number> | undefined;
}

/**
 * What a detector has found on one image, the best first.
 *
 * @param maps its outputs, level by level
 * @param size of its input, to which boxes are cut: before they are compared with each other or after, as the detector's
 *   framework does it
 * @throws {GhostNetError} ERR_GHOST_NOT_FINITE for predictions that are NaN or infinite
 */
export function foundOn(
  maps: readonly PredictionMap[],
  detector: Detector,
  search: Search,
  size: readonly [height: number, width: number],
): Candidate[] {
  const all = maps.flatMap((map, level) => candidatesOf(map, detector, level, search));
  const wanted = all.filter(({ index }) => search.classes?.has(index) ?? true);
  const cutFirst = detector.kind === 'distribution' ? wanted.map((each) => cut(each, size)) : wanted;
  return suppressed(cutFirst, search.iou, search.maxDetections).map((each) => cut(each, size));
}

function candidatesOf(map: PredictionMap, detector: Detector, level: number, wanted: Wanted): Candidate[] {
  const { classes, strides } = detector;
  const stride = strides[level]!;
  if (detector.kind === 'distribution')
    return distributionCandidates(map, { classes, stride, bins: detector.bins, offset: detector.offset }, wanted);
  return yoloCandidates(map, { classes, stride, anchors: detector.anchors[level]! }, wanted);
}

function cut(candidate: Candidate, [height, width]: readonly [number, number]): Candidate {
  const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
  const [xmin, ymin, xmax, ymax] = candidate.corners;
  const corners: Corners = [within(xmin, width), within(ymin, height), within(xmax, width), within(ymax, height)];
  return { ...candidate, corners };
}
