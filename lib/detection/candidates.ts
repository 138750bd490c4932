import { GhostNetError } from '../errors.js';

/** A level's predictions for one image, [channels, height, width] in C order. */
export interface PredictionMap {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** A box of the network's input, in pixels: xmin, ymin, xmax, ymax. */
export type Corners = readonly [number, number, number, number];

/** What may become a detection. */
export interface Candidate {
  /** Of its class. */
  readonly index: number;
  readonly score: number;
  readonly corners: Corners;
}

/** Which candidates are wanted. */
export interface Wanted {
  /** The least score, 0 to 1. */
  readonly threshold: number;
  /** Whether a box stands for every class that scores enough rather than for its best one. */
  readonly multiLabel: boolean;
}

/** A place where a class scores enough. Boxes are made of those alone that are left in the end. */
export interface Hit {
  /** Row by row. */
  readonly position: number;
  readonly anchor: number;
  /** Of its class. */
  readonly index: number;
  readonly score: number;
}

/** So many of a level, the best ones: what is compared with each other later is their square. */
const mostOfLevel = 1000;

/**
 * A level's hits, or the best of too many, with their boxes.
 *
 * @throws {GhostNetError} ERR_GHOST_NOT_FINITE for a box beyond all numbers
 */
export function boxed({ width }: PredictionMap, hits: Hit[], cornersOf: (hit: Hit) => Corners): Candidate[] {
  return bestOf(hits).map((hit) => {
    const corners = cornersOf(hit);
    for (const corner of corners) checkFinite(corner, hit.position, width);
    return { index: hit.index, score: hit.score, corners };
  });
}

/** In the order of the level's boxes, unless there are too many. */
function bestOf(hits: Hit[]): readonly Hit[] {
  if (hits.length > mostOfLevel) return hits.sort((a, b) => b.score - a.score).slice(0, mostOfLevel);
  return hits.sort((a, b) => a.position - b.position || a.anchor - b.anchor || a.index - b.index);
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** From here on a sigmoid is 1, or next to it. */
const certain = 36;

/** What rounding may move it by. */
const slack = 1e-6;

/** No number below it has a sigmoid of at least `score`; of those above it scores decide. */
export function leastLogit(score: number): number {
  return Math.min(Math.log(score / (1 - score)), certain) - slack;
}

/** @throws {GhostNetError} ERR_GHOST_NOT_FINITE, since the network's input or its weights are the cause */
export function checkFinite(value: number, position: number, width: number): void {
  if (Number.isFinite(value)) return;
  const place = `row ${Math.floor(position / width)}, column ${position % width}`;
  const message = `The network predicts ${value} at ${place} of a level. Its input or its weights hold numbers that are too large, or none.`;
  throw new GhostNetError('ERR_GHOST_NOT_FINITE', message);
}
