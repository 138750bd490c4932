import { GhostNetError } from '../errors.js';
import { filePath, hrefOf } from '../arguments/file-url.js';
import { defaultDecodeTimeoutMs } from './options.js';
import type { Limits } from '../waiting/limits.js';
import { guarded } from '../arguments/untyped.js';
import { isAddress, shownAddress } from '../messages/address.js';
import { shownPath } from '../messages/quoted.js';
import { kindOf, reasonOf } from '../messages/shown.js';
import type { ByteStream } from './byte-stream.js';
import { decodeBytes, decodePipeline, type DecodeOptions } from './decode.js';
import { tookTooLong } from './faults.js';
import { bytesIn, streamIn } from './carriers.js';
import { bytesOfDataUrl } from './data-url.js';
import { kindOfImageFile, readImageFile, readImagePipe, readImageStream } from './image-file.js';
import { checkRawImage } from './raw.js';
import { inTurn } from './turns.js';

/** Decoded pixels: `[height, width, channels]`, interleaved, 8 bits a channel. A page's `ImageData` is one. */
export interface RawImage {
  /** Exactly `width * height * channels` values; may lie in shared memory. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Pixels, at least 1. */
  readonly width: number;
  /** Pixels, at least 1. */
  readonly height: number;
  /** 1: grey; 2: grey and alpha; 3: RGB; 4: RGBA. Alpha is ignored. Default: as many as `data` has for each pixel. */
  readonly channels?: 1 | 2 | 3 | 4 | undefined;
}

/** The same as the engine takes it. */
export interface DecodedImage extends RawImage {
  readonly channels: 1 | 3 | 4;
}

/** What is used of a sharp pipeline; any copy and version of sharp that has `autoOrient` (0.34 and later) fits. */
export interface SharpLike {
  clone(): SharpLike;
  autoOrient(): SharpLike;
  toColourspace(colourspace: string): SharpLike;
  removeAlpha(): SharpLike;
  raw(options: { depth: 'uchar' }): SharpLike;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}

/** A `Blob`, a `File` of a form, or the `Response` of `fetch()`, whose body has not been read. */
export interface BodyLike {
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * An image: the path or `file:` URL of an image file, a `data:` URL, the bytes of an image file (in a `Buffer` or any
 * other view, an `ArrayBuffer`, a `Blob`, `File` or `Response`, or a stream of either kind, which is read to its end),
 * decoded pixels, or a sharp pipeline.
 */
export type ImageInput =
  | string
  | URL
  | ArrayBufferView
  | ArrayBuffer
  | BodyLike
  | ByteStream
  | ReadableStream<Uint8Array>
  | RawImage
  | SharpLike;

/**
 * The pixels of an image, upright unless `orient` is false, without alpha. Raw pixels are checked and handed through: the same memory. Of a
 * file: EXIF's orientation is applied, alpha is removed (not blended), grey becomes RGB, and so do inks (CMYK) by
 * Pillow's formula, 16 bits become 8, embedded colour profiles are ignored, an animation gives its first frame. A sharp pipeline is cloned, so it
 * can be used again, and keeps the options that it was made with.
 *
 * Of a file its bytes must be those of a format that is promised: others may be made to take any time and memory. Some
 * are decoded at once, the rest wait for their turn; the time limit begins with it.
 *
 * Decoding needs sharp, which is loaded with the first image that is no raw pixels, BMP, PPM, PGM or PBM.
 *
 * @throws GhostNetError `ERR_GHOST_ARGUMENT` no image at all, or a URL that is neither `file:` nor `data:`;
 *   `ERR_GHOST_FILE` the file cannot be read; `ERR_GHOST_STREAM` the stream broke off; `ERR_GHOST_IMAGE` it is no image of these formats, damaged, too large or takes too long;
 *   `ERR_GHOST_NATIVE` sharp cannot be loaded.
 * @throws `signal.reason` at once, although a thread may still be at work for a while
 */
export async function decodeImage(
  input: ImageInput,
  { signal, timeoutMs = defaultDecodeTimeoutMs, orient = true }: Partial<DecodeOptions> = {},
): Promise<DecodedImage> {
  const limits = { signal, timeoutMs, orient };
  signal?.throwIfAborted();
  const path = pathOf(input);
  if (typeof path === 'string') return decodeFile(path, limits);
  const bytes = path ?? bytesIn(input);
  if (bytes) return decodeInMemory(bytes, limits);
  if (isSharpLike(input)) return decode('The sharp pipeline', limits, () => decodePipeline(input, limits));
  const stream = streamIn(input);
  if (stream) return decodeInMemory(await readImageStream(stream, 'The image', limits, brokenOff), limits);
  if (!isRawImage(input)) throw noImage(input);
  return checkRawImage(input);
}

/** Rather than anything else; whether it is a sound one is another question. */
export function isRawImage(input: unknown): input is RawImage {
  return typeof input === 'object' && input !== null && guarded('The image', () => 'data' in input);
}

async function decodeFile(path: string, limits: DecodeOptions): Promise<DecodedImage> {
  const name = shownPath(path);
  if ((await kindOfImageFile(path)) === 'pipe') {
    const bytes = await readImagePipe(path, limits);
    return decode(name, limits, () => decodeBytes(bytes, name, limits));
  }
  return decode(name, limits, async () => decodeBytes(await readImageFile(path, limits.signal), name, limits));
}

function decodeInMemory(bytes: Uint8Array, limits: DecodeOptions): Promise<DecodedImage> {
  return decode(`The image of ${bytes.byteLength} bytes`, limits, (name) => decodeBytes(bytes, name, limits));
}

function decode(name: string, limits: Limits, work: (name: string) => Promise<DecodedImage>): Promise<DecodedImage> {
  return inTurn(
    () => work(name),
    limits,
    () => tookTooLong(name, limits.timeoutMs),
  );
}

function brokenOff(cause: unknown): GhostNetError {
  return new GhostNetError('ERR_GHOST_STREAM', `The image's stream broke off: ${reasonOf(cause)}.`, { cause });
}

/** The path that a text or URL is, or the bytes that it holds. */
function pathOf(input: unknown): string | Uint8Array | undefined {
  const text = typeof input === 'string' ? input : hrefOf(input);
  if (text === undefined) return undefined;
  if (text === '')
    throw new GhostNetError('ERR_GHOST_ARGUMENT', 'The path of an image is expected, found an empty string.');
  const bytes = bytesOfDataUrl(text);
  if (bytes) return bytes;
  if (typeof input === 'string' && !isAddress(text)) return text;
  if (/^file:/i.test(text)) return filePath(text);
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `Images are not downloaded: expected a path, a file: or data: URL or bytes, found ${shownAddress(text)}. ` +
      'Fetch it first and pass the answer: await fetch(url).',
  );
}

/** Whether it is one that works is another question. */
export function isSharpLike(input: unknown): input is SharpLike {
  const names = ['clone', 'autoOrient', 'raw', 'toBuffer'] as const;
  if (typeof input !== 'object' || input === null) return false;
  return guarded('The image', () => names.every((name) => typeof (input as SharpLike)[name] === 'function'));
}

function noImage(input: unknown): GhostNetError {
  return new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    'An image must be a path, a file: or data: URL, the bytes of an image file (Buffer, ArrayBuffer, Blob, Response or a ' +
      `stream), raw pixels { data, width, height, channels } or a sharp pipeline, not ${kindOf(input)}.`,
  );
}
