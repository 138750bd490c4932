import { GhostNetError } from '../errors.js';
import type { BatchNorm, Parameters } from './graph.js';

/** What follows a convolution's sum: `scale * x + bias` for each output channel. */
export interface Affine {
  /** Absent means one; multiplied into the weights when they are packed. */
  readonly scale?: Float64Array;
  /** Absent means zero. */
  readonly bias?: Float32Array;
}

/** Batch norm as `scale * x + shift` for each channel. */
export interface Scaling {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * Bias and batch norm of a convolution in one, computed in float64.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a running variance that no variance can be.
 */
export function fold({ bias, batchNorm }: Parameters): Affine {
  if (!batchNorm) return bias ? { bias } : {};
  const { scale, shift } = scalingOf(batchNorm, bias);
  return { scale, bias: Float32Array.from(shift) };
}

/**
 * Batch norm, and the bias of the convolution before it if it has one.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a running variance that no variance can be.
 */
export function scalingOf({ name, weight, bias, mean, variance, eps }: BatchNorm, convBias?: Float32Array): Scaling {
  const scale = new Float64Array(weight.length);
  const shift = new Float64Array(weight.length);
  for (let c = 0; c < scale.length; c++) {
    const spread = variance[c]! + eps;
    if (!(spread > 0)) {
      const message = `The checkpoint is damaged: ${name}.running_var holds ${variance[c]}, which is no variance.`;
      throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
    }
    scale[c] = weight[c]! / Math.sqrt(spread);
    shift[c] = bias[c]! + ((convBias?.[c] ?? 0) - mean[c]!) * scale[c]!;
  }
  return { scale, shift };
}
