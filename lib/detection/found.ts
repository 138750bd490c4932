import type { Candidate, Corners, PredictionMap, Wanted } from './candidates.js';
import type { Detector } from './detector.js';
import { distributionCandidates } from './distribution.js';
import { fcosCandidates } from './fcos.js';
import { ssdCandidates } from './ssd.js';
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

/** What boxes may cover, in pixels of the input. */
export interface Bounds {
  readonly input: Corners;
  /** What the picture covers of it; the rest is padding. */
  readonly picture: Corners;
}

/** How boxes are cut before they are compared with each other, as the detector's framework does it; other ones are cut afterwards. */
const cutFirst: Readonly<Record<Detector['kind'], keyof Bounds | undefined>> = {
  yolo: undefined,
  distribution: 'input',
  fcos: 'picture',
  ssd: 'picture',
};

/**
 * What a detector has found on one image, the best first.
 *
 * @param maps its outputs, level by level
 * @param bounds to which boxes are cut. Those of mmdetection's that nothing is left of count no more
 * @throws {GhostNetError} ERR_GHOST_NOT_FINITE for predictions that are NaN or infinite
 */
export function foundOn(
  maps: readonly PredictionMap[],
  detector: Detector,
  search: Search,
  bounds: Bounds,
): Candidate[] {
  const all = maps.flatMap((map, level) => candidatesOf(map, detector, level, search));
  const wanted = all.filter(({ index }) => search.classes?.has(index) ?? true);
  const first = cutFirst[detector.kind];
  const compared = first ? wanted.map((each) => cut(each, bounds[first])) : wanted;
  const left = first === 'picture' ? compared.filter(hasArea) : compared;
  return suppressed(left, search.iou, search.maxDetections).map((each) => cut(each, bounds.input));
}

function candidatesOf(map: PredictionMap, detector: Detector, level: number, wanted: Wanted): Candidate[] {
  const { classes, strides } = detector;
  const stride = strides[level]!;
  switch (detector.kind) {
    case 'yolo':
      return yoloCandidates(map, { classes, stride, anchors: detector.anchors[level]! }, wanted);
    case 'distribution':
      return distributionCandidates(map, { classes, stride, bins: detector.bins, offset: detector.offset }, wanted);
    case 'fcos':
      return fcosCandidates(map, { classes, stride, sides: detector.sides }, wanted);
    case 'ssd': {
      const { anchors, means, stds } = detector;
      return ssdCandidates(map, { classes, stride, anchors: anchors[level]!, means, stds }, wanted);
    }
  }
}

function cut(candidate: Candidate, [left, top, right, bottom]: Corners): Candidate {
  const within = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
  const [xmin, ymin, xmax, ymax] = candidate.corners;
  const corners: Corners = [
    within(xmin, left, right),
    within(ymin, top, bottom),
    within(xmax, left, right),
    within(ymax, top, bottom),
  ];
  return { ...candidate, corners };
}

function hasArea({ corners: [xmin, ymin, xmax, ymax] }: Candidate): boolean {
  return xmax > xmin && ymax > ymin;
}
