/** A named parameter of a checkpoint, whatever file it came from. */
export interface Tensor {
  /** PyTorch's order; [] for a scalar. */
  readonly shape: readonly number[];
  /** C order, product(shape) elements; half, bfloat16 and double have been converted. */
  readonly data: Float32Array;
}

/** timm's names (`blocks.2.0.ghost1.primary_conv.0.weight`) to parameters; integer tensors are left out. */
export type StateDict = ReadonlyMap<string, Tensor>;
