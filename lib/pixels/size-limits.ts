import { undecodable } from './faults.js';

/** The most pixels that an image file may hold, about sharp's own default (16383 squared): 0.8 GB once decoded. */
export const maxImagePixels = 16384 * 16384;

/** The longer side over the shorter one. Nothing could be seen in what is left of such a picture once it is resized. */
const maxElongation = 2 ** 16;

/** For the pixels of a file, and what is in memory on the way to them; the file itself comes on top. */
const maxDecodeBytes = 2 ** 30;

/**
 * @param needed bytes in memory at once
 * @throws {GhostNetError} ERR_GHOST_IMAGE for a size that no decoder should begin with
 */
export function checkSize(width: number, height: number, needed: number, name: string): void {
  const size = `its ${width} x ${height} pixels`;
  if (width * height > maxImagePixels)
    throw undecodable(name, `${size} exceed the pixel limit (${maxImagePixels}); reduce it first`);
  if (Math.max(width, height) > maxElongation * Math.min(width, height))
    throw undecodable(name, `${size} are too elongated to be resized; crop it first`);
  if (needed > maxDecodeBytes)
    throw undecodable(
      name,
      `${size} would take ${needed} bytes to decode, more than ${maxDecodeBytes}; reduce it first`,
    );
}
