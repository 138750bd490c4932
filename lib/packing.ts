import { setImmediate as nextTurn } from 'node:timers/promises';
import { notFinite } from './checkpoints/faults.js';
import { weightsPerChannel, type Conv2dNode, type Graph, type NodeId } from './graph.js';
import { fold, type Affine } from './models/fold.js';
import { createModel, packWeights, type NativeModel, type Precision } from './native.js';

/** Weights of some output channels of a convolution, the unit in which they are read and packed. */
interface Piece {
  readonly id: NodeId;
  readonly conv: Conv2dNode;
  readonly first: number;
  readonly channels: number;
}

/** A piece takes a millisecond or so, and what was read is still in the cache when it is packed. */
const pieceFloats = 2 ** 18;

/**
 * The native model of a graph. Nothing is left of it if this fails.
 *
 * @throws {GhostNetError} ERR_GHOST_NATIVE where memory or threads are short, ERR_GHOST_PRECISION for a weight
 *   that is too large for the precision, and what {@link packGraph} throws
 * @throws `signal.reason` once the signal is aborted.
 */
export async function createPackedModel(
  graph: Graph,
  options: { threads: number; isa: string; precision?: Precision },
  signal?: AbortSignal,
): Promise<NativeModel> {
  const model = await createModel(graph, { precision: 'fp32', ...options });
  try {
    await packGraph(model, graph, signal);
    return model;
  } catch (error) {
    model.close();
    throw error;
  }
}

/**
 * Hands a graph's weights to the model that was created from it. What is still in a file is read on the way, each piece
 * while the one before is packed, so that only two of them are in memory beside the packed weights. The event loop
 * turns between pieces.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a weight that is NaN or infinite or an impossible variance,
 *   ERR_GHOST_FILE or ERR_GHOST_CHECKPOINT for a file that cannot be read to its end any more
 * @throws `signal.reason` once the signal is aborted.
 */
async function packGraph(model: NativeModel, graph: Graph, signal?: AbortSignal): Promise<void> {
  const pieces = graph.nodes.flatMap((node, id) => (node.op === 'conv2d' ? piecesOf(id, node) : []));
  const read = reader(pieces);
  let next = read(0);
  let affine: Affine = {};
  let sinceTurn = 0;
  for (const [i, { id, conv, first, channels }] of pieces.entries()) {
    const weights = await next;
    next = read(i + 1);
    signal?.throwIfAborted();
    if (first === 0) affine = fold(conv.parameters);
    const index = packWeights(model, id, { first, channels }, weights, affine);
    if (index >= 0) throw notFinite(conv.parameters.weightName, weights[index]!, first * weightsPerChannel(conv) + index);
    sinceTurn += weights.length;
    if (sinceTurn < pieceFloats) continue;
    await nextTurn();
    sinceTurn = 0;
  }
  signal?.throwIfAborted();
}

function piecesOf(id: NodeId, conv: Conv2dNode): Piece[] {
  const step = Math.max(1, Math.floor(pieceFloats / weightsPerChannel(conv)));
  const pieces: Piece[] = [];
  for (let first = 0; first < conv.outChannels; first += step) {
    pieces.push({ id, conv, first, channels: Math.min(step, conv.outChannels - first) });
  }
  return pieces;
}

/**
 * Reads pieces by their index: those in memory are views, the others go into two buffers by turns. So a piece that was
 * read stays as it is until the one after the next is.
 */
function reader(pieces: readonly Piece[]): (i: number) => Promise<Float32Array> | Float32Array {
  const stored = pieces.filter(({ conv }) => !conv.parameters.weight.data);
  const largest = Math.max(0, ...stored.map(weightCount));
  const buffers = [new Float32Array(largest), new Float32Array(largest)] as const;
  return (i) => {
    const piece = pieces[i];
    if (!piece) return new Float32Array(0); // behind the last one
    const { weight } = piece.conv.parameters;
    const start = piece.first * weightsPerChannel(piece.conv);
    if (weight.data) return weight.data.subarray(start, start + weightCount(piece));
    const into = buffers[i % 2]!.subarray(0, weightCount(piece));
    const reading = weight.read(into, start).then(() => into);
    // It may fail while the piece before is packed, or after that has failed: then nobody waits for it yet.
    reading.catch(() => undefined);
    return reading;
  };
}

function weightCount({ conv, channels }: Piece): number {
  return channels * weightsPerChannel(conv);
}

/** Shapes can still be inferred from it, but the checkpoint's memory is free: even one bias may be a view on all of it. */
export function withoutNumbers(graph: Graph): Graph {
  const parameters = { weight: { shape: [0], data: new Float32Array(0) }, weightName: '' };
  const nodes = graph.nodes.map((node) => (node.op === 'conv2d' ? { ...node, parameters } : node));
  return { ...graph, nodes };
}
