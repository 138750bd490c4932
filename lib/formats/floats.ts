import { endianness } from 'node:os';

/** Floating-point element types, by their names in safetensors. */
export type FloatType = 'F64' | 'F32' | 'F16' | 'BF16';

export type ByteOrder = 'LE' | 'BE';

export const floatSizeBytes: Readonly<Record<FloatType, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/**
 * The elements in `bytes` as float32, each rounded once. Float32 that lies aligned and in this machine's byte
 * order is not copied: the result is a view on the same memory.
 */
export function toFloat32(bytes: Uint8Array, type: FloatType, order: ByteOrder): Float32Array {
  const elements = inMachineOrder(bytes, floatSizeBytes[type], order);
  const { buffer, byteOffset } = elements;
  const count = bytes.length / floatSizeBytes[type];
  switch (type) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F64':
      return new Float32Array(new Float64Array(buffer, byteOffset, count));
    case 'F16':
      return fromHalf(new Uint16Array(buffer, byteOffset, count));
    case 'BF16':
      return fromBfloat16(new Uint16Array(buffer, byteOffset, count));
  }
}

function inMachineOrder(bytes: Uint8Array, sizeBytes: number, order: ByteOrder): Uint8Array {
  const sameOrder = order === endianness();
  if (sameOrder && bytes.byteOffset % sizeBytes === 0) return bytes;
  const copy = new Uint8Array(bytes);
  if (sameOrder) return copy;
  const swapped = Buffer.from(copy.buffer);
  if (sizeBytes === 2) return swapped.swap16();
  return sizeBytes === 4 ? swapped.swap32() : swapped.swap64();
}

/**
 * Half's exponent and fraction, moved to float32's place, are the value divided by 2^(127 - 15), subnormals
 * included, so one exact multiplication does it; only infinity and NaN (all exponent bits set) need their own way.
 */
function fromHalf(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const magnitude = (half & 0x7fff) << 13;
    if (magnitude >= 0x7c00 << 13) {
      bits[i] = sign | 0x7f800000 | magnitude;
    } else {
      bits[i] = sign | magnitude;
      floats[i]! *= 2 ** 112;
    }
  }
  return floats;
}

/** Bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** Float32 in little-endian byte order; on most machines a view on the same memory. */
export function littleEndianBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}

/**
 * Float16 in little-endian byte order, each value rounded once, to the nearest and of two to the even one; what is
 * beyond 65504 becomes infinite.
 */
export function halfBytes(floats: Float32Array): Uint8Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const bytes = Buffer.allocUnsafe(2 * floats.length);
  for (let i = 0; i < bits.length; i++)
    bytes.writeUInt16LE(((bits[i]! >>> 16) & 0x8000) | halfMagnitude(bits[i]! & 0x7fffffff), 2 * i);
  return bytes;
}

/** `bits` of a float32 without its sign. A carry out of the fraction goes where it belongs: into the exponent. */
function halfMagnitude(bits: number): number {
  if (bits > 0x7f800000) return 0x7e00; // NaN
  if (bits >= 0x477ff000) return 0x7c00; // 65520, halfway to the first value that there is none of
  if (bits >= 0x38800000) return roundedShift(bits - ((127 - 15) << 23), 13);
  // Below 2^-14, halves are multiples of 2^-24; from 2^-26 down all are nearer to 0.
  const exponent = bits >>> 23;
  return exponent < 127 - 25 ? 0 : roundedShift((bits & 0x7fffff) | 0x800000, 126 - exponent);
}

function roundedShift(value: number, shift: number): number {
  const half = 1 << (shift - 1);
  return (value + half - 1 + ((value >>> shift) & 1)) >>> shift;
}
