import { quoted } from '../formats/faults.js';
import { GhostNetError } from '../errors.js';
import type { LoadProgress } from '../hub/download.js';
import type { Cpu } from '../native/native.js';
import { nearestName } from './nearest-name.js';
import { asSignal } from './signals.js';
import { guarded, readArray, readFields, shown } from './untyped.js';

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
   * instruction does and halves the memory. Numbers beyond 65504 then become infinite. `auto` takes `fp16` where the
   * CPU has it and the logits of a picture made for the purpose differ from those in fp32 by at most 1 % of the
   * largest.
   */
  precision?: 'fp32' | 'fp16' | 'auto';
  /** Stops loading; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
}

export interface InferOptions {
  /** Stops the computation between two steps; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
}

/** For what may begin with an image. */
export interface ImageOptions extends InferOptions {
  /**
   * How long an image may take to be decoded, and a pipe to be read: a picture may be made to take minutes. Its turn
   * comes before the time begins. Whole milliseconds, up to an hour; default 30000.
   */
  decodeTimeoutMs?: number;
}

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

const maxThreads = 256;

function argumentError(expected: string, found: unknown): GhostNetError {
  return new GhostNetError('ERR_GHOST_ARGUMENT', `${expected}, found ${shown(found)}.`);
}

/**
 * What untyped code has passed as options, each read once; undefined counts as absent.
 *
 * @param name begins the messages
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT also for an option that is not among `known`
 */
export function readOptions<K extends string>(
  options: unknown,
  known: readonly K[],
  name = 'options',
): Record<K, unknown> {
  if (typeof options !== 'object' || options === null) throw argumentError(`${name} should be an object`, options);
  const unknown = guarded(name, () =>
    Object.entries(options).find(([key, value]) => value !== undefined && !known.includes(key as K)),
  );
  if (!unknown) return readFields(options, known, name);
  const nearest = nearestName(unknown[0], known);
  const advice = nearest === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${nearest}?`;
  throw new GhostNetError('ERR_GHOST_ARGUMENT', `${name}: there is no option ${quoted(unknown[0])}. ${advice}`);
}

/** 0 stands for the default. */
export function checkThreads(threads: unknown): number {
  if (threads === undefined) return 0;
  if (Number.isInteger(threads) && (threads as number) >= 1 && (threads as number) <= maxThreads)
    return threads as number;
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
  const reason =
    isa === '' ? `${cpu().name} has none that ghostnet can use` : `GHOSTNET_ISA forces ${isa}, which computes in fp32`;
  const message = `precision 'fp16' needs arithmetic in half precision (FEAT_FP16 of 64-bit ARM), but ${reason}. Use 'auto' or 'fp32'.`;
  throw new GhostNetError('ERR_GHOST_PRECISION', message);
}

export function checkTopK(topK: unknown): number {
  if (topK === undefined) return 5;
  if (Number.isInteger(topK) && (topK as number) >= 1) return topK as number;
  throw argumentError('topK should be a whole number of at least 1', topK);
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

export function checkFlag(name: string, flag: unknown): boolean {
  if (flag === undefined || typeof flag === 'boolean') return flag ?? false;
  throw argumentError(`${name} should be true or false`, flag);
}

/** As Git allows them, and no way out of a folder. */
export function checkRevision(revision: unknown): string | undefined {
  if (revision === undefined) return undefined;
  const parts = typeof revision === 'string' && revision.length <= 200 ? revision.split('/') : [];
  if (parts.length > 0 && parts.every((part) => /^[\w+@=,-][\w+@=,.-]*$/.test(part) && !part.includes('../..')))
    return revision as string;
  throw argumentError('revision should be the name of a branch or tag, or a commit', revision);
}

export function checkOnProgress(onProgress: unknown): LoadOptions['onProgress'] {
  if (onProgress === undefined || typeof onProgress === 'function') return onProgress as LoadOptions['onProgress'];
  throw argumentError('onProgress should be a function', onProgress);
}

export const defaultDecodeTimeoutMs = 30_000;
const maxDecodeTimeoutMs = 3_600_000;

export function checkDecodeTimeout(timeoutMs: unknown): number {
  if (timeoutMs === undefined) return defaultDecodeTimeoutMs;
  if (Number.isInteger(timeoutMs) && (timeoutMs as number) >= 1 && (timeoutMs as number) <= maxDecodeTimeoutMs)
    return timeoutMs as number;
  throw argumentError(`decodeTimeoutMs should be a whole number from 1 to ${maxDecodeTimeoutMs}`, timeoutMs);
}

const maxProfileRuns = 10_000;

export function checkProfileRuns(runs: unknown): number {
  if (Number.isInteger(runs) && (runs as number) >= 0 && (runs as number) <= maxProfileRuns) return runs as number;
  throw argumentError(`profileRuns should be a whole number from 0 to ${maxProfileRuns}`, runs);
}

/** @throws `signal.reason` if the signal is aborted already. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const own = asSignal(signal);
  if (!own) throw argumentError('signal should be an AbortSignal', signal);
  own.throwIfAborted();
  return own;
}

/** The instruction set that the environment variable GHOSTNET_ISA forces, or '' for the best that the CPU has. */
export function forcedIsa(usable: () => readonly string[]): string {
  const isa = process.env['GHOSTNET_ISA'] ?? '';
  if (isa === '' || usable().includes(isa)) return isa;
  throw argumentError(`GHOSTNET_ISA should be one of what this machine has (${usable().join(', ')})`, isa);
}
