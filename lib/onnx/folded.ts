import { checkFinite } from '../formats/finite.js';
import { elementsOf, pieceElements } from '../formats/tensor.js';
import { GhostNetError } from '../errors.js';
import { weightsPerChannel, type Conv2dNode } from '../graph/graph.js';
import { fold } from '../graph/fold.js';

/**
 * A convolution's weights with its batch norm's scale multiplied in, in float64 and rounded once, in pieces of some
 * output channels each. A piece may be a view on the checkpoint's memory: it is only to be read.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a weight that is NaN or infinite, or is so with its scale; what
 *   reading the checkpoint's file throws
 */
export async function* foldedWeights(conv: Conv2dNode): AsyncGenerator<Float32Array> {
  const { parameters, outChannels } = conv;
  const { scale } = fold(parameters);
  const perChannel = weightsPerChannel(conv);
  const step = Math.max(1, Math.floor(pieceElements / perChannel));
  for (let first = 0; first < outChannels; first += step) {
    const channels = Math.min(step, outChannels - first);
    const weights = await elementsOf(parameters.weight, first * perChannel, channels * perChannel);
    checkFinite(parameters.weightName, weights, first * perChannel);
    yield scale ? scaled(weights, scale.subarray(first, first + channels), parameters.weightName) : weights;
  }
}

function scaled(weights: Float32Array, scale: Float64Array, name: string): Float32Array {
  const perChannel = weights.length / scale.length;
  const products = weights.map((weight, i) => weight * scale[Math.floor(i / perChannel)]!);
  if (!products.includes(Infinity) && !products.includes(-Infinity)) return products;
  const message = `The checkpoint is damaged: ${name} times the scale of its batch norm is more than a float32 can hold.`;
  throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
}
