import { notFinite } from '../formats/finite.js';
import { isConv2d, weightsPerChannel, type Conv2dNode, type Graph, type NodeId } from '../graph/graph.js';
import { fold, type Affine } from '../graph/fold.js';
import {
  createBuilder,
  finishModel,
  packWeights,
  type NativeBuilder,
  type NativeModel,
  type Precision,
} from '../native/native.js';
import { follower } from '../waiting/abort.js';
import { ownTurn } from '../waiting/own-turn.js';

/** Weights of some output channels of a convolution. */
interface Piece {
  readonly id: NodeId;
  readonly conv: Conv2dNode;
  readonly first: number;
  readonly channels: number;
}

/** A batch takes a millisecond or so, and what was read is still in the cache when it is packed. */
const batchFloats = 2 ** 18;

/** Whose weights all models share that are loaded from it. */
interface WeightsFile {
  /** Of no other file, and of this one until it is written to. Taken before anything was read. */
  readonly stamp: string;
  /** Whether all that was read is what the stamp stands for. */
  readonly isUnchanged: () => Promise<boolean>;
}

export interface BuildOptions {
  readonly threads: number;
  readonly isa: string;
  /** By default fp32. */
  readonly precision?: Precision;
  /** Where the graph's weights come from, all of them. */
  readonly file?: WeightsFile;
}

/**
 * The native model of a graph. What a model of the same file has packed is neither read nor packed again. Nothing is
 * left of it if this fails.
 *
 * @throws {GhostNetError} ERR_GHOST_NATIVE where memory or threads are short, ERR_GHOST_PRECISION for a weight
 *   that is too large for the precision, and what {@link packGraph} throws
 * @throws `signal.reason` once the signal is aborted.
 */
export async function createPackedModel(
  graph: Graph,
  options: BuildOptions,
  signal?: AbortSignal,
): Promise<NativeModel> {
  await ownTurn();
  const { file } = options;
  const builder = await startBuilder(graph, options, signal);
  try {
    await packGraph(builder, graph, signal);
    return await finishModel(builder, file !== undefined && (await file.isUnchanged()));
  } finally {
    builder.close();
  }
}

/**
 * How long a load waits for others of the same file. It takes them some tens of milliseconds, but who blocks a thread's
 * event loop in the middle of one must not stop all.
 */
const patienceMs = 10_000;

async function startBuilder(
  graph: Graph,
  { file, precision = 'fp32', threads, isa }: BuildOptions,
  signal: AbortSignal | undefined,
): Promise<NativeBuilder> {
  const options = { threads, isa, precision };
  if (!file) return createBuilder(graph, options, signal);
  const { controller: waiting, leave } = follower(signal);
  const late = new Error('the file is being loaded elsewhere');
  const timer = setTimeout(() => waiting.abort(late), patienceMs);
  try {
    return await createBuilder(graph, { ...options, file: identityOf(graph, file) }, waiting.signal);
  } catch (error) {
    if (error !== late) throw error;
  } finally {
    clearTimeout(timer);
    leave();
  }
  return createBuilder(graph, options, signal);
}

/** What is packed are a file's weights times its batch norms, whose eps somebody may say beside the file. */
function identityOf({ nodes }: Graph, { stamp }: WeightsFile): string {
  const eps = nodes.flatMap((node) => (isConv2d(node) ? (node.parameters.batchNorm?.eps ?? []) : []));
  return [stamp, ...[...new Set(eps)].sort()].join(' ');
}

/**
 * Hands a graph's weights to the builder that was created from it. What is still in a file is read on the way, each
 * batch while the one before is packed, so that only two of them are in memory beside the packed weights. Nothing of it
 * waits on the JavaScript thread.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a weight that is NaN or infinite or an impossible variance,
 *   ERR_GHOST_FILE or ERR_GHOST_CHECKPOINT for a file that cannot be read to its end any more
 * @throws `signal.reason` once the signal is aborted.
 */
