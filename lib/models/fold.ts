import { GhostNetError } from '../errors.js';
import type { StateDict } from '../checkpoints/tensor.js';

/** PyTorch's default, which every batch norm of the family uses. */
const eps = 1e-5;

/**
 * Batch norm at inference, `gamma * (x - mean) / sqrt(var + eps) + beta`, as `scale * x + bias` per channel, in
 * float64. `prefix` is the batch norm's own name (`bn1`); a bias of the convolution before it is folded in.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a running variance that no variance can be.
 */
export function foldBatchNorm(
  tensors: StateDict,
  prefix: string,
  convolutionBias?: Float32Array,
): { scale: Float64Array; bias: Float32Array } {
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (part) => tensors.get(`${prefix}.${part}`)!.data,
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];

  const scale = new Float64Array(gamma.length);
  const bias = new Float32Array(gamma.length);
  for (let c = 0; c < scale.length; c++) {
    const spread = variance[c]! + eps;
    if (!(spread > 0)) {
      const message = `The checkpoint is damaged: ${prefix}.running_var holds ${variance[c]}, which is no variance.`;
      throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
    }
    scale[c] = gamma[c]! / Math.sqrt(spread);
    bias[c] = beta[c]! + ((convolutionBias?.[c] ?? 0) - mean[c]!) * scale[c]!;
  }
  return { scale, bias };
}
