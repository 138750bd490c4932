import { loadAddon } from './addon.js';
import type { PreprocessConfig } from './checkpoints/config.js';
import { GhostNetError, type GhostNetErrorCode } from './errors.js';
import type { Graph, NodeId } from './graph.js';
import type { RawImage } from './image/index.js';
import type { Affine } from './models/fold.js';

/** [n, channels, height, width] */
export type Shape = readonly [n: number, c: number, h: number, w: number];

/** What activations and weights are stored and multiplied in. */
export type Precision = 'fp32' | 'fp16';

export interface NamedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** One step of a plan: stages that run together, split over the threads by rows or by groups of channels. */
export interface PlanStep {
  readonly split: 'rows' | 'groups';
  /** Why so, in words: `map of 802816 bytes > L2 / 2, weights of 1024 bytes <= L1d`. */
  readonly reason: string;
  /** Rows or groups. */
  readonly tasks: number;
  /** "node: kernel" */
  readonly stages: readonly string[];
  /** Of each thread. */
  readonly scratchBytes: number;
  readonly macs: number;
  /** On one thread; 0 unless it was measured. */
  readonly microseconds: number;
}

/** How one image of a certain size is computed. */
export interface Plan {
  readonly inputSize: readonly [height: number, width: number];
  /** The caches of one core that the plan is made for: first level (data) and second. */
  readonly l1Bytes: number;
  readonly l2Bytes: number;
  /** Values that outlive a step, of each image under way. */
  readonly arenaBytes: number;
  /** Of each thread: the largest of the steps'. */
  readonly scratchBytes: number;
  /** The weights as the kernels read them, shared by all. */
  readonly weightBytes: number;
  readonly steps: readonly PlanStep[];
}

interface Failure {
  readonly code: 'invalid_argument' | 'out_of_memory' | 'cancelled' | 'unsupported' | 'internal';
  readonly message: string;
}

type Callback<T> = (failure: Failure | null, value?: T) => void;

/** The addon's model. Its arguments have been checked before they come here. */
export interface NativeModel {
  info(): { isa: string; precision: Precision; threads: number; weightBytes: number };
  /** See {@link packWeights}. */
  pack(
    node: NodeId,
    first: number,
    channels: number,
    weights: Float32Array,
    scale: Float64Array | undefined,
    bias: Float32Array | undefined,
  ): number | Failure;
  infer(data: Float32Array, n: number, c: number, h: number, w: number, callback: Callback<NamedTensor[]>): number | undefined;
  cancel(call: number): void;
  describe(height: number, width: number, profileRuns: number): Plan | Failure;
  close(): void;
}

export interface Cpu {
  readonly name: string;
  /** The instruction sets with kernels in fp32 that it can run, best first. */
  readonly isas: readonly string[];
  /** Whether it has arithmetic in half precision, and we have kernels for that. */
  readonly fp16: boolean;
  /** That this process may use. */
  readonly cores: number;
}

interface Addon {
  cpu(): Cpu;
  createModel(graph: Graph, threads: number, isa: string, precision: Precision, callback: Callback<NativeModel>): void;
  /** `settings`: see native/binding/preprocess.h */
  preprocess(
    pixels: Uint8Array,
    settings: Float64Array,
    interpolation: string,
    cropMode: string,
    isa: string,
    callback: Callback<Float32Array>,
  ): void;
}

const codes: Record<Failure['code'], GhostNetErrorCode> = {
  invalid_argument: 'ERR_GHOST_SHAPE',
  out_of_memory: 'ERR_GHOST_NATIVE',
  cancelled: 'ERR_GHOST_DISPOSED',
  unsupported: 'ERR_GHOST_NATIVE',
  internal: 'ERR_GHOST_NATIVE',
};

function failed(failure: Failure, wrongArgument: GhostNetErrorCode = codes.invalid_argument): GhostNetError {
  const code = failure.code === 'invalid_argument' ? wrongArgument : codes[failure.code];
  return new GhostNetError(code, `${failure.message[0]!.toUpperCase()}${failure.message.slice(1)}.`);
}

let loaded: Addon | undefined;

function addon(): Addon {
  return (loaded ??= loadAddon() as Addon);
}

export function cpu(): Cpu {
  return addon().cpu();
}

/**
 * Turns a callback into a promise. The error is made here, not in the callback, so that its stack leads to the
 * caller's own lines.
 */
async function settle<T>(start: (callback: Callback<T>) => void, wrongArgument?: GhostNetErrorCode): Promise<T> {
  const [failure, value] = await new Promise<[Failure | null, T | undefined]>((resolve) => {
    start((failure, value) => resolve([failure, value]));
  });
  if (failure) throw failed(failure, wrongArgument);
  return value as T;
}

/** The network without its weights: {@link packWeights} hands them over before the first image. */
export function createModel(graph: Graph, options: { threads: number; isa: string; precision: Precision }): Promise<NativeModel> {
  return settle((callback) => addon().createModel(graph, options.threads, options.isa, options.precision, callback));
}

/**
 * Copies a convolution's weights for some of its output channels into the model; `affine` has all of its channels. Where
 * a weight is NaN or infinite, nothing is copied.
 *
 * @returns that value's index in `weights`, or -1
 */
export function packWeights(
  model: NativeModel,
  id: NodeId,
  { first, channels }: { first: number; channels: number },
  weights: Float32Array,
  affine: Affine,
): number {
  const last = first + channels;
  const [scale, bias] = [affine.scale?.subarray(first, last), affine.bias?.subarray(first, last)];
  const result = model.pack(id, first, channels, weights, scale, bias);
  if (typeof result === 'number') return result;
  if (result.code !== 'unsupported') throw failed(result);
  throw new GhostNetError('ERR_GHOST_PRECISION', `${failed(result).message} Load the model with precision 'fp32'.`);
}

/** Runs the network; an aborted signal stops it between steps. */
export async function infer(
  model: NativeModel,
  data: Float32Array,
  shape: Shape,
  signal: AbortSignal | undefined,
): Promise<NamedTensor[]> {
  signal?.throwIfAborted();
  let stop: (() => void) | undefined;
  try {
    const outputs = await settle<NamedTensor[]>((callback) => {
      const call = model.infer(data, ...shape, callback);
      if (call === undefined) return;
      stop = (): void => model.cancel(call);
      signal?.addEventListener('abort', stop, { once: true });
    });
    // Aborted when the last step had ended, but before the caller could know.
    signal?.throwIfAborted();
    return outputs;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    if (stop) signal?.removeEventListener('abort', stop);
  }
}

/** The plan for images of this size; `profileRuns` > 0 runs it and measures every step (this blocks meanwhile). */
export function describePlan(model: NativeModel, height: number, width: number, profileRuns: number): Plan {
  const plan = model.describe(height, width, profileRuns);
  if ('steps' in plan) return plan;
  throw failed(plan);
}

/** [3, height, width] of the config's input size. The pixels must stay as they are until the promise settles. */
export function preprocessPixels(image: RawImage, config: PreprocessConfig, isa: string): Promise<Float32Array> {
  const { width, height, channels } = image;
  const { inputSize, cropPct, mean, std, interpolation, cropMode } = config;
  const settings = Float64Array.of(width, height, channels, ...inputSize, cropPct, ...mean, ...std);
  const pixels = new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  return settle(
    (callback) => addon().preprocess(pixels, settings, interpolation, cropMode, isa, callback),
    'ERR_GHOST_IMAGE',
  );
}
