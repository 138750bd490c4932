import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { damaged, unreadable } from '../formats/faults.js';
import { quoted, shapeText } from '../messages/quoted.js';
import type { OpenFile } from '../formats/open-file.js';
import { floatSizeBytes, type FloatType } from '../formats/floats.js';
import { CutOff, fieldsOf, packedVarints, type Field } from '../formats/protobuf-reader.js';
import { readRanges, type Range } from '../formats/ranges.js';
import { storedTensor } from '../formats/stored-tensor.js';
import { storedBytes, type StoredTensor, type Tensor } from '../formats/tensor.js';
import { Conversion } from './conversion.js';
import type { TensorDict } from './tensor-dict.js';

/** Bound what a hostile file can take: a training checkpoint has a few thousand parameters, a weight 4 dimensions. */
const maxValues = 100_000;
const maxDimensions = 64;
const maxFields = 100;

const floatTypes: ReadonlyMap<string, FloatType> = new Map([
  ['Float16', 'F16'],
  ['BFloat16', 'BF16'],
  ['Float32', 'F32'],
  ['Float64', 'F64'],
]);

/** Counters, switches and notes: no weights. */
const otherTypes = /^(?:U?Int\d+|Bool|str|String)$/;

/** What a file that was saved with `crc_check` ends with, before 10 bytes of checksum. */
const checksumMark = Buffer.from('crc_num');
const checksumBytes = 10;

/** How much is read at a time of what is between large tensors, and at least of the beginning of each parameter. */
const windowBytes = 2 ** 16;
const headBytes = 2 ** 10;

/** In which the checksum's pass goes. */
const pieceBytes = 2 ** 20;

/** One entry of the file: all of a parameter, or one of the slices that large ones are cut into. */
interface Value {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly content: Range;
}

/** A parameter with its slices in their order. */
interface Parameter extends Omit<Value, 'content'> {
  readonly slices: Range[];
}

/** A parameter of floating-point numbers. */
interface Floats {
  readonly type: FloatType;
  readonly shape: readonly number[];
  readonly slices: readonly Range[];
}

/**
 * Reads a MindSpore checkpoint: protobuf, in which field 1 is repeated and holds a parameter's name (field 1) and
 * tensor (field 2: its dimensions, the name of its type and its elements, little-endian). Neighbours of the same name
 * are slices of one tensor. Large float32 matrices stay in the file, and nothing else is read before it is wanted but
 * what is between the elements; a checksum takes a pass through all of it.
 *
 * @returns tensors by MindSpore's names
 */
export async function readMindSpore(opened: OpenFile, signal?: AbortSignal): Promise<TensorDict> {
  const file = opened.path;
  const parameters = new Map<string, Parameter>();
  let last: Parameter | undefined;
  for await (const { name, type, shape, content } of readValues(opened, await contentBytes(opened, signal), signal)) {
    if (last?.name === name) {
      if (type !== last.type || shape.join() !== last.shape.join())
        throw damaged(file, `the slices of tensor ${quoted(name)} differ in type or shape`);
      last.slices.push(content);
    } else {
      if (parameters.has(name)) throw damaged(file, `it holds tensor ${quoted(name)} twice`);
      last = { name, type, shape, slices: [content] };
      parameters.set(name, last);
    }
  }
  const shapes = new Map<string, Floats>();
  for (const [name, parameter] of parameters) {
    const floats = floatsOf(parameter, file);
    if (floats) shapes.set(name, floats);
  }
  return {
    path: '',
    shapes,
    read: (names) => readTensors(new Map(Array.from(names, (name) => [name, shapes.get(name)!])), opened, signal),
  };
}

/** Of the file without a checksum at its end, which is compared. */
async function contentBytes(file: OpenFile, signal: AbortSignal | undefined): Promise<number> {
  const sizeBytes = file.sizeBytes - checksumBytes - checksumMark.length;
  if (sizeBytes < 0) return file.sizeBytes;
  const end = await file.read(sizeBytes, file.sizeBytes - sizeBytes, signal);
  if (!end.subarray(0, checksumMark.length).equals(checksumMark)) return file.sizeBytes;
  const [found, stated] = [await checksumOf(file, sizeBytes, signal), end.readUInt32BE(end.length - 4)];
  if (found !== stated) throw damaged(file.path, `its checksum should be ${stated} and is ${found}`);
  return sizeBytes;
}

/** The next piece is read while one is gone through, into two buffers by turns. */
async function checksumOf(file: OpenFile, sizeBytes: number, signal: AbortSignal | undefined): Promise<number> {
  const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(pieceBytes, sizeBytes)));
  const read = async (start: number): Promise<Buffer> => {
    const piece = buffers[(start / pieceBytes) % 2]!.subarray(0, Math.max(0, sizeBytes - start));
    await file.fill(piece, start, signal);
    return piece;
  };
  let sum = 0;
  let next = read(0);
  for (let start = 0; start < sizeBytes; start += pieceBytes) {
    const piece = await next;
    next = read(start + pieceBytes);
    sum = crc32(piece, sum);
  }
  await next;
  return sum;
}

