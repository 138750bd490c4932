/** A named parameter of a checkpoint, whatever file it came from. */
export interface Tensor {
  /** PyTorch's order; [] for a scalar. */
  readonly shape: readonly number[];
  /** C order, product(shape) elements; half, bfloat16 and double have been converted. */
  readonly data: Float32Array;
}

/**
 * A large parameter that is still in its file, so that it need never be in memory whole. Vectors are never left there.
 */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data?: undefined;
  /** Fills `elements` with those from index `first` on, until the checkpoint is closed. */
  readonly read: (elements: Float32Array, first: number) => Promise<void>;
}

/** So many elements of a tensor are in memory at a time where it goes through it. */
export const pieceElements = 2 ** 18;

/** From this size on, a matrix is left in the file: few tensors are as large, and nearly all bytes are theirs. */
export const storedBytes = 2 ** 16;

/** Names, as a checkpoint or a network has them, to parameters; integer tensors are left out. */
export type StateDict = ReadonlyMap<string, Tensor | StoredTensor>;

/** What is known of parameters before any of them is read. */
export type Shapes = ReadonlyMap<string, Pick<Tensor, 'shape'>>;

/** Infinite for a hostile shape, but never NaN, which would pass every check. */
export function elementCount({ shape }: Pick<Tensor, 'shape'>): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** `count` elements from index `first` on: those in memory as they are, others read into `scratch`. */
export async function elementsOf(
  tensor: Tensor | StoredTensor,
  first: number,
  count: number,
  scratch: Float32Array = new Float32Array(count),
): Promise<Float32Array> {
  if (tensor.data) return tensor.data.subarray(first, first + count);
  const elements = scratch.subarray(0, count);
  await tensor.read(elements, first);
  return elements;
}
