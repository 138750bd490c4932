import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isAnyArrayBuffer, isSharedArrayBuffer, isUint8Array, isUint8ClampedArray } from 'node:util/types';
import type { SharpOptions } from 'sharp';
import { fileError } from './checkpoints/file.js';
import { GhostNetError } from './errors.js';

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

export interface DecodeOptions {
  /** Looked at before and after each step; a step that has begun is finished. */
  readonly signal?: AbortSignal | undefined;
}

/** The most pixels that an image file may hold, about sharp's own default (16383 squared): 0.8 GB once decoded. */
export const maxImagePixels = 16384 * 16384;

const maxSide = 2 ** 31 - 1;

/**
 * `ignoreIcc`: timm, torchvision and so the networks' training take a file's values as they are; converting by an
 * embedded colour profile would change one in ten photographs of ImageNet's classes (10 of 96), by up to 104 of 255.
 * CMYK still goes through a profile, since it has no values that could be taken as RGB.
 */
const sharpOptions: SharpOptions = { failOn: 'error', limitInputPixels: maxImagePixels, ignoreIcc: true };

/**
 * The pixels of an image, upright, without alpha. Raw pixels are checked and handed through: the same object. Of a
 * file: EXIF's orientation is applied, alpha is removed (not blended), grey and CMYK become RGB, 16 bits become 8,
 * embedded colour profiles are ignored, an animation gives its first frame. A sharp pipeline is cloned, so it
 * can be used again, and keeps the options that it was made with.
 *
 * Decoding needs sharp, which is loaded with the first image that is not raw pixels.
 *
 * @throws GhostNetError `ERR_GHOST_ARGUMENT` no image at all, or a URL that is not `file:`; `ERR_GHOST_FILE` the file cannot
 *   be read; `ERR_GHOST_IMAGE` it is no image, damaged or too large; `ERR_GHOST_NATIVE` sharp cannot be loaded.
 * @throws `signal.reason`
 */
export async function decodeImage(input: ImageInput, options: DecodeOptions = {}): Promise<RawImage> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (typeof input === 'string' || input instanceof URL) {
    const path = toPath(input);
    const bytes = await readImageFile(path);
    signal?.throwIfAborted();
    return decodeBytes(bytes, path, signal);
  }
  if (isUint8Array(input)) return decodeBytes(input, `The image of ${input.byteLength} bytes`, signal);
  if (isAnyArrayBuffer(input)) return decodeImage(new Uint8Array(input), options);
  if (isSharpLike(input)) return decodePipeline(input.clone(), 'The sharp pipeline', signal);
  return checkRawImage(input);
}

function toPath(input: string | URL): string {
  const text = String(input);
  if (text === '') throw new GhostNetError('ERR_GHOST_ARGUMENT', 'The path of an image is expected, found an empty string.');
  // Two letters at least before the colon: C:\\photo.jpg is a path.
  if (typeof input === 'string' && !/^(?:data:|[a-z][a-z\d+.-]+:\/\/)/i.test(text)) return text;
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  if (!/^file:/i.test(text)) {
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `Images are not downloaded: expected a path, a file: URL or bytes, found ${shown}. ` +
        'Fetch it first and pass the bytes: new Uint8Array(await (await fetch(url)).arrayBuffer()).',
    );
  }
  try {
    return fileURLToPath(text);
  } catch (cause) {
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `${shown} names no file here: ${(cause as Error).message}.`, { cause });
  }
}

/** Not left to sharp, which caches what it decoded by the file's name. */
async function readImageFile(path: string): Promise<Uint8Array> {
  let fault: string | undefined;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) fault = 'is a folder; pass the path of an image in it';
    // A device such as /dev/zero has no end; a pipe has.
    else if (!stats.isFile() && !stats.isFIFO()) fault = 'is not a file';
    else return await readFile(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
  throw new GhostNetError('ERR_GHOST_FILE', `${path} ${fault}.`);
}

