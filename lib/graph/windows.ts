import type { Pair } from './graph.js';
import type { Windows } from './nodes.js';

/** How many windows fit. */
export function windowsIn(
  [height, width]: Pair,
  { kernel, stride, padding = [0, 0], dilation = [1, 1] }: Windows,
): Pair {
  const count = (size: number, axis: 0 | 1): number => {
    const extent = dilation[axis] * (kernel[axis] - 1) + 1;
    return Math.floor((size + 2 * padding[axis] - extent) / stride[axis]) + 1;
  };
  return [count(height, 0), count(width, 1)];
}

/** Which share each of `source` samples has in each of `n` adaptive means, [n][source]. */
export function meansOf(source: number, n: number): number[][] {
  return Array.from({ length: n }, (_, i) => {
    const [begin, end] = [Math.floor((i * source) / n), Math.ceil(((i + 1) * source) / n)];
    return Array.from({ length: source }, (_, at) => (at >= begin && at < end ? 1 / (end - begin) : 0));
  });
}

/** Rows as columns. */
export function turned(matrix: readonly (readonly number[])[]): number[][] {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}
