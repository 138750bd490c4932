import { loadAddon } from './addon.js';
import type { Plan } from './plan.js';
import { GhostNetError, type GhostNetErrorCode } from '../errors.js';
import type { Graph, NodeId } from '../graph/graph.js';
import type { Placing, Preprocessing } from './pictures.js';
import { inferShapes } from '../graph/shapes.js';
import { onAbort } from '../waiting/abort.js';

/** [n, channels, height, width] */
export type Shape = readonly [n: number, c: number, h: number, w: number];

/** What activations and weights are stored and multiplied in. */
export type Precision = 'fp32' | 'fp16';

export interface NamedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array;
}

interface Failure {
  readonly code: 'invalid_argument' | 'out_of_memory' | 'cancelled' | 'busy' | 'unsupported' | 'internal';
  readonly message: string;
}

type Callback<T> = (failure: Failure | null, value?: T) => void;

/** What can be cancelled while it runs. */
type Call = number;

/** Weights of some output channels of a convolution, [channels, inChannels / groups, kernel]. */
export interface WeightsPiece {
  readonly node: NodeId;
  readonly first: number;
  readonly channels: number;
  readonly weights: Float32Array;
  /** [channels]; 1 where it is left out. */
  readonly scale?: Float64Array | undefined;
  /** [channels]; 0 where it is left out. */
  readonly bias?: Float32Array | undefined;
}

/** Where a weight is no finite number: the piece and the index in it. */
export interface NotFinite {
  readonly piece: number;
  readonly index: number;
}

/** The addon's model while it is built. */
export interface NativeBuilder {
  /** The convolutions that still lack weights. */
  lacking(): NodeId[];
  /** See {@link packWeights}. */
  pack(pieces: readonly WeightsPiece[], callback: Callback<NotFinite>): void;
  /** See {@link finishModel}. */
  finish(share: boolean, callback: Callback<NativeModel>): void;
  close(): void;
}

/** What a network is run on. */
export interface Input {
  readonly data: Float32Array;
  readonly shape: Shape;
  /**
   * Whether the data stays as it is until the answer has come: then it is read where it lies. Else it is copied before
   * {@link infer} returns.
   */
  readonly lent: boolean;
}

/** The addon's model. Its arguments have been checked before they come here. */
export interface NativeModel {
  /** Of a closed model: nothing. */
  info(): { isa: string; precision: Precision; threads: number; activeThreads?: number; weightBytes: number };
  /** Writes into `outputs`, which have the sizes that follow from the shape; undefined where it has failed already. */
  infer(call: Input & { readonly outputs: readonly Float32Array[] }, callback: Callback<undefined>): Call | undefined;
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

interface BuilderOptions {
  readonly threads: number;
  readonly isa: string;
  readonly precision: Precision;
  /** What tells the weights' file from all others, for those who load it to share its weights. */
  readonly file?: string | undefined;
}

interface Addon {
  cpu(): Cpu;
  createBuilder(graph: Graph, options: BuilderOptions, callback: Callback<NativeBuilder>): Call | undefined;
  /** What the weights of all models in this process take, each counted once. */
  packedBytes(): number;
  placeInput(placing: Placing): Failure | undefined;
  /** Undefined where it has failed already. */
  preprocess(call: Preprocessing, callback: Callback<undefined>): Call | undefined;
  cancel(call: Call): void;
}

const codes: Record<Failure['code'], GhostNetErrorCode> = {
  invalid_argument: 'ERR_GHOST_SHAPE',
  out_of_memory: 'ERR_GHOST_NATIVE',
  cancelled: 'ERR_GHOST_DISPOSED',
  busy: 'ERR_GHOST_BUSY',
  unsupported: 'ERR_GHOST_NATIVE',
  internal: 'ERR_GHOST_NATIVE',
};

/** `own`: what the call's failures are to the caller, where that is something else. */
export function failed({ code, message }: Failure, own: Partial<typeof codes> = {}): GhostNetError {
  return new GhostNetError(own[code] ?? codes[code], `${message[0]!.toUpperCase()}${message.slice(1)}.`);
}

let loaded: Addon | undefined;

export function addon(): Addon {
  return (loaded ??= loadAddon() as Addon);
}

export function cpu(): Cpu {
  return orOutOfMemory(() => addon().cpu());
}

/** Where memory is short for what a call needs on its way, the addon throws. */
export function orOutOfMemory<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'out_of_memory')
      throw failed({ code: 'out_of_memory', message: 'out of memory' });
    throw error;
  }
}

