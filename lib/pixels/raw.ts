import { isUint8Array, isUint8ClampedArray } from 'node:util/types';
import { GhostNetError } from '../errors.js';
import { placeOf } from '../arguments/intrinsics.js';
import { argumentError } from '../arguments/options.js';
import { kindOf } from '../messages/shown.js';
import { readFields } from '../arguments/untyped.js';
import type { DecodedImage } from './image.js';

const maxSide = 2 ** 31 - 1;

/**
 * Raw pixels as untyped code may pass them, each property read once: an object of our own on the same memory, but for
 * grey with alpha, which is copied without its alpha. Channels that are not said follow from the sizes.
 *
 * @param what begins the messages
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT or ERR_GHOST_IMAGE
 */
export function checkRawImage(input: object, what = 'Raw pixels'): DecodedImage {
  if (typeof input !== 'object' || ArrayBuffer.isView(input))
    throw argumentError(`${what} should be decoded pixels { data, width, height }, as sharp's raw() gives them`, input);
  const { data, width, height, channels: said } = readFields(input, ['data', 'width', 'height', 'channels'], what);
  if (!isUint8Array(data) && !isUint8ClampedArray(data)) {
    const message = `${what} must have data in a Uint8Array or Uint8ClampedArray, not ${kindOf(data)}.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  const fault = (expected: string): GhostNetError => new GhostNetError('ERR_GHOST_IMAGE', `${what} ${expected}.`);
  if (!isSide(width) || !isSide(height)) {
    throw fault(
      `must have a whole width and height from 1 to ${maxSide}, not ${numberOrKind(width)} x ${numberOrKind(height)}`,
    );
  }
  const { buffer, byteOffset, byteLength } = placeOf(data);
  const channels = said === undefined ? byteLength / (width * height) : said;
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
    const found =
      said === undefined ? `found ${byteLength} values for ${width} x ${height} pixels` : `not ${numberOrKind(said)}`;
    throw fault(`must have 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels, ${found}`);
  }
  if (byteLength !== width * height * channels) {
    const size = `${width} x ${height} x ${channels} = ${width * height * channels}`;
    throw fault(`of ${size} values must have as many in data, which has ${byteLength}`);
  }
  const values = new Uint8Array(buffer, byteOffset, byteLength);
  return channels === 2
    ? { data: everySecond(values), width, height, channels: 1 }
    : { data: values, width, height, channels };
}

function everySecond(values: Uint8Array): Uint8Array {
  const kept = new Uint8Array(values.length / 2);
  for (let i = 0; i < kept.length; i++) kept[i] = values[2 * i]!;
  return kept;
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxSide;
}

function numberOrKind(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value);
}
