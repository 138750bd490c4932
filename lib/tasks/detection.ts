import { argumentError, checkFlag, checkWholeNumber, readOptions } from '../arguments/options.js';
import { readArray } from '../arguments/untyped.js';
import type { Corners, PredictionMap } from '../detection/candidates.js';
import { foundOn, type Bounds, type Search } from '../detection/found.js';
import { GhostNetError } from '../errors.js';
import { quoted } from '../messages/quoted.js';
import { nearestName } from '../messages/nearest-name.js';
import { outputsFor } from '../networks/network.js';
import { checkReading, imageOptions, type ImageOptions } from '../pixels/options.js';
import type { Geometry } from '../preprocess-config.js';
import {
  checkOneImage,
  checkProbability,
  checkSize,
  requireTask,
  type Asked,
  type FeatureMap,
  type Task,
} from './task.js';

/** Where something is: pixels of the picture that was given, from its upper left corner; not rounded. */
export interface Box {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

/** Something that was found on a picture. */
export interface Detection {
  /** Of its class. */
  readonly index: number;
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
  readonly box: Box;
}

export interface DetectOptions extends ImageOptions {
  /** The least score, 0 to 1. Default: what the model's files say (`score_threshold`), else 0.3; `model.info.head` has it. */
  threshold?: number;
  /**
   * Non-maximum suppression: of two boxes of a class that share more than this of their union, 0 to 1, the one that scores
   * less is left out. Default: what the model's files say (`iou_threshold`), else 0.5.
   */
  iou?: number;
  /** How many at most, the best ones. Default 100. */
  maxDetections?: number;
  /** Which classes, by their labels or indices; others are left out before boxes are compared. Default: all. */
  classes?: readonly (string | number)[];
  /** Whether a box stands for every class that scores enough, each a detection of its own. Default false: for its best. */
  multiLabel?: boolean;
  /** Of the network's input, in pixels, in place of the model's own: smaller is faster, larger finds smaller things. */
  size?: readonly [width: number, height: number];
}

interface AskedDetections extends Asked, Omit<Search, 'classes' | 'threshold' | 'iou'> {
  /** undefined: the model's own. */
  readonly threshold: number | undefined;
  readonly iou: number | undefined;
  readonly classes: readonly (string | number)[] | undefined;
}

const usualMost = 100;

/** Of one picture, the best first. */
export const detection: Task<AskedDetections, Detection[]> = {
  takesTensors: true,
  check: (options) => {
    const names = ['threshold', 'iou', 'maxDetections', 'classes', 'multiLabel', 'size', ...imageOptions] as const;
    const given = readOptions(options, names);
    return {
      threshold: checkProbability('threshold', given.threshold, undefined),
      iou: checkProbability('iou', given.iou, undefined),
      maxDetections: checkWholeNumber('maxDetections', given.maxDetections, { from: 1, absent: usualMost }),
      classes: checkClasses(given.classes),
      multiLabel: checkFlag('multiLabel', given.multiLabel),
      inputSize: checkSize(given.size),
      reading: checkReading(given),
    };
  },
  outputs: (network, { classes }, { labels }) => {
    requireTask(network, 'detection');
    if (classes) indicesOf(classes, labels);
    return outputsFor(network, 'prediction');
  },
  decode: (values, asked, computed) => {
    const { network, config, geometry, inputSize } = computed;
    const maps = values.map(mapOf);
    const classes = asked.classes && new Set(indicesOf(asked.classes, config.labels));
    const bounds = boundsOf(inputSize, geometry);
    const { scoreThreshold, iouThreshold } = network.head!;
    const search = {
      ...asked,
      threshold: asked.threshold ?? scoreThreshold!,
      iou: asked.iou ?? iouThreshold!,
      classes,
    };
    return foundOn(maps, network.detector!, search, bounds).map(({ index, score, corners }) => ({
      index,
      label: config.labels[index]!,
      score,
      box: geometry ? onPicture(corners, geometry) : boxOf(corners),
    }));
  },
};

function mapOf({ data, shape: [n, , height, width] }: FeatureMap): PredictionMap {
  checkOneImage(n);
  return { data, height, width };
}

/** @param geometry undefined: the input is the picture */
function boundsOf([height, width]: readonly [number, number], geometry: Geometry | undefined): Bounds {
  const input: Corners = [0, 0, width, height];
  if (!geometry) return { input, picture: input };
  const { imageSize, scale, offset } = geometry;
  const end = (axis: 0 | 1): number => offset[axis] + scale[axis] * imageSize[axis];
  const picture: Corners = [
    Math.max(0, offset[1]),
    Math.max(0, offset[0]),
    Math.min(width, end(1)),
    Math.min(height, end(0)),
  ];
  return { input, picture };
}

function boxOf([xmin, ymin, xmax, ymax]: Corners): Box {
  return { xmin, ymin, xmax, ymax };
}

/** Back by the numbers by which the picture became the input, and cut to it. */
function onPicture([xmin, ymin, xmax, ymax]: Corners, { imageSize, scale, offset }: Geometry): Box {
  const at = (axis: 0 | 1, value: number): number =>
    Math.min(Math.max((value - offset[axis]) / scale[axis], 0), imageSize[axis]);
  return { xmin: at(1, xmin), ymin: at(0, ymin), xmax: at(1, xmax), ymax: at(0, ymax) };
}

/** More than any network has. */
const maxClasses = 100_000;

/** Whether the network has them is another question. */
function checkClasses(classes: unknown): readonly (string | number)[] | undefined {
  if (classes === undefined) return undefined;
  const own = readArray(classes, maxClasses, 'classes');
  const isClass = (each: unknown): each is string | number => typeof each === 'string' || Number.isInteger(each);
  if (own && own.length > 0 && own.every(isClass)) return own;
  throw argumentError('classes should be an array of labels or indices, one or more', classes);
}

/** In a message. */
const mostListed = 12;

/**
 * Of classes that are meant by their labels or indices.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT for one that the model has not
 */
export function indicesOf(classes: readonly (string | number)[], labels: readonly string[]): readonly number[] {
  return classes.flatMap((each) => {
    const indices =
      typeof each === 'number' ? [each] : labels.flatMap((label, index) => (label === each ? [index] : []));
    if (indices.length > 0 && indices.every((index) => index >= 0 && index < labels.length)) return indices;
    const nearest = typeof each === 'string' ? nearestName(each, labels) : undefined;
    const advice =
      nearest === undefined
        ? `There are ${labels.length}: ${labels.slice(0, mostListed).map(quoted).join(', ')}${labels.length > mostListed ? ', …' : ''}.`
        : `Did you mean ${nearest}?`;
    const found = typeof each === 'string' ? quoted(each) : String(each);
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `classes: the model has no class ${found}. ${advice}`);
  });
}