/**
 * Turns a callback into a promise. The error is made here, not in the callback, so that its stack leads to the
 * caller's own lines.
 */
async function settle<T>(start: (callback: Callback<T>) => void, own?: Partial<typeof codes>): Promise<T> {
  const [failure, value] = await new Promise<[Failure | null, T | undefined]>((resolve) => {
    orOutOfMemory(() => start((failure, value) => resolve([failure, value])));
  });
  if (failure) throw failed(failure, own);
  return value as T;
}

/** What an aborted signal ends early. */
export async function settleUnlessAborted(
  start: (callback: Callback<undefined>) => Call | undefined,
  signal: AbortSignal | undefined,
  own?: Partial<typeof codes>,
): Promise<void> {
  signal?.throwIfAborted();
  let leave: (() => void) | undefined;
  try {
    await settle<undefined>((callback) => {
      const call = start(callback);
      if (call === undefined) return;
      leave = signal && onAbort(signal, () => addon().cancel(call));
    }, own);
  } finally {
    leave?.();
    // Whatever it ended with, also where it had ended before the caller could know.
    signal?.throwIfAborted();
  }
}

/** Zeros, where an answer is written to. */
export function floats(count: number): Float32Array {
  try {
    return new Float32Array(count);
  } catch {
    throw failed({ code: 'out_of_memory', message: `not enough memory for an answer of ${count} values` });
  }
}

/**
 * The network without its weights: {@link packWeights} hands them over, {@link finishModel} makes it a model. Of a file
 * it comes when nobody else in this process packs weights of that, and then lacks only what no model has. Others wait
 * until it is finished or closed.
 */
export async function createBuilder(
  graph: Graph,
  options: BuilderOptions,
  signal: AbortSignal | undefined,
): Promise<NativeBuilder> {
  let builder: NativeBuilder | undefined;
  try {
    await settleUnlessAborted(
      (callback) =>
        addon().createBuilder(graph, options, (failure, made) => {
          builder = made;
          callback(failure);
        }),
      signal,
    );
    return builder!;
  } catch (error) {
    builder?.close();
    throw error;
  }
}

export function packedBytes(): number {
  return addon().packedBytes();
}

/**
 * Copies weights into the model, piece by piece, up to the first piece in which a weight is NaN or infinite. Each
 * channel comes once. The arrays must stay as they are until the promise settles.
 */
export function packWeights(builder: NativeBuilder, pieces: readonly WeightsPiece[]): Promise<NotFinite | undefined> {
  return settle((callback) => builder.pack(pieces, callback), { unsupported: 'ERR_GHOST_PRECISION' });
}

/**
 * The model, once it has all its weights; the builder is of no more use.
 *
 * @param share whether the weights are those of the file that the builder was created for: then others use them too
 */
export function finishModel(builder: NativeBuilder, share: boolean): Promise<NativeModel> {
  return settle((callback) => builder.finish(share, callback));
}

/** Runs the network, whose graph `model` was made of; an aborted signal stops it between steps. */
export async function infer(
  model: NativeModel,
  graph: Graph,
  input: Input,
  signal: AbortSignal | undefined,
): Promise<NamedTensor[]> {
  const [n, , h, w] = input.shape;
  const shapes = inferShapes(graph, [h, w]);
  const outputs = graph.outputs.map(({ name, node }): NamedTensor => {
    const map = shapes[node]!;
    return { name, shape: [n, ...map], data: floats(n * map[0] * map[1] * map[2]) };
  });
  const memory = outputs.map((output) => output.data);
  await settleUnlessAborted((callback) => model.infer({ ...input, outputs: memory }, callback), signal);
  return outputs;
}

/** The plan for images of this size; `profileRuns` > 0 runs it and measures every step (this blocks meanwhile). */
export function describePlan(model: NativeModel, height: number, width: number, profileRuns: number): Plan {
  const plan = orOutOfMemory(() => model.describe(height, width, profileRuns));
  if ('steps' in plan) return plan;
  throw failed(plan);
}