/** The parameters in the first `sizeBytes`. */
async function* readValues(file: OpenFile, sizeBytes: number, signal: AbortSignal | undefined): AsyncGenerator<Value> {
  let window: { start: number; end: number; bytes: Buffer } = { start: 0, end: 0, bytes: Buffer.alloc(0) };
  let count = 0;
  for (let at = 0; at < sizeBytes;) {
    if (++count > maxValues) throw damaged(file.path, `in its protobuf, a message has more than ${maxValues} fields`);
    if (window.end < Math.min(sizeBytes, at + headBytes)) {
      const end = Math.min(sizeBytes, at + windowBytes);
      window = { start: at, end, bytes: await file.read(at, end - at, signal) };
    }
    const bytes = window.bytes.subarray(at - window.start);
    const [field] = fieldsOf(bytes, 1, file.path, sizeBytes - at) as Iterable<Field> as readonly [Field];
    const value = await readField(field, at, file, signal);
    if (value) yield value;
    at += field.end;
  }
}

/** A parameter, if the field is one that is a tensor: newer versions of MindSpore have maps too. */
async function readField(
  { number, value, sizeBytes, end }: Field,
  at: number,
  file: OpenFile,
  signal: AbortSignal | undefined,
): Promise<Value | undefined> {
  if (number !== 1 || typeof value === 'number') return undefined;
  const message = { start: at + end - sizeBytes, sizeBytes };
  try {
    return readValue(value, message, file.path);
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
    return readValue(await file.read(message.start, sizeBytes, signal), message, file.path);
  }
}

/** Of the message that lies at `place`, `bytes` are the beginning. */
function readValue(bytes: Buffer, place: Range, file: string): Value | undefined {
  let name: string | undefined;
  let tensor: { bytes: Buffer; place: Range } | undefined;
  for (const field of fieldsOf(bytes, maxFields, file, place.sizeBytes)) {
    if (typeof field.value === 'number') continue;
    if (field.number === 1) name = wholeText(field);
    if (field.number === 2) tensor = { bytes: field.value, place: placeOf(field, place) };
  }
  if (name === undefined) throw damaged(file, 'a parameter has no name');
  return tensor && { name, ...readTensor(tensor.bytes, tensor.place, file) };
}

function readTensor(bytes: Buffer, place: Range, file: string): Omit<Value, 'name'> {
  const shape: number[] = [];
  let type = '';
  let content: Range = { start: place.start, sizeBytes: 0 };
  for (const field of fieldsOf(bytes, maxFields, file, place.sizeBytes)) {
    const { number, value } = field;
    if (number === 1) addSizes(shape, typeof value === 'number' ? [value] : packedVarints(whole(field), file), file);
    if (typeof value === 'number') continue;
    if (number === 2) type = wholeText(field);
    if (number === 3) content = placeOf(field, place);
  }
  return { type, shape, content };
}

function placeOf({ sizeBytes, end }: Field, message: Range): Range {
  return { start: message.start + end - sizeBytes, sizeBytes };
}

function whole({ value, sizeBytes }: Field): Buffer {
  if (typeof value === 'number' || value.length < sizeBytes) throw new CutOff();
  return value;
}

function wholeText(field: Field): string {
  return whole(field).toString();
}

function addSizes(shape: number[], sizes: Iterable<number>, file: string): void {
  for (const size of sizes) {
    if (shape.push(size) > maxDimensions) throw damaged(file, `a tensor has more than ${maxDimensions} dimensions`);
  }
}

function floatsOf({ name, type: typeName, shape: dimensions, slices }: Parameter, file: string): Floats | undefined {
  const type = floatTypes.get(typeName);
  if (!type) {
    if (otherTypes.test(typeName)) return undefined;
    throw unreadable(file, `holds tensor ${quoted(name)} as ${quoted(typeName)}; save it as Float32`);
  }
  // A scalar is written with the one dimension 0.
  const shape = dimensions.length === 1 && dimensions[0] === 0 ? [] : dimensions;
  const found = sizeOf(slices);
  // Beyond 2^53 this product is rounded, but then it is also far above any file's size.
  const expected = shape.reduce((product, size) => product * size, floatSizeBytes[type]);
  if (found !== expected) {
    const claim = `${typeName} of shape ${shapeText(shape)}`;
    throw damaged(file, `tensor ${quoted(name)} (${claim}) should have ${expected} bytes and has ${found}`);
  }
  return { type, shape, slices };
}

function sizeOf(slices: readonly Range[]): number {
  return slices.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function readTensors(
  wanted: ReadonlyMap<string, Floats>,
  file: OpenFile,
  signal: AbortSignal | undefined,
): Promise<Map<string, Tensor | StoredTensor>> {
  const tensors = new Map<string, Tensor | StoredTensor>();
  const read: [string, Floats][] = [];
  for (const [name, floats] of wanted) {
    const { type, shape, slices } = floats;
    const isLarge = shape.length > 1 && sizeOf(slices) >= storedBytes;
    if (type === 'F32' && endianness() === 'LE' && isLarge) tensors.set(name, storedTensor(file, shape, slices));
    else read.push([name, floats]);
  }
  const bytes = await readRanges(file, read.flatMap(([, { slices }]) => slices), { signal }); // prettier-ignore
  const parts = bytes.values();
  const conversion = new Conversion('LE', signal);
  for (const [name, { type, shape, slices }] of read) {
    const own = slices.map(() => parts.next().value!);
    tensors.set(name, { shape, data: await conversion.floats(own.length === 1 ? own[0]! : Buffer.concat(own), type) });
  }
  return tensors;
}
