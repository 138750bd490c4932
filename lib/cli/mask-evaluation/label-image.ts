import { inflateSync } from 'node:zlib';

/** The numbers of a PNG's pixels as they are stored: [height, width]. */
export interface LabelImage {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array | Uint16Array;
}

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const grey = 0;
const palette = 3;

/** More than any mask has, so that no file makes us fill the memory. */
const mostPixels = 2 ** 28;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
}

/**
 * A PNG whose pixels are numbers of classes: grey, or indices into a palette whose colours mean nothing (as PASCAL VOC's). Decoders of
 * pictures give such a palette's colours, so it is read here.
 *
 * @throws {Error} what is wrong with it
 */
export function readLabelImage(file: Uint8Array): LabelImage {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (!bytes.subarray(0, 8).equals(signature)) throw new Error('it is no PNG');
  let header: Header | undefined;
  const data: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const chunk = bytes.subarray(at + 8, at + 8 + length);
    if (chunk.length < length) break;
    if (type === 'IHDR') header = headerOf(chunk);
    if (type === 'IDAT') data.push(chunk);
    if (type === 'IEND') break;
    at += length + 12;
  }
  if (!header) throw new Error('it has no header');
  return { width: header.width, height: header.height, labels: labelsOf(header, data) };
}

function headerOf(chunk: Buffer): Header {
  if (chunk.length !== 13) throw new Error('its header is damaged');
  const [width, height] = [chunk.readUInt32BE(0), chunk.readUInt32BE(4)];
  const [bits, color, , , interlaced] = chunk.subarray(8);
  if (width === 0 || height === 0 || width * height > mostPixels)
    throw new Error(`a mask should have 1 to ${mostPixels} pixels, found ${width} x ${height}`);
  if (color !== grey && color !== palette)
    throw new Error("its pixels should be numbers of classes (grey, or a palette's indices), and are colours");
  if (![1, 2, 4, 8, 16].includes(bits!)) throw new Error('its header is damaged');
  if (interlaced !== 0) throw new Error('it is interlaced, which masks should not be: save it without');
  return { width, height, bits: bits! };
}

function labelsOf({ width, height, bits }: Header, data: readonly Uint8Array[]): Uint8Array | Uint16Array {
  const rowBytes = Math.ceil((width * bits) / 8);
  const size = height * (rowBytes + 1);
  const filtered = inflateSync(Buffer.concat(data), { maxOutputLength: size + 1 });
  if (filtered.length < size) throw new Error('its pixels are cut off');
  const labels = bits === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  const pixelBytes = Math.max(1, bits / 8);
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const start = y * (rowBytes + 1);
    const row = filtered.subarray(start + 1, start + 1 + rowBytes);
    restore(filtered[start]!, row, above, pixelBytes);
    for (let x = 0; x < width; x++) labels[y * width + x] = labelAt(row, x, bits);
    above = row;
  }
  return labels;
}

function labelAt(row: Uint8Array, x: number, bits: number): number {
  if (bits === 8) return row[x]!;
  if (bits === 16) return 256 * row[2 * x]! + row[2 * x + 1]!;
  const bit = x * bits;
  return (row[bit >> 3]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
}

/** Undoes a row's filter (PNG specification, section 9), in place. */
function restore(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  for (let i = 0; i < row.length; i++) {
    const left = i < pixelBytes ? 0 : row[i - pixelBytes]!;
    const up = above[i]!;
    const corner = i < pixelBytes ? 0 : above[i - pixelBytes]!;
    if (filter === 1) row[i]! += left;
    else if (filter === 2) row[i]! += up;
    else if (filter === 3) row[i]! += (left + up) >> 1;
    else if (filter === 4) row[i]! += paeth(left, up, corner);
    else if (filter !== 0) throw new Error('its pixels are damaged');
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
