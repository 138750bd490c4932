import { isSharedArrayBuffer, isUint8Array } from 'node:util/types';
import type { Metadata, OutputInfo, Sharp, SharpOptions } from 'sharp';
import { GhostNetError } from '../errors.js';
import { placeOf } from '../arguments/intrinsics.js';
import { kindOf, reasonOf } from '../messages/shown.js';
import { readFields } from '../arguments/untyped.js';
import type { Limits } from '../waiting/limits.js';
import { inStretches } from '../waiting/stretches.js';
import { mayBeCmyk, rgbOfCmyk } from './cmyk.js';
import { checkFormat, tookTooLong, undecodable } from './faults.js';
import type { ImageFormat } from './format.js';
import type { DecodedImage, SharpLike } from './image.js';
import { checkRawImage } from './raw.js';
import { readBmp } from './bmp.js';
import { readNetpbm } from './netpbm.js';
import { loadSharp } from './sharp.js';
import { checkSize, maxImagePixels } from './size-limits.js';

/** With no more pixels than this, no format takes a quarter of what is allowed to be decoded, whatever a file does. */
const ordinaryPixels = 10_000_000;

/**
 * `ignoreIcc`: timm, torchvision and so the networks' training take a file's values as they are; converting by an
 * embedded colour profile would change one in ten photographs of ImageNet's classes (10 of 96), by up to 104 of 255.
 */
const sharpOptions: SharpOptions = { failOn: 'error', limitInputPixels: maxImagePixels, ignoreIcc: true };

/** Libvips says so of a header, before anything is decoded. */
const tooManyPixels = /pixel limit/;

/** How pictures are decoded. */
export interface DecodeOptions extends Limits {
  /** Whether EXIF's orientation is applied. */
  readonly orient: boolean;
}

/** Of the formats that sharp does not know. */
const readers: Partial<Record<ImageFormat, (bytes: Uint8Array, name: string) => Generator<void, DecodedImage>>> = {
  BMP: readBmp,
  Netpbm: readNetpbm,
};

/** Of the formats that are decoded. Beyond its limits the work is stopped, if the decoder can be. */
export async function decodeBytes(bytes: Uint8Array, name: string, limits: DecodeOptions): Promise<DecodedImage> {
  const format = checkFormat(bytes, name);
  // Shared memory is copied: other threads must not change what the decoder has begun to read. Other memory is wrapped
  // in a Buffer of this realm, because sharp does not know a Uint8Array of another one (vm, jest).
  const { buffer, byteOffset, byteLength } = placeOf(bytes);
  const encoded = isSharedArrayBuffer(buffer) ? Buffer.from(bytes) : Buffer.from(buffer, byteOffset, byteLength);
  const read = readers[format];
  if (read) return inStretches(read(encoded, name), limits, () => tookTooLong(name, limits.timeoutMs));
  const sharp = loadSharp();
  const decode = (limitInputPixels: number): Promise<DecodedImage> =>
    rgbOf(() => sharp(encoded, { ...sharpOptions, limitInputPixels }), name, limits);
  if (!mayBeCmyk(encoded, format)) {
    try {
      return await decode(ordinaryPixels);
    } catch (error) {
      if (!(error instanceof GhostNetError) || !tooManyPixels.test(reasonOf(error.cause))) throw error;
    }
  }
  const metadata = await sharp(encoded, sharpOptions)
    .metadata()
    .catch((cause: unknown) => {
      throw undecodable(name, reasonIn(cause), cause);
    });
  checkSize(metadata.width, metadata.height, bytesToDecode(metadata), name);
  return metadata.space === 'cmyk'
    ? decodeCmyk(sharp(encoded, sharpOptions), metadata, name, limits)
    : decode(maxImagePixels);
}

