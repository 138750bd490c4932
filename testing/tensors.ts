import type { Tensor4 } from '../lib/index.js';
import { syntheticImage } from './synthetic.js';

/** A normalised input of `n` different images; another `name` is another input. */
export function input(name: string, n: number, height: number, width: number): Tensor4 {
  const shape = [n, 3, height, width] as const;
  return { data: syntheticImage(name, shape).data, shape };
}

/** Image `index` of a batch, as a batch of one. */
export function imageOf({ data, shape: [, c, h, w] }: Tensor4, index: number): Tensor4 {
  const size = c * h * w;
  return { data: data.slice(index * size, (index + 1) * size), shape: [1, c, h, w] };
}

/** Two arrays hold the same bits. Unlike toEqual, it is quick for long ones. */
export function sameBits(a: Float32Array, b: Float32Array): boolean {
  return bytesOf(a).equals(bytesOf(b));
}

function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
