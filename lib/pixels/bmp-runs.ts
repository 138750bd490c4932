import type { BmpHeader } from './bmp-header.js';
import { undecodable } from './faults.js';
import { GhostNetError } from '../errors.js';

/** Commands between two moments in which others may have their turn. */
const commandsAtATime = 4096;

/** What stands behind a 0 that begins no run. */
const [endOfRow, endOfPicture, jump] = [0, 1, 2];

/**
 * The palette's indices [height, width] of a bitmap in runs (RLE4, RLE8), in the order of the file. What is jumped over
 * is 0.
 *
 * @throws {GhostNetError} ERR_GHOST_IMAGE where the file or its runs end too early
 */
export function* indicesOfRuns(
  bytes: Uint8Array,
  { width, height, bits, pixelsAt }: BmpHeader,
  name: string,
): Generator<void, Uint8Array> {
  const indices = new Uint8Array(width * height);
  let [from, to, x] = [pixelsAt, 0, 0];
  const ends = (): GhostNetError =>
    undecodable(
      name,
      `its runs end after ${Math.min(from, bytes.length)} of ${bytes.length} bytes, within its ${width} x ${height} pixels`,
    );
  for (let commands = 1; to < indices.length; commands++) {
    if (commands % commandsAtATime === 0) yield;
    const [count, value] = [bytes[from], bytes[from + 1]];
    if (count === undefined || value === undefined) throw ends();
    from += 2;
    if (count > 0) {
      const length = Math.max(0, Math.min(count, width - x));
      fillRun(indices, to, length, value, bits);
      to += length;
      x += length;
    } else if (value === endOfRow) {
      [to, x] = [width * Math.ceil(to / width), 0];
    } else if (value === endOfPicture) {
      throw ends();
    } else if (value === jump) {
      const [right, up] = [bytes[from], bytes[from + 1]];
      if (right === undefined || up === undefined) throw ends();
      from += 2;
      to += right + up * width;
      x = to % width;
    } else {
      const pixels = Math.min(value, indices.length - to);
      const size = bits === 4 ? Math.ceil(pixels / 2) : pixels;
      if (from + size > bytes.length) throw ends();
      copyPixels(bytes, from, indices, to, pixels, bits);
      to += pixels;
      x += value;
      // To a whole pair of bytes, as Pillow counts them: from the file's beginning.
      from += size + ((from + size) % 2);
    }
  }
  return indices;
}

function fillRun(indices: Uint8Array, to: number, length: number, value: number, bits: number): void {
  if (bits === 8) indices.fill(value, to, to + length);
  else for (let i = 0; i < length; i++) indices[to + i] = i % 2 === 0 ? value >> 4 : value & 15;
}

function copyPixels(
  bytes: Uint8Array,
  from: number,
  indices: Uint8Array,
  to: number,
  pixels: number,
  bits: number,
): void {
  for (let i = 0; i < pixels; i++)
    indices[to + i] = bits === 8 ? bytes[from + i]! : (bytes[from + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15;
}