/** The inks as they are stored, which sharp itself would convert by a colour profile of the file or of its own. */
async function decodeCmyk(
  file: Sharp,
  { depth }: Metadata,
  name: string,
  limits: DecodeOptions,
): Promise<DecodedImage> {
  const isWide = depth === 'ushort';
  const upright = limits.orient ? file.autoOrient() : file;
  const inks = upright.pipelineColourspace('cmyk').toColourspace('cmyk').removeAlpha();
  const found = await pixelsOf(() => inks.raw({ depth: isWide ? 'ushort' : 'uchar' }), name, limits.timeoutMs);
  const { data, info } = found as { data: Buffer; info: OutputInfo };
  const samples = isWide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return inStretches(rgbOfCmyk(samples, info.width, info.height), limits, () => tookTooLong(name, limits.timeoutMs));
}

/** A pipeline is the user's own, of whatever sources and formats: it is cloned, and stays as it is. */
export function decodePipeline(pipeline: SharpLike, limits: DecodeOptions): Promise<DecodedImage> {
  return rgbOf(() => pipeline.clone(), 'The sharp pipeline', limits);
}

/**
 * The most that is in memory at once: RGB of 8 bits, the inks that it is made of, and what the format's decoder must
 * hold as a whole. That is nothing where it gives row by row.
 */
export function bytesToDecode({
  format,
  width,
  height,
  channels,
  depth,
  space,
  isProgressive,
  chromaSubsampling,
}: Metadata): number {
  const sampleBytes = { uchar: 1, char: 1, ushort: 2, short: 2 }[depth as string] ?? 4;
  const whole: Partial<Record<string, number>> = {
    // Coefficients of 16 bits; with 4:2:0 there are half as many.
    jpeg: isProgressive ? 2 * (chromaSubsampling === '4:2:0' ? 1.5 : channels) : 0,
    png: isProgressive ? channels * sampleBytes : 0,
    webp: 4,
    gif: 4,
    // Planes, and the colours that are made of them.
    heif: (3 + channels) * sampleBytes,
    // As a single strip, if it comes to the worst.
    tiff: channels * sampleBytes,
  };
  const inks = space === 'cmyk' ? 4 * sampleBytes : 0;
  return width * height * (3 + inks + (whole[format] ?? 0));
}

/** Whatever the pipeline is and does. */
async function rgbOf(
  start: () => SharpLike,
  name: string,
  { timeoutMs, orient }: DecodeOptions,
): Promise<DecodedImage> {
  const turned = (): SharpLike => (orient ? start().autoOrient() : start());
  const rgb = (): SharpLike => turned().toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
  return checkPixels(await pixelsOf(rgb, name, timeoutMs), name);
}

async function pixelsOf(start: () => Pick<SharpLike, 'toBuffer'>, name: string, timeoutMs: number): Promise<unknown> {
  try {
    const pipeline = start();
    stopAfter(pipeline, timeoutMs);
    return await pipeline.toBuffer({ resolveWithObject: true });
  } catch (cause) {
    if (/^timeout\b/.test(reasonOf(cause))) throw tookTooLong(name, timeoutMs);
    throw undecodable(name, reasonIn(cause), cause);
  }
}

/**
 * Sharp stops the work itself where it can; it counts whole seconds, and a shorter time that the user has set stays.
 */
function stopAfter(pipeline: object, timeoutMs: number): void {
  const { timeout, options } = pipeline as { timeout?: unknown; options?: { timeoutSeconds?: unknown } };
  if (typeof timeout !== 'function') return;
  const seconds = Math.ceil(timeoutMs / 1000);
  const own = Number(options?.timeoutSeconds ?? 0);
  timeout.call(pipeline, { seconds: own > 0 ? Math.min(own, seconds) : seconds });
}

function checkPixels(found: unknown, name: string): DecodedImage {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const { data, info } = isObject(found) ? readFields(found, ['data', 'info'], name) : {};
  if (!isUint8Array(data) || !isObject(info))
    throw undecodable(name, `it gave ${kindOf(found)} in place of { data, info }`);
  const { width, height, channels } = readFields(info, ['width', 'height', 'channels'], name);
  return checkRawImage({ data, width, height, channels }, `The pixels of ${name}`);
}

function reasonIn(cause: unknown): string {
  const reason = reasonOf(cause);
  return tooManyPixels.test(reason)
    ? `it exceeds the pixel limit (${maxImagePixels} unless a pipeline sets its own); reduce it first`
    : reason;
}
