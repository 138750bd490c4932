/** Every code a {@link GhostNetError} can carry. Codes are stable; sentences may be improved. */
export type GhostNetErrorCode =
  /** An argument or option has the wrong type, name or range. */
  | 'ERR_GHOST_ARGUMENT'
  /** A file or folder is missing or cannot be read. */
  | 'ERR_GHOST_FILE'
  /** A checkpoint is no known format, truncated or damaged. */
  | 'ERR_GHOST_CHECKPOINT'
  /** A checkpoint's pickle calls something that is not known to be harmless. */
  | 'ERR_GHOST_UNSAFE'
  /**
   * A checkpoint's tensors are not those of a network that is known, or the network lacks the part that was asked for.
   */
  | 'ERR_GHOST_ARCHITECTURE'
  /** The model is made for another task than the one that was asked of it. */
  | 'ERR_GHOST_TASK'
  /** An image cannot be decoded or has impossible dimensions. */
  | 'ERR_GHOST_IMAGE'
  /** A model cannot be fetched by its name, or a variable that says from where makes no sense. */
  | 'ERR_GHOST_HUB'
  /** A camera or a stream cannot be reached, sends no pictures, or broke off. */
  | 'ERR_GHOST_STREAM'
  /** A tensor's shape does not fit its data, the network, or memory. */
  | 'ERR_GHOST_SHAPE'
  /** A number that a network gave is NaN or infinite, so that no answer can be made of it. */
  | 'ERR_GHOST_NOT_FINITE'
  /** More calls wait for a model, or pictures to be preprocessed or segmented, than may: call again later. */
  | 'ERR_GHOST_BUSY'
  /** The model has been disposed of. */
  | 'ERR_GHOST_DISPOSED'
  /** Half precision was asked for, and this CPU has no arithmetic for it or a weight is too large. */
  | 'ERR_GHOST_PRECISION'
  /** The native addon cannot be loaded, or the machine lacks memory or threads. */
  | 'ERR_GHOST_NATIVE';

/**
 * The one error class of this package. `code` is stable and meant for programs;
 * `message` says what was expected, what was found and what to do.
 */
export class GhostNetError extends Error {
  override readonly name = 'GhostNetError';
  readonly code: GhostNetErrorCode;

  constructor(code: GhostNetErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
