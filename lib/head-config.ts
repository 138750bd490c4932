import type { Rule } from './preprocess-config.js';

/** A stage of a backbone, `blocks.N`, by its number, or the feature before all stages. */
export type Level = number | 'stem';

/** A box that a detector's predictions are multiples of, in pixels of the network's input. */
export type Anchor = readonly [width: number, height: number];

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
}

export type HeadSetting = keyof HeadConfig;

/** Bounds of what a file may say. */
const maxLevels = 16;
const maxAnchors = 64;
const maxRate = 1024;
const maxPixels = 2 ** 14;

/** Wherever a setting comes from: a call or a file. */
export const headRules: { readonly [K in HeadSetting]: Rule<HeadConfig[K]> } = {
  atrousRates: {
    expected: `whole numbers from 1 to ${maxRate}, at most ${maxLevels}`,
    accepts: (value): value is readonly number[] => isList(value, maxLevels, (rate) => isWhole(rate, 1, maxRate)),
  },
  alignCorners: { expected: 'true or false', accepts: (value) => typeof value === 'boolean' },
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

function isAnchor(value: unknown): boolean {
  const isSide = (side: unknown): boolean => typeof side === 'number' && side > 0 && side <= maxPixels;
  return Array.isArray(value) && value.length === 2 && value.every(isSide);
}
