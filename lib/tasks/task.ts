import type { ModelConfig } from '../model-config.js';
import { GhostNetError } from '../errors.js';
import { outputsFor, type Network } from '../networks/network.js';
import type { Reading } from '../pixels/options.js';
import type { Geometry } from '../preprocess-config.js';

/** A map that the network makes on its way. */
export interface FeatureMap {
  /** timm's name of the module that makes it: `blocks.3`. */
  readonly name: string;
  /** C order. */
  readonly data: Float32Array;
  readonly shape: readonly [n: number, c: number, h: number, w: number];
  /** Input pixels from one element to the next, down as well as across: h is about the input's height / stride. */
  readonly stride: number;
}

/** What is asked of a model, once its options have been checked. */
export interface Asked {
  readonly reading: Reading;
}

/** What values were computed by, and of. */
export interface Computed {
  readonly config: ModelConfig;
  /** Where the input lies on the picture; undefined for a tensor. */
  readonly geometry: Geometry | undefined;
}

/** What a model can do with a picture or a tensor: the outputs that it takes, its options, and what they become. */
export interface Task<A extends Asked, Answer> {
  /** Whether it may begin with a tensor in place of a picture. */
  readonly takesTensors: boolean;
  /**
   * Options as untyped code may pass them, each read once.
   *
   * @throws {GhostNetError} ERR_GHOST_ARGUMENT
   */
  readonly check: (options: unknown) => A;
  /**
   * The names of the outputs that it needs.
   *
   * @throws {GhostNetError} ERR_GHOST_ARGUMENT or ERR_GHOST_ARCHITECTURE where the network has them not
   */
  readonly outputs: (network: Network, asked: A) => readonly string[];
  /** @param values of these outputs, in the order in which they are computed, by their labels; they are its own */
  readonly decode: (values: readonly FeatureMap[], asked: A, computed: Computed) => Answer;
}

/**
 * The names of outputs that a task cannot do without.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if there are none
 */
export function requiredOutputs(network: Network, role: 'logits' | 'embedding'): string[] {
  const names = outputsFor(network, role);
  if (names.length > 0) return names;
  const message =
    role === 'logits' && outputsFor(network, 'embedding').length > 0
      ? `This ${network.architecture} was saved without its classifier (num_classes 0): embed() and features() are what it answers.`
      : `${network.architecture} is a ${network.kind}, which has no classifier.`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}
