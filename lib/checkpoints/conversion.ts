import { toFloat32, type ByteOrder, type FloatType } from '../formats/floats.js';
import { ownTurn } from '../waiting/own-turn.js';

/** Takes a millisecond or so. */
const turnBytes = 2 ** 19;

/** Makes float32 of many tensors' elements, in turns of the event loop where that is work. */
export class Conversion {
  private sinceTurnBytes = 0;

  constructor(
    private readonly order: ByteOrder,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** See {@link toFloat32}. @throws `signal.reason` once the signal is aborted. */
  async floats(bytes: Uint8Array, type: FloatType): Promise<Float32Array> {
    // Float32 is not copied.
    if (type !== 'F32') this.sinceTurnBytes += bytes.length;
    if (this.sinceTurnBytes > turnBytes) {
      await ownTurn();
      this.signal?.throwIfAborted();
      this.sinceTurnBytes = 0;
    }
    return toFloat32(bytes, type, this.order);
  }
}
