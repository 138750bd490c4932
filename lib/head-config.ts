import { oneOf, type Rule } from './preprocess-config.js';

/** A stage of a backbone, `blocks.N`, by its number, or the feature before all stages. */
export type Level = number | 'stem';

/** A box that a detector's predictions are multiples of, in pixels of the network's input. */
export type Anchor = readonly [width: number, height: number];

/** From which map an FPN makes its first level beyond the backbone's: the backbone's deepest, what its 1x1 convolution makes of it, or the level below. */
export const extraSources = ['on_input', 'on_lateral', 'on_output'] as const;

/** Behind each convolution of a head that has the choice. */
export const convActivations = ['relu', 'relu6', 'leaky_relu', 'hard_swish', 'silu'] as const;

export const depthwiseActivations = ['none', 'relu'] as const;

/**
 * What no tensor of a head tells and its results depend on. A head has some of these settings, and a default for each of
 * them; others mean nothing to it.
 */
export interface HeadConfig {
  /**
   * Of the dilated 3x3 convolutions of DeepLab, in their order, in elements of the map. mmsegmentation's `dilations` begin with
   * the 1 of the convolution that is not dilated.
   */
  readonly atrousRates: readonly number[];
  /** Whether maps are upsampled with their corners on each other, rather than between the centres of pixels. */
  readonly alignCorners: boolean;
  /** How a neck brings a map to the size of the next larger one. */
  readonly upsampling: 'nearest' | 'bilinear';
  /** On which stages of the backbone the head stands: `blocks.N` of each N, or the feature before them all (`stem`), in the head's own order. */
  readonly levels: readonly Level[];
  /** Of each level, in the order of the head's outputs. */
  readonly anchors: readonly (readonly Anchor[])[];
  /** Pixels of the network's input from one element to the next, of each level. */
  readonly strides: readonly number[];
  /** Of an FPN with convolutions for levels beyond the backbone's. */
  readonly addExtraConvs: (typeof extraSources)[number];
  /** Of the same: whether a ReLU lies between two of them. */
  readonly reluBeforeExtraConvs: boolean;
  /** Of FCOS: whether the centre-ness is predicted behind the convolutions for boxes, rather than those for classes. */
  readonly centernessOnReg: boolean;
  /** Of FCOS: whether a box's sides are max(x, 0) times the stride, rather than exp(x) pixels. */
  readonly normOnBbox: boolean;
  /** Of group norms. */
  readonly numGroups: number;
  /** Of SSD's levels beyond the backbone's: the stride and the padding of the last convolution of each. */
  readonly levelStrides: readonly number[];
  readonly levelPaddings: readonly number[];
  /** Of SSD: what its box coder subtracts and divides by, for x, y, width and height. */
  readonly targetMeans: readonly number[];
  readonly targetStds: readonly number[];
  /** Of the head's norms: what is added to the variance. */
  readonly normEps: number;
  /** Of the head's convolutions. */
  readonly convActivation: (typeof convActivations)[number];
  /** Of separable convolutions: between their two parts. */
  readonly depthwiseActivation: (typeof depthwiseActivations)[number];
  /** Of a detector, where `detect` is not told otherwise: the least score. */
  readonly scoreThreshold: number;
  /** The same: how much of their union two boxes of a class may share. */
  readonly iouThreshold: number;
}

export type HeadSetting = keyof HeadConfig;

/** Bounds of what a file may say. */
const maxLevels = 16;
const maxAnchors = 64;
const maxRate = 1024;
const maxPixels = 2 ** 14;
const maxGroups = 1024;
const maxPadding = 64;

const flag: Rule<boolean> = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };

const share: Rule<number> = {
  expected: 'a number from 0 to 1',
  accepts: (value): value is number => typeof value === 'number' && value >= 0 && value <= 1,
};

