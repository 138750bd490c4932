import { addon as loadedAddon, failed, orOutOfMemory, settle, settleUnlessAborted, zeros } from './calls.js';
import type { Call, Callback, Failure } from './calls.js';
import type { Plan } from './plan.js';
import type { Graph, NodeId } from '../graph/graph.js';
import { inferShapes } from '../graph/shapes.js';

/** [n, channels, height, width] */
export type Shape = readonly [n: number, c: number, h: number, w: number];

/** What activations and weights are stored and multiplied in. */
export type Precision = 'fp32' | 'fp16';

export interface NamedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array;
}

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
}

const addon = (): Addon => loadedAddon() as Addon;

export function cpu(): Cpu {
  return orOutOfMemory(() => addon().cpu());
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
    return { name, shape: [n, ...map], data: zeros(Float32Array, n * map[0] * map[1] * map[2]) };
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
