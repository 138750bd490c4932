import { constants, open } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { fileError } from '../formats/faults.js';
import { GhostNetError } from '../errors.js';
import { readWholeFile, Unread } from '../formats/read-file.js';
import { shownPath } from '../messages/quoted.js';
import { follower } from '../waiting/abort.js';
import { withinTime, type Limits } from '../waiting/limits.js';
import { chunksOf, type ByteStream } from './byte-stream.js';
import { isBase64OfImage } from './data-url.js';
import { checkFormat, tookTooLong, undecodable } from './faults.js';
import { headBytes } from './format.js';

/** Of an encoded image: 100 megapixels of 16 bits a channel, not compressed, have 0.6 GB. */
const maxFileBytes = 2 ** 30;

/** How a path is read: a pipe keeps its reader waiting for as long as its writer likes. */
export async function kindOfImageFile(path: string): Promise<'file' | 'pipe'> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw isBase64OfImage(path) ? base64Fault(path) : fileError(path, cause);
  });
  if (stats.isFile()) return 'file';
  if (stats.isFIFO()) return 'pipe';
  // A device such as /dev/zero has no end.
  const fault = stats.isDirectory() ? 'is a folder; pass the path of an image in it' : 'is not a file';
  throw new GhostNetError('ERR_GHOST_FILE', `${shownPath(path)} ${fault}.`);
}

function base64Fault(text: string): GhostNetError {
  const message = `A string is taken as a path, and this one of ${text.length} letters is a picture in base64. Pass its bytes: Buffer.from(text, 'base64'). A data: URL is taken as it is.`;
  return new GhostNetError('ERR_GHOST_ARGUMENT', message);
}

/**
 * Not left to sharp, which caches what it decoded by the file's name. No more than the start is read of what is no
 * picture.
 *
 * @param name stands in messages
 * @throws {GhostNetError} ERR_GHOST_FILE or ERR_GHOST_IMAGE
 * @throws `signal.reason`
 */
export async function readImageFile(
  path: string | Buffer,
  signal: AbortSignal | undefined,
  name = shownPath(String(path)),
): Promise<Uint8Array> {
  try {
    return await readWholeFile(path, maxFileBytes, signal, (head) => void checkFormat(head, name));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof GhostNetError) throw cause;
    if (cause instanceof Unread && cause.isTooLarge) throw undecodable(name, `it ${cause.message}`);
    if (cause instanceof Unread) throw new GhostNetError('ERR_GHOST_FILE', `${name} ${cause.message}.`, { cause });
    throw fileError(name, cause);
  }
}

/** The same of a named pipe, whose reader waits without a thread, and so hears when it is to stop. */
export async function readImagePipe(path: string, limits: Limits): Promise<Uint8Array> {
  const [pipe, name] = [await openPipe(path), shownPath(path)];
  return readImageStream(pipe, name, limits, (cause) => fileError(path, cause));
}

/**
 * The same of a stream, which has ended afterwards.
 *
 * @param brokenOff what becomes of an error of the stream's own
 */
export async function readImageStream(
  stream: ByteStream,
  name: string,
  limits: Limits,
  brokenOff: (cause: unknown) => GhostNetError,
): Promise<Uint8Array> {
  const { controller, leave } = follower(limits.signal);
  try {
    const bytes = allOf(chunksOf(stream, controller.signal), name);
    return await withinTime(bytes, limits, () => tookTooLong(name, limits.timeoutMs));
  } catch (cause) {
    limits.signal?.throwIfAborted();
    throw cause instanceof GhostNetError ? cause : brokenOff(cause);
  } finally {
    leave();
    controller.abort();
  }
}

async function openPipe(path: string): Promise<Socket> {
  try {
    // Opening waits for no writer then; reading does.
    const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: true, writable: false });
  } catch (cause) {
    throw fileError(path, cause);
  }
}

async function allOf(stream: AsyncIterable<Uint8Array>, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let [sizeBytes, isChecked] = [0, false];
  for await (const chunk of stream) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxFileBytes) throw undecodable(name, `it has more than ${maxFileBytes} bytes`);
    if (isChecked || sizeBytes < headBytes) continue;
    checkFormat(Buffer.concat(chunks), name);
    isChecked = true;
  }
  return Buffer.concat(chunks, sizeBytes);
}