async function packGraph(builder: NativeBuilder, graph: Graph, signal?: AbortSignal): Promise<void> {
  const convs = builder.lacking().map((id): [NodeId, Conv2dNode] => [id, graph.nodes[id] as Conv2dNode]);
  const batches = batchesOf(convs.flatMap(([id, conv]) => piecesOf(id, conv)));
  const read = reader(batches, signal);
  let next = read(0);
  let affine: Affine = {};
  for (const [i, batch] of batches.entries()) {
    const weights = await next;
    await ownTurn();
    next = read(i + 1);
    signal?.throwIfAborted();
    const pieces = batch.map(({ id, conv, first, channels }, k) => {
      if (first === 0) affine = fold(conv.parameters);
      const [scale, bias] = [
        affine.scale?.subarray(first, first + channels),
        affine.bias?.subarray(first, first + channels),
      ];
      return { node: id, first, channels, weights: weights[k]!, scale, bias };
    });
    const found = await packWeights(builder, pieces);
    if (!found) continue;
    const { conv, first } = batch[found.piece]!;
    const value = weights[found.piece]![found.index]!;
    throw notFinite(conv.parameters.weightName, value, first * weightsPerChannel(conv) + found.index);
  }
  signal?.throwIfAborted();
}

function piecesOf(id: NodeId, conv: Conv2dNode): Piece[] {
  const step = Math.max(1, Math.floor(batchFloats / weightsPerChannel(conv)));
  const pieces: Piece[] = [];
  for (let first = 0; first < conv.outChannels; first += step) {
    pieces.push({ id, conv, first, channels: Math.min(step, conv.outChannels - first) });
  }
  return pieces;
}

/** Small convolutions go together: each batch is a round trip to another thread. */
function batchesOf(pieces: readonly Piece[]): Piece[][] {
  const batches: Piece[][] = [];
  let room = 0;
  for (const piece of pieces) {
    if (weightCount(piece) > room) {
      batches.push([]);
      room = Math.max(batchFloats, weightCount(piece));
    }
    batches.at(-1)!.push(piece);
    room -= weightCount(piece);
  }
  return batches;
}

/**
 * Reads batches by their index: weights in memory are views, the others go into two buffers by turns. So a batch that
 * was read stays as it is until the one after the next is.
 */
function reader(batches: readonly (readonly Piece[])[], signal?: AbortSignal): (i: number) => Promise<Float32Array[]> {
  const isStored = ({ conv }: Piece): boolean => !conv.parameters.weight.data;
  const storedCount = (batch: readonly Piece[]): number =>
    batch.filter(isStored).reduce((sum, piece) => sum + weightCount(piece), 0);
  const largest = Math.max(0, ...batches.map(storedCount));
  const buffers = [new Float32Array(largest), new Float32Array(largest)] as const;
  const readBatch = async (batch: readonly Piece[], buffer: Float32Array): Promise<Float32Array[]> => {
    const weights: Float32Array[] = [];
    let used = 0;
    for (const piece of batch) {
      signal?.throwIfAborted();
      const { weight } = piece.conv.parameters;
      const start = piece.first * weightsPerChannel(piece.conv);
      if (weight.data) {
        weights.push(weight.data.subarray(start, start + weightCount(piece)));
      } else {
        const into = buffer.subarray(used, (used += weightCount(piece)));
        await weight.read(into, start);
        weights.push(into);
      }
    }
    return weights;
  };
  return (i) => {
    const reading = readBatch(batches[i] ?? [], buffers[i % 2]!);
    // It may fail while the batch before is packed, or after that has failed: then nobody waits for it yet.
    reading.catch(() => undefined);
    return reading;
  };
}

function weightCount({ conv, channels }: Piece): number {
  return channels * weightsPerChannel(conv);
}

/**
 * Shapes can still be inferred from it, but the checkpoint's memory is free: even one bias may be a view on all of it.
 */
export function withoutNumbers(graph: Graph): Graph {
  const parameters = { weight: { shape: [0], data: new Float32Array(0) }, weightName: '' };
  const nodes = graph.nodes.map((node) => (isConv2d(node) ? { ...node, parameters } : node));
  return { ...graph, nodes };
}
