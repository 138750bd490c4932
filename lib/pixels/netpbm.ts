import { undecodable } from './faults.js';
import type { DecodedImage } from './image.js';
import { checkSize } from './size-limits.js';

interface NetpbmHeader {
  /** Numbers are text, rather than bytes or bits. */
  readonly isPlain: boolean;
  /** A pixel is one bit, and 1 is black. */
  readonly isBits: boolean;
  readonly channels: 1 | 3;
  readonly width: number;
  readonly height: number;
  /** What white is: 1 to 65535. */
  readonly largest: number;
  /** Where the pixels begin. */
  readonly at: number;
}

const [newLine, carriageReturn, hash, zero] = [10, 13, 35, 48];
const isSpace = (byte: number | undefined): boolean =>
  byte === 32 || (byte !== undefined && byte >= 9 && byte <= carriageReturn);

/** Of one number, as Pillow has it. */
const maxDigits = 10;

/** Bytes to the end of a number, with the spaces and comments before it; it is sought without a turn of the event loop. */
const maxGapBytes = 2 ** 20;

/** Bytes of text between two moments in which others may have their turn. */
const textAtATime = 65536;

/**
 * The pixels of a PBM, PGM or PPM picture, plain or not, of 8 or 16 bits: equal to Pillow's, but for grey of more than
 * 8 bits, which Pillow cuts off at 255 and which is scaled here as its colours are. Yields now and then.
 *
 * @throws {GhostNetError} ERR_GHOST_IMAGE
 */
export function* readNetpbm(bytes: Uint8Array, name: string): Generator<void, DecodedImage> {
  const header = readHeader(bytes, name);
  const { width, height, channels, isPlain } = header;
  checkSize(width, height, width * height * channels, name);
  const data = yield* isPlain ? plainValues(bytes, header, name) : binaryValues(bytes, header, name);
  return { data, width, height, channels };
}

function readHeader(bytes: Uint8Array, name: string): NetpbmHeader {
  const kind = bytes[1]! - zero;
  const isBits = kind === 1 || kind === 4;
  let at = 2;
  const numbers = Array.from({ length: isBits ? 2 : 3 }, () => {
    const token = nextNumber(bytes, at);
    if (!token)
      throw undecodable(name, 'as a Netpbm picture, it should begin with its width, height and largest value');
    at = token.at;
    return token.value;
  });
  const [width = 0, height = 0, largest = 1] = numbers;
  if (width < 1 || height < 1) throw undecodable(name, `as a Netpbm picture, it has ${width} x ${height} pixels`);
  if (largest < 1 || largest > 65535)
    throw undecodable(name, `as a Netpbm picture, its largest value is ${largest}, not from 1 to 65535`);
  return { isPlain: kind <= 3, isBits, channels: kind % 3 === 0 ? 3 : 1, width, height, largest, at };
}

/**
 * The next number, and where what follows its one white space begins. Comments go to the end of their line, which is no
 * space.
 */
function nextNumber(bytes: Uint8Array, from: number): { value: number; at: number } | undefined {
  const end = Math.min(bytes.length, from + maxGapBytes);
  let [value, digits] = [0, 0];
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (isSpace(byte)) {
      if (digits > 0) return { value, at: at + 1 };
    } else if (byte === hash) {
      at = endOfLine(bytes, at, end);
    } else {
      const digit = byte - zero;
      if (digit < 0 || digit > 9 || ++digits > maxDigits) return undefined;
      value = 10 * value + digit;
    }
  }
  return digits > 0 && end === bytes.length ? { value, at: end } : undefined;
}

function endOfLine(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== newLine && bytes[at] !== carriageReturn) at++;
  return at;
}

function* plainValues(bytes: Uint8Array, header: NetpbmHeader, name: string): Generator<void, Uint8Array> {
  const { largest, isBits } = header;
  const values = new Uint8Array(header.width * header.height * header.channels);
  const scaled = isBits ? Uint8Array.of(255, 0) : scaledValues(largest);
  let nextYield = header.at + textAtATime;
  for (let i = 0, { at } = header; i < values.length; i++) {
    const token = isBits ? nextBit(bytes, at) : nextNumber(bytes, at);
    if (!token || token.value > largest) {
      const expected = `${values.length} numbers from 0 to ${largest} in text`;
      throw undecodable(name, `as a Netpbm picture, it should have ${expected}; number ${i + 1} is none`);
    }
    values[i] = scaled[token.value]!;
    ({ at } = token);
    if (at > nextYield) {
      yield;
      nextYield = at + textAtATime;
    }
  }
  return values;
}

/** Between bits there need be no space. */
function nextBit(bytes: Uint8Array, from: number): { value: number; at: number } | undefined {
  const end = Math.min(bytes.length, from + maxGapBytes);
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === hash) at = endOfLine(bytes, at, end);
    else if (!isSpace(byte)) return { value: byte < zero ? Infinity : byte - zero, at: at + 1 };
  }
  return undefined;
}

function* binaryValues(bytes: Uint8Array, header: NetpbmHeader, name: string): Generator<void, Uint8Array> {
  const { width, height, channels, largest, isBits, at } = header;
  const isWide = largest > 255;
  const perRow = width * channels;
  const rowBytes = isBits ? Math.ceil(width / 8) : perRow * (isWide ? 2 : 1);
  const needed = at + rowBytes * height;
  if (needed > bytes.length)
    throw undecodable(
      name,
      `it ends after ${bytes.length} bytes, its ${width} x ${height} pixels only after ${needed}`,
    );
  if (largest === 255 && !isBits) return new Uint8Array(bytes.subarray(at, needed));
  const values = new Uint8Array(perRow * height);
  const scaled = scaledValues(largest);
  for (let y = 0, to = 0; y < height; y++) {
    const from = at + y * rowBytes;
    for (let x = 0; x < perRow; x++) {
      if (isBits) values[to++] = (bytes[from + (x >> 3)]! >> (7 - (x & 7))) & 1 ? 0 : 255;
      else values[to++] = scaled[isWide ? 256 * bytes[from + 2 * x]! + bytes[from + 2 * x + 1]! : bytes[from + x]!]!;
    }
    yield;
  }
  return values;
}

/** What each value is of 255, rounded half to even; what is above the largest is white. */
function scaledValues(largest: number): Uint8Array {
  return Uint8Array.from({ length: largest > 255 ? 65536 : 256 }, (_, value) => {
    const exact = (value / largest) * 255;
    const below = Math.floor(exact);
    const rest = exact - below;
    return Math.min(255, rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below);
  });
}
