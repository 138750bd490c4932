import { argumentError, checkWholeNumber } from '../arguments/options.js';
import { readArray } from '../arguments/untyped.js';
import type { ImageOptions } from '../pixels/options.js';

export interface ClassifyOptions extends ImageOptions {
  /** How many classes to return, most probable first. Default 5; never more than there are. */
  topK?: number;
}

export interface FeaturesOptions extends ImageOptions {
  /**
   * Which maps: `conv_stem` (the first convolution alone, as timm's features have it) or `blocks.0` to `blocks.9`.
   * Default: `conv_stem`, `blocks.1`, `blocks.3`, `blocks.5` and `blocks.7`.
   */
  stages?: readonly string[];
}

export interface EmbedOptions extends ImageOptions {
  /** Gives every vector the length 1, so that a product of two is their cosine similarity. Default false. */
  normalize?: boolean;
}

export function checkTopK(topK: unknown): number {
  return checkWholeNumber('topK', topK, { from: 1, absent: 5 });
}

/** More than any network has. */
const maxStages = 64;

/** Whether the network has them is another question. */
export function checkStages(stages: unknown): readonly string[] | undefined {
  if (stages === undefined) return undefined;
  const names = readArray(stages, maxStages, 'stages');
  if (names?.every((name): name is string => typeof name === 'string') && new Set(names).size === names.length)
    return names;
  throw argumentError('stages should be an array of names, each of them once', stages);
}
