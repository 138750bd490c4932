import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';
import { GhostNetError } from '../errors.js';
import { filePath, hrefOf } from '../arguments/file-url.js';
import { defaultDecodeTimeoutMs } from './options.js';
import type { Limits } from '../waiting/limits.js';
import { guarded } from '../arguments/untyped.js';
import { isAddress, shownAddress } from '../messages/address.js';
import { kindOf } from '../messages/shown.js';
import { decodeBytes, decodePipeline } from './decode.js';
import { tookTooLong } from './faults.js';
import { kindOfImageFile, readImageFile, readImagePipe } from './image-file.js';
import { checkRawImage } from './raw.js';
import { inTurn } from './turns.js';

/** Decoded pixels: `[height, width, channels]`, interleaved, 8 bits a channel. */
export interface RawImage {
  /** Exactly `width * height * channels` values; may lie in shared memory. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Pixels, at least 1. */
  readonly width: number;
  /** Pixels, at least 1. */
  readonly height: number;
  /** 1: grey; 3: RGB; 4: RGBA, whose alpha is ignored. */
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

/**
 * An image: the path or `file:` URL of an image file, the bytes of one (a `Buffer` is a `Uint8Array`), decoded pixels,
 * or a sharp pipeline.
 */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | RawImage | SharpLike;

/**
 * The pixels of an image, upright, without alpha. Raw pixels are checked and handed through: the same memory. Of a
 * file: EXIF's orientation is applied, alpha is removed (not blended), grey becomes RGB, and so do inks (CMYK) by
 * Pillow's formula, 16 bits become 8, embedded colour profiles are ignored, an animation gives its first frame. A sharp pipeline is cloned, so it
 * can be used again, and keeps the options that it was made with.
 *
 * Of a file its bytes must be those of a format that is promised: others may be made to take any time and memory. Some
 * are decoded at once, the rest wait for their turn; the time limit begins with it.
 *
 * Decoding needs sharp, which is loaded with the first image that is not raw pixels.
 *
 * @throws GhostNetError `ERR_GHOST_ARGUMENT` no image at all, or a URL that is not `file:`; `ERR_GHOST_FILE` the file
 *   cannot be read; `ERR_GHOST_IMAGE` it is no image of these formats, damaged, too large or takes too long;
 *   `ERR_GHOST_NATIVE` sharp cannot be loaded.
 * @throws `signal.reason` at once, although a thread may still be at work for a while
 */
export async function decodeImage(
  input: ImageInput,
  { signal, timeoutMs = defaultDecodeTimeoutMs }: Partial<Limits> = {},
): Promise<RawImage> {
  const limits = { signal, timeoutMs };
  signal?.throwIfAborted();
  const path = pathOf(input);
  if (path !== undefined) return decodeFile(path, limits);
  if (isUint8Array(input))
    return decode(`The image of ${input.byteLength} bytes`, limits, (name) => decodeBytes(input, name, limits));
  if (isAnyArrayBuffer(input)) return decodeImage(new Uint8Array(input), limits);
  if (isSharpLike(input)) return decode('The sharp pipeline', limits, () => decodePipeline(input, timeoutMs));
  if (!isRawImage(input)) throw noImage(input);
  return checkRawImage(input);
}

/** Rather than anything else; whether it is a sound one is another question. */
export function isRawImage(input: unknown): input is RawImage {
  return typeof input === 'object' && input !== null && guarded('The image', () => 'data' in input);
}

async function decodeFile(path: string, limits: Limits): Promise<RawImage> {
  if ((await kindOfImageFile(path)) === 'pipe') {
    const bytes = await readImagePipe(path, limits);
    return decode(path, limits, () => decodeBytes(bytes, path, limits));
  }
  return decode(path, limits, async () => decodeBytes(await readImageFile(path, limits.signal), path, limits));
}

function decode(name: string, limits: Limits, work: (name: string) => Promise<RawImage>): Promise<RawImage> {
  return inTurn(
    () => work(name),
    limits,
    () => tookTooLong(name, limits.timeoutMs),
  );
}

function pathOf(input: unknown): string | undefined {
  const text = typeof input === 'string' ? input : hrefOf(input);
  if (text === undefined) return undefined;
  if (text === '')
    throw new GhostNetError('ERR_GHOST_ARGUMENT', 'The path of an image is expected, found an empty string.');
  if (typeof input === 'string' && !/^data:/i.test(text) && !isAddress(text)) return text;
  if (/^file:/i.test(text)) return filePath(text);
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `Images are not downloaded: expected a path, a file: URL or bytes, found ${shownAddress(text)}. ` +
      'Fetch it first and pass the bytes: new Uint8Array(await (await fetch(url)).arrayBuffer()).',
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
    'An image must be a path, a file: URL, the bytes of an image file (Uint8Array or ArrayBuffer), raw pixels ' +
      `{ data, width, height, channels } or a sharp pipeline, not ${kindOf(input)}.`,
  );
}
