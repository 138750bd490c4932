import { expect, it } from 'vitest';
import type { StateDict } from '../../lib/checkpoints/tensor.js';
import { foldBatchNorm } from '../../lib/models/fold.js';

const [gamma, beta, mean, variance] = [
  [1.5, -2],
  [0.25, 3],
  [0.1, -7],
  [0.5, 1e-9],
] as const;

function batchNorm(running_var: readonly number[] = variance): StateDict {
  const parts = { weight: gamma, bias: beta, running_mean: mean, running_var };
  return new Map(
    Object.entries(parts).map(([part, values]) => [`bn.${part}`, { shape: [2], data: Float32Array.from(values) }]),
  );
}

it('is batch norm after the convolution, bias included', () => {
  for (const bias of [undefined, Float32Array.of(0.75, -0.5)]) {
    const folded = foldBatchNorm(batchNorm(), 'bn', bias);
    for (const c of [0, 1] as const) {
      const [m, v] = [Math.fround(mean[c]), Math.fround(variance[c])];
      const normalised = (y: number) => (gamma[c] * (y - m)) / Math.sqrt(v + 1e-5) + beta[c];
      for (const x of [0, 1, -20]) {
        const found = folded.scale[c]! * x + folded.bias[c]!;
        const expected = normalised(x + (bias?.[c] ?? 0));
        // The bias is rounded once to float32; the rest is float64.
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(2 ** -24 * Math.abs(folded.bias[c]!) + 1e-12);
      }
    }
  }
});

it('keeps the scale in float64', () => {
  const { scale, bias } = foldBatchNorm(batchNorm(), 'bn');
  expect(scale).toBeInstanceOf(Float64Array);
  expect(scale[0]).toBe(1.5 / Math.sqrt(0.5 + 1e-5));
  expect(bias).toBeInstanceOf(Float32Array);
});

it.each([-1, -1e-5 - 1e-9, NaN])('refuses %f as a variance', (value) => {
  const fold = () => foldBatchNorm(batchNorm([1, value]), 'bn');
  expect(fold).toThrow(expect.objectContaining({ code: 'ERR_GHOST_CHECKPOINT' }));
  expect(fold).toThrow(/bn\.running_var holds/);
});
