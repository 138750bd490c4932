import type { Shapes, StoredTensor, Tensor } from '../formats/tensor.js';

/** A dict of a checkpoint that holds floating-point tensors, before any of them is read. */
export interface TensorDict {
  /** Where it lies, as `state.model`; empty for the file's top level. */
  readonly path: string;
  readonly shapes: Shapes;
  /** What of it cannot be read, by name, and why: continues the file's name. */
  readonly unreadable?: ReadonlyMap<string, string>;
  /** Tells a tensor from others; the same tensor may lie under several names. */
  readonly identity?: (name: string) => string;
  /**
   * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a tensor that is damaged or of a type that is not read
   */
  readonly read: (names: Iterable<string>) => Promise<Map<string, Tensor | StoredTensor>>;
}
