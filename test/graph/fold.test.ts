import { expect, it } from 'vitest';
import type { BatchNorm } from '../../lib/graph/graph.js';
import { fold, type Affine } from '../../lib/graph/fold.js';

const [gamma, beta, mean, variance] = [
  [1.5, -2],
  [0.25, 3],
  [0.1, -7],
  [0.5, 1e-9],
] as const;

function folded(runningVar: readonly number[] = variance, bias?: Float32Array, eps = 1e-5): Required<Affine> {
  const [w, b, m, v] = [gamma, beta, mean, runningVar].map((values) => Float32Array.from(values));
  const batchNorm: BatchNorm = { name: 'bn', weight: w!, bias: b!, mean: m!, variance: v!, eps };
  const weight = { shape: [2, 0, 1, 1], data: new Float32Array(0) };
  return fold({ weight, weightName: 'conv.weight', batchNorm, ...(bias && { bias }) }) as Required<Affine>;
}

it('is batch norm after the convolution, bias included', () => {
  for (const bias of [undefined, Float32Array.of(0.75, -0.5)]) {
    const { scale, bias: shift } = folded(variance, bias);
    for (const c of [0, 1] as const) {
      const [m, v] = [Math.fround(mean[c]), Math.fround(variance[c])];
      const normalised = (y: number) => (gamma[c] * (y - m)) / Math.sqrt(v + 1e-5) + beta[c];
      for (const x of [0, 1, -20]) {
        const found = scale[c]! * x + shift[c]!;
        const expected = normalised(x + (bias?.[c] ?? 0));
        // The bias is rounded once to float32; the rest is float64.
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(2 ** -24 * Math.abs(shift[c]!) + 1e-12);
      }
    }
  }
});

it('takes the eps of the batch norm', () => {
  expect(folded(variance, undefined, 1e-3).scale[0]).toBe(1.5 / Math.sqrt(0.5 + 1e-3));
});

it('keeps the scale in float64', () => {
  const { scale, bias } = folded();
  expect(scale).toBeInstanceOf(Float64Array);
  expect(scale[0]).toBe(1.5 / Math.sqrt(0.5 + 1e-5));
  expect(bias).toBeInstanceOf(Float32Array);
});

it.each([-1, -1e-5 - 1e-9, NaN])('refuses %f as a variance', (value) => {
  const refused = () => folded([1, value]);
  expect(refused).toThrow(expect.objectContaining({ code: 'ERR_GHOST_CHECKPOINT' }));
  expect(refused).toThrow(/bn\.running_var holds/);
});

it('leaves a convolution without batch norm as it is', () => {
  const weight = { shape: [1, 0, 1, 1], data: new Float32Array(0) };
  const bias = Float32Array.of(3);
  expect(fold({ weight, weightName: 'conv.weight' })).toEqual({});
  expect(fold({ weight, weightName: 'conv.weight', bias }).bias).toBe(bias);
});