/** Wherever a setting comes from: a call or a file. */
export const headRules: { readonly [K in HeadSetting]: Rule<HeadConfig[K]> } = {
  atrousRates: {
    expected: `whole numbers from 1 to ${maxRate}, at most ${maxLevels}`,
    accepts: (value): value is readonly number[] => isList(value, maxLevels, (rate) => isWhole(rate, 1, maxRate)),
  },
  alignCorners: flag,
  upsampling: {
    expected: 'nearest or bilinear',
    accepts: (value): value is HeadConfig['upsampling'] => value === 'nearest' || value === 'bilinear',
  },
  levels: {
    expected: `numbers of stages of the backbone, or stem, at most ${maxLevels}`,
    accepts: (value): value is readonly Level[] =>
      isList(value, maxLevels, (stage) => stage === 'stem' || isWhole(stage, 0, 99)),
  },
  anchors: {
    expected: `for each level a list of [width, height] in pixels above 0, at most ${maxAnchors}`,
    accepts: (value): value is HeadConfig['anchors'] =>
      isList(value, maxLevels, (level) => isList(level, maxAnchors, isAnchor)),
  },
  strides: {
    expected: `whole numbers of pixels, at most ${maxLevels}`,
    accepts: (value): value is readonly number[] => isList(value, maxLevels, (stride) => isWhole(stride, 1, maxPixels)),
  },
  addExtraConvs: oneOf(extraSources),
  reluBeforeExtraConvs: flag,
  centernessOnReg: flag,
  normOnBbox: flag,
  numGroups: {
    expected: `a whole number from 1 to ${maxGroups}`,
    accepts: (value): value is number => isWhole(value, 1, maxGroups),
  },
  levelStrides: {
    expected: `1 or 2 for each level beyond the backbone's, at most ${maxLevels}`,
    accepts: (value): value is readonly number[] => isList(value, maxLevels, (stride) => isWhole(stride, 1, 2)),
  },
  levelPaddings: {
    expected: `whole numbers from 0 to ${maxPadding}, at most ${maxLevels}`,
    accepts: (value): value is readonly number[] => isList(value, maxLevels, (side) => isWhole(side, 0, maxPadding)),
  },
  targetMeans: {
    expected: 'four numbers, for x, y, width and height',
    accepts: (value): value is readonly number[] => isBox(value, Number.isFinite),
  },
  targetStds: {
    expected: 'four numbers above 0, for x, y, width and height',
    accepts: (value): value is readonly number[] => isBox(value, isPositive),
  },
  normEps: { expected: 'a number above 0', accepts: (value): value is number => isPositive(value) },
  convActivation: oneOf(convActivations),
  depthwiseActivation: oneOf(depthwiseActivations),
  scoreThreshold: share,
  iouThreshold: share,
};

/** Of mmsegmentation's `dilations`, which begin with the 1 of the convolution that is not dilated. */
export function ratesOf<T>(dilations: T): T {
  return Array.isArray(dilations) && dilations[0] === 1 ? (dilations.slice(1) as T) : dilations;
}

export const headSettings = Object.keys(headRules) as readonly HeadSetting[];

/** A setting, and who says so: the option of `load`, the `config.json` beside the weights, the checkpoint itself, or nobody. */
export interface SaidSetting<T> {
  readonly value: T;
  readonly from: 'option' | 'config' | 'checkpoint' | 'assumed';
}

/** Those settings that a model's head has. */
export type HeadInfo = { readonly [K in HeadSetting]?: SaidSetting<HeadConfig[K]> };

function isList(value: unknown, most: number, passes: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= most && value.every(passes);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isPositive(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0;
}

function isBox(value: unknown, passes: (each: unknown) => boolean): boolean {
  return isList(value, 4, passes) && (value as unknown[]).length === 4;
}

function isAnchor(value: unknown): boolean {
  const isSide = (side: unknown): boolean => typeof side === 'number' && side > 0 && side <= maxPixels;
  return Array.isArray(value) && value.length === 2 && value.every(isSide);
}
