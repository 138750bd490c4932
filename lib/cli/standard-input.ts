import { fstatSync } from 'node:fs';
import { GhostNetError } from '../errors.js';
import { mjpegFrames, type MjpegOptions } from '../mjpeg.js';

/** The largest picture, other than JPEG, that is taken from standard input. */
const maxPictureBytes = 256 * 2 ** 20;

/** A stream without one frame in so many bytes is no Motion JPEG. */
const maxBytesWithoutFrame = 64 * 2 ** 20;

/** Enough to know a file's format by. */
const signatureBytes = 12;

const expected =
  'Expected a picture or a stream of JPEG frames, as of rpicam-vid --codec mjpeg -o - or ffmpeg -c:v mjpeg -f mjpeg -';

/** Standard input was redirected from a file: nothing is lost by reading it slowly. */
export function standardInputIsFile(): boolean {
  try {
    return fstatSync(process.stdin.fd).isFile();
  } catch {
    return false;
  }
}

/**
 * The pictures of standard input: a Motion JPEG stream's frames (a JPEG file is one of a single frame), or the one
 * PNG, WebP, GIF, TIFF or AVIF file that it is.
 *
 * @throws {GhostNetError} ERR_GHOST_IMAGE when there is none; ERR_GHOST_FILE
 * @throws `signal.reason`
 */
export async function* standardInputFrames(options: MjpegOptions & { signal: AbortSignal }): AsyncGenerator<Uint8Array, void, undefined> {
  const { stdin } = process;
  const end = (): void => void stdin.destroy();
  options.signal.addEventListener('abort', end, { once: true });
  try {
    const input: AsyncIterator<Buffer> = stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const first = await firstBytes(input);
    if (first.length === 0) throw new GhostNetError('ERR_GHOST_IMAGE', `Standard input is empty. ${expected}.`);
    if (isH264(first)) throw new GhostNetError('ERR_GHOST_IMAGE', `Standard input is H.264 video. ${expected}.`);
    if (isPicture(first)) yield await wholePicture(first, input);
    else yield* frames(first, input, end, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof GhostNetError || !(error instanceof Error && 'syscall' in error)) throw error;
    throw new GhostNetError('ERR_GHOST_FILE', `Standard input cannot be read: ${error.message}.`, { cause: error });
  } finally {
    options.signal.removeEventListener('abort', end);
    end();
  }
}

async function firstBytes(input: AsyncIterator<Buffer>): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < signatureBytes) {
    const next = await input.next();
    if (next.done) break;
    bytes = Buffer.concat([bytes, next.value]);
  }
  return bytes;
}

async function* frames(
  first: Buffer,
  input: AsyncIterator<Buffer>,
  destroy: () => void,
  options: MjpegOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let [found, sizeBytes] = [0, first.length];
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield first;
    for (let next = await input.next(); !next.done; next = await input.next()) {
      sizeBytes += next.value.length;
      if (found === 0 && sizeBytes > maxBytesWithoutFrame) break;
      yield next.value;
    }
  }
  for await (const frame of mjpegFrames(Object.assign(chunks(), { destroy }), options)) {
    found++;
    yield frame;
  }
  if (found === 0) {
    throw new GhostNetError('ERR_GHOST_IMAGE', `The ${sizeBytes} bytes of standard input hold no whole JPEG frame. ${expected}.`);
  }
}

async function wholePicture(first: Buffer, input: AsyncIterator<Buffer>): Promise<Buffer> {
  const pieces = [first];
  let sizeBytes = first.length;
  for (let next = await input.next(); !next.done; next = await input.next()) {
    pieces.push(next.value);
    sizeBytes += next.value.length;
    if (sizeBytes > maxPictureBytes) {
      const message = `The picture on standard input has more than ${maxPictureBytes} bytes. Of a stream, JPEG frames are expected.`;
      throw new GhostNetError('ERR_GHOST_IMAGE', message);
    }
  }
  return Buffer.concat(pieces, sizeBytes);
}

function isPicture(first: Buffer): boolean {
  const text = first.toString('latin1');
  return (
    text.startsWith('\x89PNG') ||
    text.startsWith('GIF8') ||
    text.startsWith('II*\0') ||
    text.startsWith('MM\0*') ||
    (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) ||
    /^ftyp(?:avi[fs]|mif1|msf1)/.test(text.slice(4))
  );
}

/** The first unit's start code and type: parameters, or the delimiter that some encoders put before them. */
function isH264(first: Buffer): boolean {
  const codeBytes = first.indexOf(Uint8Array.of(0, 0, 1));
  if (codeBytes !== 0 && !(codeBytes === 1 && first[0] === 0)) return false;
  const type = first[codeBytes + 3]! & 31;
  return type === 7 || type === 9;
}