async function decodeBytes(bytes: Uint8Array, name: string, signal: AbortSignal | undefined): Promise<RawImage> {
  if (bytes.byteLength === 0) throw undecodable(name, 'it is empty (0 bytes)');
  const sharp = await loadSharp();
  signal?.throwIfAborted();
  // Shared memory is copied: other threads must not change what the decoder has begun to read. Other memory is wrapped
  // in a Buffer of this realm, because sharp does not know a Uint8Array of another one (vm, jest).
  const { buffer, byteOffset, byteLength } = bytes;
  const encoded = isSharedArrayBuffer(buffer) ? Buffer.from(bytes) : Buffer.from(buffer, byteOffset, byteLength);
  return decodePipeline(sharp(encoded, sharpOptions), name, signal);
}

async function decodePipeline(pipeline: SharpLike, name: string, signal: AbortSignal | undefined): Promise<RawImage> {
  const upright = pipeline.autoOrient().toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
  const decoded = await upright.toBuffer({ resolveWithObject: true }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    const [reason = ''] = (cause as Error).message.split('\n');
    const limit = `it exceeds the pixel limit (${maxImagePixels} unless a pipeline sets its own); reduce it first`;
    throw undecodable(name, reason.includes('pixel limit') ? limit : reason, cause);
  });
  signal?.throwIfAborted();
  const { width, height, channels } = decoded.info;
  return checkRawImage({ data: decoded.data, width, height, channels });
}

function undecodable(name: string, reason: string, cause?: unknown): GhostNetError {
  const message = `${name} cannot be decoded: ${reason}. Expected a sound JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG image.`;
  return new GhostNetError('ERR_GHOST_IMAGE', message, { cause });
}

export async function loadSharp() {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new GhostNetError(
      'ERR_GHOST_NATIVE',
      `The package sharp, which decodes images, cannot be loaded on ${process.platform}-${process.arch}. ` +
        'Install it on this machine with: npm install --include=optional sharp. ' +
        'Raw pixels { data, width, height, channels } need no sharp.',
      { cause },
    );
  }
}

function isSharpLike(input: unknown): input is SharpLike {
  const names = ['clone', 'autoOrient', 'raw', 'toBuffer'] as const;
  return typeof input === 'object' && names.every((name) => typeof (input as SharpLike | null)?.[name] === 'function');
}

function checkRawImage(input: unknown): RawImage {
  if (typeof input !== 'object' || input === null || !('data' in input)) {
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      'An image must be a path, a file: URL, the bytes of an image file (Uint8Array or ArrayBuffer), raw pixels ' +
        `{ data, width, height, channels } or a sharp pipeline, not ${kindOf(input)}.`,
    );
  }
  const { data, width, height, channels } = input as Partial<RawImage>;
  if (!isUint8Array(data) && !isUint8ClampedArray(data)) {
    const message = `Raw pixels must have data in a Uint8Array or Uint8ClampedArray, not ${kindOf(data)}.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  if (!isSide(width) || !isSide(height)) {
    const message = `Raw pixels must have a whole width and height from 1 to ${maxSide}, not ${shown(width)} x ${shown(height)}.`;
    throw new GhostNetError('ERR_GHOST_IMAGE', message);
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    const message = `Raw pixels must have 1 (grey), 3 (RGB) or 4 (RGBA) channels, not ${shown(channels)}.`;
    throw new GhostNetError('ERR_GHOST_IMAGE', message);
  }
  if (data.length !== width * height * channels) {
    const size = `${width} x ${height} x ${channels} = ${width * height * channels}`;
    const message = `Raw pixels of ${size} values must have as many in data, which has ${data.length}.`;
    throw new GhostNetError('ERR_GHOST_IMAGE', message);
  }
  return input as RawImage;
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxSide;
}

/** A value as it may stand in a message. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value === null ? value : typeof value);
  return `an object of class ${(value as { constructor?: { name?: string } }).constructor?.name ?? 'Object'}`;
}
