import { argumentError } from '../arguments/options.js';
import { readArray } from '../arguments/untyped.js';
import type { ModelConfig } from '../model-config.js';
import { GhostNetError } from '../errors.js';
import { outputsFor, type Network } from '../networks/network.js';
import type { Reading } from '../pixels/options.js';
import { maxPreprocessedSide, type Geometry } from '../preprocess-config.js';

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
  /** Of the network's input, where it is to be another one than the model's own. */
  readonly inputSize?: readonly [height: number, width: number] | undefined;
}

/** What values were computed by, and of. */
export interface Computed {
  readonly network: Network;
  readonly config: ModelConfig;
  /** Of the network's input. */
  readonly inputSize: readonly [height: number, width: number];
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
   * @throws {GhostNetError} ERR_GHOST_TASK, ERR_GHOST_ARGUMENT or ERR_GHOST_ARCHITECTURE where the network has them not
   */
  readonly outputs: (network: Network, asked: A, config: ModelConfig) => readonly string[];
  /** @param values of these outputs, in the order in which they are computed, by their labels; they are its own */
  readonly decode: (values: readonly FeatureMap[], asked: A, computed: Computed) => Answer | Promise<Answer>;
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
      : `${network.architecture} is a ${network.kind}: it has no ${missing[role]}. What it answers is ${answersOf(network)}; load the whole network for the rest.`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}

const missing = { logits: 'classifier', embedding: 'conv_head, which makes the embedding of its last map' } as const;

/** Of a network that ends with maps. */
function answersOf(network: Network): string {
  const answers = new Set([methods[taskOf(network)], 'features()']);
  if (outputsFor(network, 'attention').length > 0) answers.add('attention()');
  return [...answers].join(' and ');
}

/** What a model is for, as its network tells. */
export type ModelTask = 'classification' | 'detection' | 'segmentation' | 'features';

export function taskOf({ task, numClasses }: Network): ModelTask {
  return task ?? (numClasses > 0 ? 'classification' : 'features');
}

/** What answers each. */
const methods: Readonly<Record<ModelTask, string>> = {
  classification: 'classify()',
  detection: 'detect()',
  segmentation: 'segment()',
  features: 'features()',
};

/** @throws {GhostNetError} ERR_GHOST_TASK for a network of another task */
export function requireTask(network: Network, task: ModelTask): void {
  const own = taskOf(network);
  if (own === task) return;
  const message = `${network.architecture} is a ${network.kind} and made for ${own}: ask ${methods[own]} of it, not ${methods[task]}.`;
  throw new GhostNetError('ERR_GHOST_TASK', message);
}

/** @throws {GhostNetError} ERR_GHOST_SHAPE for a tensor of several images */
export function checkOneImage(n: number): void {
  if (n === 1) return;
  const message = `The tensor holds ${n} images, and one is asked about at a time. Pass an array of tensors [1, c, h, w].`;
  throw new GhostNetError('ERR_GHOST_SHAPE', message);
}

export function checkProbability<T>(name: string, value: unknown, absent: T): number | T {
  if (value === undefined) return absent;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw argumentError(`${name} should be a number from 0 to 1`, value);
}

/** Of width and height, height and width. */
export function checkSize(size: unknown): readonly [height: number, width: number] | undefined {
  if (size === undefined) return undefined;
  const sides = readArray(size, 2, 'size');
  const isSide = (side: unknown): side is number =>
    Number.isInteger(side) && (side as number) >= 1 && (side as number) <= maxPreprocessedSide;
  if (sides?.length === 2 && sides.every(isSide)) return [sides[1]!, sides[0]!];
  throw argumentError(`size should be [width, height] in whole pixels, at most ${maxPreprocessedSide}`, size);
}
