import type { Detector } from '../../detection/detector.js';
import { GhostNetError } from '../../errors.js';
import type { Shapes } from '../../formats/tensor.js';
import type { Blueprint } from '../../graph/blueprint.js';
import type { HeadConfig } from '../../head-config.js';
import type { PreprocessConfig } from '../../preprocess-config.js';
import type { Segmenter } from '../network.js';
import type { Stages } from './stages.js';

/** What a head stands on while it is built. */
export interface Ground {
  /** With the backbone in it. */
  readonly net: Blueprint;
  readonly stages: Stages;
  /** By timm's names and the head's own: which layers there are, and of how many channels. */
  readonly tensors: Shapes;
  /** What is said of the head's settings. */
  readonly said: Partial<HeadConfig>;
}

/** What tensors and settings have made of a head. */
export interface Built {
  /** 0: it has none. */
  readonly numClasses: number;
  /** Every setting that it has. */
  readonly config: Partial<HeadConfig>;
  /** Of what has no default or cannot be what it is said to be: sentences that ask for it. */
  readonly lacks?: string;
  /** Of a segmenter how its map becomes logits of the input's size. */
  readonly segmenter?: Segmenter;
  /** Of a detector what its outputs mean. */
  readonly detector?: Detector;
}

/** What stands on a backbone of any family: a row of the registry. */
export interface Head {
  /** Behind the backbone's architecture, as `_lraspp`. */
  readonly suffix: string;
  /** As errors say it, with an article: `an LRASPP head`. */
  readonly words: string;
  readonly task?: 'segmentation' | 'detection';
  /** How the framework that has it makes inputs, and of which size. */
  readonly preprocess?: Partial<PreprocessConfig>;
  /** A tensor that all of them have. Before it shows the prefix of a module in which one was trained. */
  readonly firstTensor: string;
  /** The names of its own tensors. What else lies beside the backbone is training's. */
  readonly modules: RegExp;
  /** Adds it to the net, its outputs too. Layers that are missing are added as they should be, for errors to say so. */
  readonly build: (ground: Ground) => Built;
}

/** Output channels of a convolution or a linear layer; 1 where there is none, which then is the fault that is found. */
export function outChannels(tensors: Shapes, weight: string): number {
  return tensors.get(weight)?.shape[0] ?? 1;
}

/** The same of the input. */
export function inChannels(tensors: Shapes, weight: string): number {
  return tensors.get(weight)?.shape[1] ?? 1;
}

/** More of anything than any head has, so that a file of names without end is looked at no longer. */
const most = 64;

/** How many there are of a name that counts from 0. */
export function countOf(tensors: Shapes, name: (index: number) => string): number {
  let count = 0;
  while (count < most && tensors.has(name(count))) count++;
  return count;
}

/**
 * A list of which there must be one for each of something.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE for another count
 */
export function oneForEach<T>(setting: string, given: readonly T[], count: number, what: string): readonly T[] {
  if (given.length === count) return given;
  const message = `The head has ${count} ${what}, and ${setting} has ${given.length} of them. Correct it: one for each.`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}
