import { endianness } from 'node:os';
import { ownTurn } from '../waiting/own-turn.js';
import { damaged, unreadable } from '../formats/faults.js';
import { quoted, shapeText } from '../messages/quoted.js';
import type { OpenFile } from '../formats/open-file.js';
import { floatSizeBytes, type FloatType } from '../formats/floats.js';
import { readRanges, type Range } from '../formats/ranges.js';
import { storedTensor } from '../formats/stored-tensor.js';
import { storedBytes, type StoredTensor, type Tensor } from '../formats/tensor.js';
import { Conversion } from './conversion.js';
import type { TensorDict } from './tensor-dict.js';
import { isRecord, isSizes } from './untyped-values.js';

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
 * header length, a JSON header, the data. Every rule of the format is checked before anything is made of it. Large
 * float32 matrices stay in the file; neighbours among the others are read at once, and float32 tensors are views on
 * them.
 */
export async function readSafetensors(file: OpenFile, signal?: AbortSignal): Promise<TensorDict> {
  const headerBytes = Number((await file.read(0, 8)).readBigUInt64LE(0));
  if (headerBytes > maxHeaderBytes) {
    throw damaged(file.path, `it claims a header of ${headerBytes} bytes, where the format allows ${maxHeaderBytes}`);
  }
  const dataStart = 8 + headerBytes;
  if (dataStart > file.sizeBytes) {
    const found = `the file ends after ${file.sizeBytes - 8}`;
    throw damaged(file.path, `its header should have ${headerBytes} bytes, but ${found}`);
  }
  const header = await file.read(8, headerBytes, signal);
  await ownTurn();
  const entries = readHeader(header, file.path).sort(byPlace);
  checkCoverage(entries, file.sizeBytes - dataStart, file.path);

  const floats = entries.filter(({ dtype }) => isFloatType(dtype));
  return {
    path: '',
    shapes: new Map(floats.map((entry) => [entry.name, entry])),
    read: (names) => readEntries(floats, new Set(names), { file, dataStart, signal }),
  };
}

interface Data {
  readonly file: OpenFile;
  readonly dataStart: number;
  readonly signal: AbortSignal | undefined;
}

async function readEntries(
  entries: readonly Entry[],
  wanted: ReadonlySet<string>,
  { file, dataStart, signal }: Data,
): Promise<Map<string, Tensor | StoredTensor>> {
  const tensors = new Map<string, Tensor | StoredTensor>();
  const read: Entry[] = [];
  for (const entry of entries) {
    if (!wanted.has(entry.name)) continue;
    if (staysInFile(entry)) tensors.set(entry.name, storedTensor(file, entry.shape, [rangeOf(entry, dataStart)]));
    else read.push(entry);
  }
  const ranges = read.map((entry) => rangeOf(entry, dataStart));
  const bytes = await readRanges(file, ranges, { origin: dataStart, signal });
  const conversion = new Conversion('LE', signal);
  for (const [i, { name, dtype, shape }] of read.entries())
    if (isFloatType(dtype)) tensors.set(name, { shape, data: await conversion.floats(bytes[i]!, dtype) });
  return tensors;
}

function rangeOf({ begin, end }: Entry, dataStart: number): Range {
  return { start: dataStart + begin, sizeBytes: end - begin };
}

function byPlace(a: Entry, b: Entry): number {
  return a.begin - b.begin || a.end - b.end;
}

function staysInFile({ dtype, shape, begin, end }: Entry): boolean {
  return dtype === 'F32' && endianness() === 'LE' && shape.length > 1 && end - begin >= storedBytes;
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

/**
 * In order of their places, tensors follow each other without hole or overlap, from the data's first byte to its last.
 */
function checkCoverage(entries: readonly Entry[], dataBytes: number, file: string): void {
  let covered = 0;
  for (const { name, begin, end } of entries) {
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
