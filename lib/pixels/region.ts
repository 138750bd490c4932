import { argumentError, checkWholeNumber, readOptions } from '../arguments/options.js';
import { GhostNetError } from '../errors.js';
import type { DecodedImage } from './image.js';

/** A part of an image, in pixels of the upright one (or of the stored one, with `orient: false`). */
export interface Region {
  /** Of its left column, from 0. */
  left: number;
  /** Of its upper row, from 0. */
  top: number;
  width: number;
  height: number;
}

/** Whether it lies in the image is another question. */
export function checkRegion(region: unknown): Region | undefined {
  if (region === undefined) return undefined;
  if (typeof region !== 'object' || region === null)
    throw argumentError('region should be { left, top, width, height }', region);
  const { left, top, width, height } = readOptions(region, ['left', 'top', 'width', 'height'], 'region');
  return {
    left: checkWholeNumber('region.left', left, { from: 0 }),
    top: checkWholeNumber('region.top', top, { from: 0 }),
    width: checkWholeNumber('region.width', width, { from: 1 }),
    height: checkWholeNumber('region.height', height, { from: 1 }),
  };
}

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT for a region that is not within the image */
export function cropped(image: DecodedImage, { left, top, width, height }: Region): DecodedImage {
  if (left + width > image.width || top + height > image.height) {
    const message = `region should lie within the image of ${image.width} x ${image.height} pixels, found ${width} x ${height} at (${left}, ${top}).`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  const { channels } = image;
  const rowBytes = width * channels;
  const data = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + rowBytes), y * rowBytes);
  }
  return { data, width, height, channels };
}
