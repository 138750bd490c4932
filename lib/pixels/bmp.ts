import { readBmpHeader, type BmpHeader, type Mask } from './bmp-header.js';
import { indicesOfRuns } from './bmp-runs.js';
import { undecodable } from './faults.js';
import type { DecodedImage } from './image.js';
import { checkSize } from './size-limits.js';

/** Puts the pixels of a row of the file, which begins at `from`, into `rgb`, beginning at `to`. */
type RowReader = (from: number, to: number) => void;

/**
 * RGB of a Windows or OS/2 bitmap, equal to Pillow's: palettes of 1, 4 and 8 bits, also in runs, 16, 24 and 32 bits with
 * any masks; alpha is ignored. Yields now and then.
 *
 * @throws {GhostNetError} ERR_GHOST_IMAGE
 */
export function* readBmp(bytes: Uint8Array, name: string): Generator<void, DecodedImage> {
  const header = readBmpHeader(bytes, name);
  const { width, height, bits, isRuns } = header;
  checkSize(width, height, width * height * (isRuns ? 4 : 3), name);
  const rowBytes = Math.ceil((width * bits) / 8);
  const stride = isRuns ? width : 4 * Math.ceil(rowBytes / 4);
  const from = isRuns ? 0 : header.pixelsAt;
  if (!isRuns && from + stride * (height - 1) + rowBytes > bytes.length) {
    const needed = from + stride * (height - 1) + rowBytes;
    throw undecodable(
      name,
      `it ends after ${bytes.length} bytes, its ${width} x ${height} pixels only after ${needed}`,
    );
  }
  const source = isRuns ? yield* indicesOfRuns(bytes, header, name) : bytes;
  const rgb = new Uint8Array(3 * width * height);
  const row = rowReader(source, rgb, isRuns ? { ...header, bits: 8 } : header);
  for (let y = 0; y < height; y++) {
    row(from + stride * y, 3 * width * (header.isTopDown ? y : height - 1 - y));
    yield;
  }
  return { data: rgb, width, height, channels: 3 };
}

function rowReader(bytes: Uint8Array, rgb: Uint8Array, header: BmpHeader): RowReader {
  if (header.palette) return paletteReader(bytes, rgb, header, header.palette);
  return header.masks ? maskReader(bytes, rgb, header, header.masks) : bgrReader(bytes, rgb, header);
}

function paletteReader(bytes: Uint8Array, rgb: Uint8Array, { width, bits }: BmpHeader, palette: Uint8Array): RowReader {
  const perByte = 8 / bits;
  const lowest = 2 ** bits - 1;
  return (from, to) => {
    for (let x = 0, at = to; x < width; x++) {
      const byte = bytes[from + Math.trunc(x / perByte)]!;
      const entry = 3 * ((byte >> (8 - bits - bits * (x % perByte))) & lowest);
      rgb[at++] = palette[entry]!;
      rgb[at++] = palette[entry + 1]!;
      rgb[at++] = palette[entry + 2]!;
    }
  };
}

function bgrReader(bytes: Uint8Array, rgb: Uint8Array, { width, bits }: BmpHeader): RowReader {
  const step = bits / 8;
  return (from, to) => {
    for (let x = 0, at = to; x < width; x++, from += step) {
      rgb[at++] = bytes[from + 2]!;
      rgb[at++] = bytes[from + 1]!;
      rgb[at++] = bytes[from]!;
    }
  };
}

function maskReader(bytes: Uint8Array, rgb: Uint8Array, { width, bits }: BmpHeader, masks: readonly Mask[]): RowReader {
  const step = bits / 8;
  return (from, to) => {
    for (let x = 0, at = to; x < width; x++, from += step) {
      let pixel = 0;
      for (let i = step - 1; i >= 0; i--) pixel = 256 * pixel + bytes[from + i]!;
      for (const { shift, largest } of masks) {
        const value = (pixel >>> shift) & largest;
        rgb[at++] = largest === 0 ? 0 : Math.trunc(((value >>> 0) * 255) / largest);
      }
    }
  };
}
