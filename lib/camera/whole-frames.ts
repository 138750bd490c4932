import type { ByteStream } from '../pixels/byte-stream.js';
import { mjpegFrames, type MjpegOptions } from '../pixels/mjpeg.js';

/** A stream without one frame in so many bytes is no Motion JPEG. */
const maxBytesWithoutFrame = 64 * 2 ** 20;

/**
 * The frames of a stream that must have one: `none` says what it is of so many bytes without. `end` ends a stream that
 * is silent.
 */
export async function* wholeFrames(
  stream: ByteStream,
  end: () => void,
  options: MjpegOptions,
  none: (sizeBytes: number) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  let [found, sizeBytes] = [0, 0];
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of stream) {
      sizeBytes += chunk.length;
      if (found === 0 && sizeBytes > maxBytesWithoutFrame) return;
      yield chunk;
    }
  }
  for await (const frame of mjpegFrames(Object.assign(chunks(), { destroy: end }), options)) {
    found++;
    yield frame;
  }
  if (found === 0) throw none(sizeBytes);
}
