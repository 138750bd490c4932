import { checkFinite } from '../formats/finite.js';
import { elementCount, elementsOf, type StoredTensor, type Tensor } from '../formats/tensor.js';
import type { Pair } from './graph.js';

/**
 * One of the convolutions that a transposed one is made of. Of stride s it makes s * s values between every four elements of
 * its input, and each of these depends on every s-th tap of the kernel alone: so there is a plain convolution for each place,
 * whose taps are those in reverse, and the values of all of them lie between each other (`pixel_shuffle`).
 */
export interface Phase {
  /** Of the transposed convolution, both ways; a multiple of the stride. */
  readonly kernel: number;
  readonly stride: number;
  /** Its place: 0 to the stride, without it. */
  readonly at: Pair;
}

/** Taps of the plain convolution, either way. */
export function tapsOf({ kernel, stride }: Phase): number {
  return kernel / stride;
}

/**
 * The weight of one convolution, [out, in, taps, taps], from the transposed one's, [in, out, kernel, kernel]. It is put in
 * order as it is read.
 */
export function partOf(name: string, whole: Tensor | StoredTensor, phase: Phase): StoredTensor {
  const [inChannels, outChannels] = whole.shape as [number, number];
  const { kernel, stride, at } = phase;
  const taps = tapsOf(phase);
  const tap = (index: number, axis: 0 | 1): number => at[axis] + stride * (taps - 1 - index);
  return {
    shape: [outChannels, inChannels, taps, taps],
    read: async (elements, first) => {
      const values = await elementsOf(whole, 0, elementCount(whole));
      checkFinite(name, values);
      for (let i = 0; i < elements.length; i++) {
        const [column, row] = [(first + i) % taps, Math.floor((first + i) / taps) % taps];
        const filter = Math.floor((first + i) / taps ** 2);
        const [c, o] = [filter % inChannels, Math.floor(filter / inChannels)];
        elements[i] = values[((c * outChannels + o) * kernel + tap(row, 0)) * kernel + tap(column, 1)]!;
      }
    },
  };
}
