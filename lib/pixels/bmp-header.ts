import { undecodable } from './faults.js';

/** Bits of a pixel that are one colour: (pixel >>> shift) & largest, from 0 to `largest`, which is 0 without the colour. */
export interface Mask {
  readonly shift: number;
  readonly largest: number;
}

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** The first row of the file is the uppermost one. */
  readonly isTopDown: boolean;
  /** Of a pixel: 1, 4, 8 (with a palette), 16, 24 or 32. */
  readonly bits: number;
  /** Indices are in runs of equal ones (RLE4, RLE8). */
  readonly isRuns: boolean;
  /** `[256, 3]`, RGB. */
  readonly palette: Uint8Array | undefined;
  /** Of red, green and blue; undefined where these are bytes: blue, green, red, and perhaps another one. */
  readonly masks: readonly Mask[] | undefined;
  /** Where in the file the pixels begin. */
  readonly pixelsAt: number;
}

const fileHeaderBytes = 14;
/** Of OS/2's first version; its sides have 16 bits, its palette 3 bytes an entry. */
const coreHeaderBytes = 12;
const headerSizes = [coreHeaderBytes, 40, 52, 56, 64, 108, 124];

const [plain, runsOf8, runsOf4, masked] = [0, 1, 2, 3];
const compressions = ['', '', '', '', 'JPEG', 'PNG'];

const masksOf16 = [0x7c00, 0x3e0, 0x1f];

/** @throws {GhostNetError} ERR_GHOST_IMAGE */
export function readBmpHeader(bytes: Uint8Array, name: string): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fault = (reason: string): Error => undecodable(name, `as a BMP picture, ${reason}`);
  const size = bytes.length < fileHeaderBytes + 4 ? 0 : view.getUint32(fileHeaderBytes, true);
  if (!headerSizes.includes(size) || bytes.length < fileHeaderBytes + size)
    throw fault(`it should have a header of ${headerSizes.join(', ')} bytes, found ${size} and ${bytes.length} in all`);
  const isCore = size === coreHeaderBytes;
  const short = (at: number): number => view.getUint16(fileHeaderBytes + at, true);
  const long = (at: number): number => view.getUint32(fileHeaderBytes + at, true);
  const [width, signed] = isCore ? [short(4), short(6)] : [long(4), view.getInt32(fileHeaderBytes + 8, true)];
  const height = Math.abs(signed);
  if (width < 1 || height < 1) throw fault(`it has ${width} x ${height} pixels`);
  const bits = isCore ? short(10) : short(14);
  const compression = isCore ? plain : long(16);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw fault(`it has ${bits} bits a pixel`);
  const isRuns = (compression === runsOf8 && bits === 8) || (compression === runsOf4 && bits === 4);
  const isMasked = compression === masked && bits >= 16;
  if (!isRuns && !isMasked && compression !== plain)
    throw fault(`it is compressed as ${compressions[compression] || `number ${compression}`} at ${bits} bits a pixel`);

  let at = fileHeaderBytes + size;
  const given = view.getUint32(10, true);
  const entryBytes = isCore ? 3 : 4;
  const colours = (isCore ? 0 : long(32)) || 2 ** bits;
  const paletteBytes = bits <= 8 ? entryBytes * colours : 0;
  if (colours > 65536 && bits <= 8) throw fault(`its palette has ${colours} colours`);
  const masks = isMasked ? readMasks(view, size) : bits === 16 ? masksOf16 : undefined;
  if (isMasked && !masks) throw fault('its header ends within its masks');
  const palette = bits <= 8 ? readPalette(bytes.subarray(at, at + paletteBytes), entryBytes) : undefined;
  at += isMasked && size === 40 ? 12 : paletteBytes;
  // Some programs say that the pixels begin where the palette does.
  const pixelsAt = given === 0 ? at : given === fileHeaderBytes + size ? given + paletteBytes : given;
  const isTopDown = signed < 0;
  return { width, height, isTopDown, bits, isRuns, palette, masks: asMasks(masks, fault), pixelsAt };
}

/** Within the header, or right behind one of 40 bytes. */
function readMasks(view: DataView, size: number): number[] | undefined {
  const at = fileHeaderBytes + 40;
  if (size !== 40 && size < 52) return undefined;
  if (at + 12 > view.byteLength) return undefined;
  return [0, 4, 8].map((offset) => view.getUint32(at + offset, true));
}

/** Masks of whole bytes in the usual order are none, and so are zeros, as Pillow takes them. */
function asMasks(masks: readonly number[] | undefined, fault: (reason: string) => Error): Mask[] | undefined {
  if (!masks || masks.every((mask) => mask === 0) || String(masks) === String([0xff0000, 0xff00, 0xff]))
    return undefined;
  return masks.map((mask) => {
    if (mask === 0) return { shift: 0, largest: 0 };
    const shift = 31 - Math.clz32(mask & -mask);
    const largest = mask >>> shift;
    if ((largest & (largest + 1)) !== 0) throw fault(`a colour's mask has holes (0x${mask.toString(16)})`);
    return { shift, largest };
  });
}

/** Where the file's entries are the greys of their own numbers, the others are too; otherwise they are black. */
function readPalette(entries: Uint8Array, entryBytes: number): Uint8Array {
  const palette = new Uint8Array(3 * 256);
  const count = Math.min(256, Math.trunc(entries.length / entryBytes));
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) palette[3 * i + c] = entries[i * entryBytes + 2 - c]!;
  const isGreys = palette.subarray(0, 3 * count).every((value, i) => value === Math.trunc(i / 3));
  return isGreys ? palette.map((_, i) => Math.trunc(i / 3)) : palette;
}
