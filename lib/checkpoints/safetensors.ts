import { damaged, quoted, shapeText, unreadable } from './faults.js';
import { floatSizeBytes, toFloat32, type FloatType } from './floats.js';
import type { Tensor } from './tensor.js';

/** The format's own limit on its JSON header. */
const maxHeaderBytes = 100_000_000;

/** Types whose tensors (counters, masks) are checked like all others and left out. */
const integerSizeBytes: ReadonlyMap<string, number> = new Map([
  ['BOOL', 1],
  ['I8', 1],
  ['U8', 1],
  ['I16', 2],
  ['U16', 2],
  ['I32', 4],
  ['U32', 4],
  ['I64', 8],
  ['U64', 8],
]);

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a file in the safetensors format (https://github.com/huggingface/safetensors): 8 bytes of little-endian
 * header length, a JSON header, the data. Every rule of the format is checked before anything is made of it, and
 * float32 tensors are views on `bytes` where they lie aligned.
 */
export function readSafetensors(bytes: Buffer, file: string): Map<string, Tensor> {
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  if (headerBytes > maxHeaderBytes) {
    throw damaged(file, `it claims a header of ${headerBytes} bytes, where the format allows ${maxHeaderBytes}`);
  }
  const dataStart = 8 + headerBytes;
  if (dataStart > bytes.length) {
    throw damaged(file, `its header should have ${headerBytes} bytes, but the file ends after ${bytes.length - 8}`);
  }
  const entries = readHeader(bytes.subarray(8, dataStart), file);
  checkCoverage(entries, bytes.length - dataStart, file);

  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    if (!isFloatType(dtype)) continue;
    const data = toFloat32(bytes.subarray(dataStart + begin, dataStart + end), dtype, 'LE');
    tensors.set(name, { shape, data });
  }
  return tensors;
}

function isFloatType(dtype: string): dtype is FloatType {
  return Object.hasOwn(floatSizeBytes, dtype);
}

function readHeader(json: Uint8Array, file: string): Entry[] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw damaged(file, 'its header is not valid JSON', cause);
  }
  if (!isRecord(header)) throw damaged(file, 'its header is not a JSON object');
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(name, value, file));
}

function readEntry(name: string, value: unknown, file: string): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw damaged(file, `its entry for tensor ${quoted(name)} is not a dtype, a shape and two offsets`);
  }
  const sizeBytes = isFloatType(dtype) ? floatSizeBytes[dtype] : integerSizeBytes.get(dtype);
  if (sizeBytes === undefined) {
    const known = Object.keys(floatSizeBytes).join(', ');
    throw unreadable(file, `holds tensor ${quoted(name)} as ${quoted(dtype)}; save it as one of ${known}`);
  }
  const [begin, end] = offsets as [number, number];
  // Beyond 2^53 this product is rounded, but then it is also far above any possible end - begin.
  const expectedBytes = shape.reduce((product, size) => product * size, sizeBytes);
  if (end - begin !== expectedBytes) {
    const claim = `${dtype} of shape ${shapeText(shape)}`;
    throw damaged(file, `tensor ${quoted(name)} (${claim}) should have ${expectedBytes} bytes and has ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Tensors follow each other without hole or overlap, from the data's first byte to its last. */
function checkCoverage(entries: readonly Entry[], dataBytes: number, file: string): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const fault = begin < covered ? 'overlaps another tensor' : 'leaves a hole before it';
      throw damaged(file, `tensor ${quoted(name)} at byte ${begin} of the data ${fault}`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw damaged(file, `its tensors should have ${covered} bytes, but the file holds ${dataBytes} bytes of data`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
