import { GhostNetError } from './errors.js';
import type { Graph, Pair } from './graph.js';
import { inferShapes } from './models/macs.js';
import type { Tensor4 } from './preprocess.js';

/** Rather than an image; whether it is a sound one is another question. */
export function isTensor(input: unknown): input is Tensor4 {
  return typeof input === 'object' && input !== null && 'data' in input && 'shape' in input;
}

/** @throws {GhostNetError} ERR_GHOST_SHAPE */
export function checkInputSize(size: unknown): Pair {
  if (Array.isArray(size) && size.length === 2 && size.every((side) => Number.isSafeInteger(side) && side >= 1)) {
    return size as unknown as Pair;
  }
  throw new GhostNetError('ERR_GHOST_SHAPE', `inputSize should be [height, width] in whole pixels, found ${JSON.stringify(size)}.`);
}

/**
 * A network's input as untyped code may pass it. Memory that another thread may write is copied.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT, ERR_GHOST_SHAPE
 */
export function checkTensor(tensor: unknown, graph: Graph): Tensor4 {
  const { data, shape } = (tensor ?? {}) as { data?: unknown; shape?: unknown };
  if (!(data instanceof Float32Array) || !Array.isArray(shape)) {
    throw new GhostNetError('ERR_GHOST_ARGUMENT', 'A tensor should be { data: Float32Array, shape: [n, 3, h, w] }.');
  }
  const found = `found shape [${shape.join(', ')}]`;
  if (shape.length !== 4 || shape[1] !== 3 || !shape.every((side) => Number.isSafeInteger(side) && side >= 1)) {
    throw new GhostNetError('ERR_GHOST_SHAPE', `A tensor should have the shape [n, 3, h, w], ${found}.`);
  }
  const [n, c, h, w] = shape as unknown as Tensor4['shape'];
  if (n * c * h * w !== data.length) {
    throw new GhostNetError('ERR_GHOST_SHAPE', `Shape [${shape.join(', ')}] needs ${n * c * h * w} values, found ${data.length}.`);
  }
  inferShapes(graph, [h, w]);
  // Memory that another thread may write or that the engine cannot be handed is copied first.
  const plain = data.buffer instanceof SharedArrayBuffer ? Float32Array.from(data) : data;
  return { data: plain, shape: [n, c, h, w] };
}
