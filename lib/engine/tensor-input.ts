import { isFloat32Array } from 'node:util/types';
import { GhostNetError } from '../errors.js';
import type { Graph, Pair } from '../graph/graph.js';
import { inferShapes, inputChannels } from '../graph/shapes.js';
import { isOwn, placeOf } from '../arguments/intrinsics.js';
import { guarded, readArray, readFields } from '../arguments/untyped.js';
import { kindOf, shown } from '../messages/shown.js';

/** A tensor [n, c, h, w] in C order. */
export interface Tensor4 {
  readonly data: Float32Array;
  readonly shape: readonly [n: number, c: number, h: number, w: number];
}

/** Rather than an image; whether it is a sound one is another question. */
export function isTensor(input: unknown): input is Tensor4 {
  return typeof input === 'object' && input !== null && guarded('The input', () => 'data' in input && 'shape' in input);
}

/** @throws {GhostNetError} ERR_GHOST_SHAPE */
export function checkInputSize(size: unknown): Pair {
  const sides = readArray(size, 2, 'inputSize');
  if (sides?.length === 2 && sides.every(isSide)) return sides as unknown as Pair;
  throw new GhostNetError(
    'ERR_GHOST_SHAPE',
    `inputSize should be [height, width] in whole pixels, found ${shown(size)}.`,
  );
}

/**
 * A network's input as untyped code may pass it, in an array of our own on the same memory. Memory that another thread
 * may write or that may shrink is copied.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT, ERR_GHOST_SHAPE
 */
export function checkTensor(tensor: unknown, graph: Graph): Tensor4 {
  const expected = `[n, ${inputChannels(graph)}, h, w]`;
  const isObject = typeof tensor === 'object' && tensor !== null;
  const { data, shape } = isObject ? readFields(tensor, ['data', 'shape'], 'The tensor') : {};
  // Only the engine knows what an array is: its class may be another realm's, or only claimed.
  if (!isFloat32Array(data) || !guarded('The shape', () => Array.isArray(shape))) {
    const found = isObject ? `data ${kindOf(data)}, shape ${kindOf(shape)}` : kindOf(tensor);
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `A tensor should be { data: Float32Array, shape: ${expected} }, found ${found}.`,
    );
  }
  const sides = readArray(shape, 4, 'The shape');
  if (sides?.length !== 4 || sides[1] !== inputChannels(graph) || !sides.every(isSide)) {
    throw new GhostNetError(
      'ERR_GHOST_SHAPE',
      `A tensor should have the shape ${expected}, found shape ${shown(sides ?? shape)}.`,
    );
  }
  const [n, c, h, w] = sides as unknown as Tensor4['shape'];
  const place = placeOf(data);
  const length = place.byteLength / Float32Array.BYTES_PER_ELEMENT;
  if (n * c * h * w !== length) {
    throw new GhostNetError(
      'ERR_GHOST_SHAPE',
      `Shape [${sides.join(', ')}] needs ${n * c * h * w} values, found ${length}.`,
    );
  }
  inferShapes(graph, [h, w]);
  const own = new Float32Array(place.buffer, place.byteOffset, length);
  return { data: isOwn(place) ? own : Float32Array.from(own), shape: [n, c, h, w] };
}

function isSide(side: unknown): side is number {
  return Number.isSafeInteger(side) && (side as number) >= 1;
}
