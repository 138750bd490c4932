import { GhostNetError } from './errors.js';
import type { LoadProgress } from './hub/download.js';
import type { Cpu } from './native.js';

/** How {@link load} makes a model. */
export interface LoadOptions {
  /**
   * Threads that compute. Default: the cores that this process may use (affinity mask and cgroup quota respected,
   * the small cores of a big.LITTLE system left out).
   */
  threads?: number;
  /** Of a model that is loaded by its name: a branch, a tag or a commit. Default `main`. */
  revision?: string;
  /** Called as the files of a model come that is loaded by its name; not for those that are in the cache. */
  onProgress?: (progress: LoadProgress) => void;
  /**
   * What activations and weights are stored and multiplied in. Default `fp32`. `fp16` needs a 64-bit ARM CPU with
   * arithmetic in half precision, as Cortex-A76 (Raspberry Pi 5) and Apple's chips have it; it doubles what an
   * instruction does and halves the memory. Numbers beyond 65504 then become infinite. `auto` takes `fp16` where the CPU
   * has it and the logits of a picture made for the purpose differ from those in fp32 by at most 1 % of the largest.
   */
  precision?: 'fp32' | 'fp16' | 'auto';
  /** Stops loading; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
}

export interface InferOptions {
  /** Stops the computation between two steps; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
}

export interface ClassifyOptions extends InferOptions {
  /** How many classes to return, most probable first. Default 5; never more than there are. */
  topK?: number;
}

export interface FeaturesOptions extends InferOptions {
  /**
   * Which maps: `conv_stem` (the first convolution alone, as timm's features have it) or `blocks.0` to `blocks.9`. Default:
   * `conv_stem`, `blocks.1`, `blocks.3`, `blocks.5` and `blocks.7`.
   */
  stages?: readonly string[];
}

export interface EmbedOptions extends InferOptions {
  /** Gives every vector the length 1, so that a product of two is their cosine similarity. Default false. */
  normalize?: boolean;
}

const maxThreads = 256;

function argumentError(expected: string, found: unknown): GhostNetError {
  const shown = typeof found === 'number' || typeof found === 'string' ? JSON.stringify(found) : typeof found;
  return new GhostNetError('ERR_GHOST_ARGUMENT', `${expected}, found ${shown}.`);
}

/** Untyped code may pass anything as options. */
export function checkOptions<T extends object>(options: T, name = 'options'): T {
  if (typeof options === 'object' && (options as T | null) !== null) return options;
  throw argumentError(`${name} should be an object`, options);
}

/** 0 stands for the default. */
export function checkThreads(threads: unknown): number {
  if (threads === undefined) return 0;
  if (Number.isInteger(threads) && (threads as number) >= 1 && (threads as number) <= maxThreads) return threads as number;
  throw argumentError(`threads should be a whole number from 1 to ${maxThreads}`, threads);
}

export const precisions = ['fp32', 'fp16', 'auto'] as const;

/**
 * What can be had of `precision` here: `auto` is fp32 where there is no arithmetic in half precision.
 *
 * @param isa what the environment forces, or ''
 */
export function checkPrecision(precision: unknown, isa: string, cpu: () => Cpu): (typeof precisions)[number] {
  const wanted = precision === undefined ? 'fp32' : precisions.find((name) => name === precision);
  if (!wanted) throw argumentError(`precision should be one of ${precisions.join(', ')}`, precision);
  if (wanted === 'fp32' || (isa === '' && cpu().fp16)) return wanted;
  if (wanted === 'auto') return 'fp32';
  const reason = isa === '' ? `${cpu().name} has none that ghostnet can use` : `GHOSTNET_ISA forces ${isa}, which computes in fp32`;
  const message = `precision 'fp16' needs arithmetic in half precision (FEAT_FP16 of 64-bit ARM), but ${reason}. Use 'auto' or 'fp32'.`;
  throw new GhostNetError('ERR_GHOST_PRECISION', message);
}

export function checkTopK(topK: unknown): number {
  if (topK === undefined) return 5;
  if (Number.isInteger(topK) && (topK as number) >= 1) return topK as number;
  throw argumentError('topK should be a whole number of at least 1', topK);
}

/** Whether the network has them is another question. */
export function checkStages(stages: unknown): readonly string[] | undefined {
  if (stages === undefined) return undefined;
  if (Array.isArray(stages) && new Set(stages).size === stages.length && stages.every((name) => typeof name === 'string')) {
    return stages;
  }
  throw argumentError('stages should be an array of names, each of them once', stages);
}

export function checkNormalize(normalize: unknown): boolean {
  if (normalize === undefined || typeof normalize === 'boolean') return normalize ?? false;
  throw argumentError('normalize should be true or false', normalize);
}

/** As Git allows them, and no way out of a folder. */
export function checkRevision(revision: unknown): string | undefined {
  if (revision === undefined) return undefined;
  const parts = typeof revision === 'string' && revision.length <= 200 ? revision.split('/') : [];
  if (parts.length > 0 && parts.every((part) => /^[\w+@=,-][\w+@=,.-]*$/.test(part) && !part.includes('..'))) return revision as string;
  throw argumentError('revision should be the name of a branch or tag, or a commit', revision);
}

export function checkOnProgress(onProgress: unknown): LoadOptions['onProgress'] {
  if (onProgress === undefined || typeof onProgress === 'function') return onProgress as LoadOptions['onProgress'];
  throw argumentError('onProgress should be a function', onProgress);
}

const maxProfileRuns = 10_000;

export function checkProfileRuns(runs: unknown): number {
  if (Number.isInteger(runs) && (runs as number) >= 0 && (runs as number) <= maxProfileRuns) return runs as number;
  throw argumentError(`profileRuns should be a whole number from 0 to ${maxProfileRuns}`, runs);
}

/** @throws `signal.reason` if the signal is aborted already. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw argumentError('signal should be an AbortSignal', signal);
  signal?.throwIfAborted();
  return signal;
}

/** The instruction set that the environment variable GHOSTNET_ISA forces, or '' for the best that the CPU has. */
export function forcedIsa(usable: () => readonly string[]): string {
  const isa = process.env['GHOSTNET_ISA'] ?? '';
  if (isa === '' || usable().includes(isa)) return isa;
  throw argumentError(`GHOSTNET_ISA should be one of what this machine has (${usable().join(', ')})`, isa);
}
