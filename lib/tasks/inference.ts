import { argumentError, checkSignal, readOptions } from '../arguments/options.js';
import { readArray } from '../arguments/untyped.js';
import { GhostNetError } from '../errors.js';
import { quoted } from '../messages/quoted.js';
import { outputsFor, type Network } from '../networks/network.js';
import { requiredOutputs, type FeatureMap } from './task.js';

export interface InferOptions {
  /** Stops the computation between two steps; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
  /**
   * Which outputs, by their names; an error lists those of the network. They come as an object with a field of each name,
   * as those of a network with a head do anyway.
   */
  outputs?: readonly string[];
}

/** An output of a batch. */
export interface OutputTensor {
  /** C order. */
  readonly data: Float32Array;
  /** [n, c, h, w]; of a vector [n, c]. */
  readonly shape: readonly number[];
}

/** Logits of a batch, before softmax. */
export interface Logits extends OutputTensor {
  readonly shape: readonly [n: number, classes: number];
}

export interface AskedOutputs {
  readonly names: readonly string[] | undefined;
  readonly signal: AbortSignal | undefined;
}

/** More than any network has. */
const maxOutputs = 256;

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT */
export function checkInference(options: unknown): AskedOutputs {
  const given = readOptions(options, ['signal', 'outputs']);
  return { names: checkNames(given.outputs), signal: checkSignal(given.signal) };
}

function checkNames(outputs: unknown): readonly string[] | undefined {
  if (outputs === undefined) return undefined;
  const names = readArray(outputs, maxOutputs, 'outputs');
  if (
    names?.every((name): name is string => typeof name === 'string') &&
    names.length > 0 &&
    new Set(names).size === names.length
  )
    return names;
  throw argumentError('outputs should be an array of names, one or more and each of them once', outputs);
}

/**
 * The names of the outputs that are meant: those that are asked for, or else a segmenter's logits, a detector's
 * predictions, a classifier's logits.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT for an unknown name, ERR_GHOST_ARCHITECTURE for a network without any of these
 */
export function outputsOf(network: Network, names: readonly string[] | undefined): readonly string[] {
  if (!names) {
    if (network.task === 'segmentation') return outputsFor(network, 'segmentation');
    return network.task === 'detection' ? outputsFor(network, 'prediction') : requiredOutputs(network, 'logits');
  }
  const known = network.blueprint.outputs.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `There is no output ${quoted(unknown)}; there are ${known.join(', ')}.`,
  );
}

/**
 * Outputs by their names, in the order in which they were asked for.
 *
 * @param values in the order in which they are computed
 */
export function byName(
  { blueprint }: Network,
  names: readonly string[],
  values: readonly FeatureMap[],
): Readonly<Record<string, OutputTensor>> {
  const computed = blueprint.outputs.filter(({ name }) => names.includes(name));
  const entries = names.map((name): [string, OutputTensor] => {
    const index = computed.findIndex((output) => output.name === name);
    const { data, shape } = values[index]!;
    const isVector = ['logits', 'embedding'].includes(computed[index]!.role);
    return [name, { data, shape: isVector ? shape.slice(0, 2) : shape }];
  });
  return Object.fromEntries(entries);
}
