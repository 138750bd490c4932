import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { damaged, unreadable } from '../formats/faults.js';
import { quoted, shapeText } from '../messages/quoted.js';
import type { OpenFile } from '../formats/open-file.js';
import { floatSizeBytes, toFloat32, type FloatType } from '../formats/floats.js';
import { fieldsOf, packedVarints } from '../formats/protobuf-reader.js';
import type { TensorDict } from './tensor-dict.js';
import { storedBytes, type StoredTensor, type Tensor } from '../formats/tensor.js';

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

/** One entry of the file: all of a parameter, or one of the slices that large ones are cut into. */
interface Value {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly content: Buffer;
}

/** A parameter with its slices in their order. */
interface Parameter extends Omit<Value, 'content'> {
  readonly slices: Buffer[];
}

/**
 * Reads a MindSpore checkpoint: protobuf, in which field 1 is repeated and holds a parameter's name (field 1) and
 * tensor (field 2: its dimensions, the name of its type and its elements, little-endian). Neighbours of the same name
 * are slices of one tensor. Large float32 matrices are copied out of the file's one buffer as they are asked for.
 *
 * @returns tensors by MindSpore's names
 */
export async function readMindSpore(opened: OpenFile, signal?: AbortSignal): Promise<TensorDict> {
  const file = opened.path;
  const bytes = withoutChecksum(await opened.read(0, opened.sizeBytes, signal), file);
  const parameters = new Map<string, Parameter>();
  let last: Parameter | undefined;
  for (const { name, type, shape, content } of readValues(bytes, file)) {
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
  const tensors = new Map<string, Tensor | StoredTensor>();
  for (const [name, parameter] of parameters) {
    signal?.throwIfAborted();
    const tensor = tensorOf(parameter, file);
    if (tensor) tensors.set(name, tensor);
  }
  const read = (names: Iterable<string>): Map<string, Tensor | StoredTensor> =>
    new Map(Array.from(names, (name) => [name, tensors.get(name)!]));
  return { path: '', shapes: tensors, read: (names) => Promise.resolve(read(names)) };
}

function withoutChecksum(bytes: Buffer, file: string): Buffer {
  const end = bytes.length - checksumBytes - checksumMark.length;
  if (end < 0 || !bytes.subarray(end, -checksumBytes).equals(checksumMark)) return bytes;
  const content = bytes.subarray(0, end);
  const [found, stated] = [crc32(content), bytes.readUInt32BE(bytes.length - 4)];
  if (found !== stated) throw damaged(file, `its checksum should be ${stated} and is ${found}`);
  return content;
}

function* readValues(bytes: Buffer, file: string): Generator<Value> {
  for (const { number, value } of fieldsOf(bytes, maxValues, file)) {
    if (number !== 1 || typeof value === 'number') continue;
    const parameter = readValue(value, file);
    if (parameter) yield parameter;
  }
}

/** Undefined for a parameter that is no tensor: newer versions of MindSpore have maps too. */
function readValue(bytes: Buffer, file: string): Value | undefined {
  const parts = new Map<number, Buffer>();
  for (const { number, value } of fieldsOf(bytes, maxFields, file))
    if (typeof value !== 'number') parts.set(number, value);
  const [name, tensor] = [parts.get(1), parts.get(2)];
  if (!name) throw damaged(file, 'a parameter has no name');
  return tensor && readTensor(name.toString(), tensor, file);
}

function readTensor(name: string, bytes: Buffer, file: string): Value {
  const shape: number[] = [];
  let type = '';
  let content: Buffer = Buffer.alloc(0);
  for (const { number, value } of fieldsOf(bytes, maxFields, file)) {
    if (number === 1) addSizes(shape, typeof value === 'number' ? [value] : packedVarints(value, file), file);
    if (number === 2 && typeof value !== 'number') type = value.toString();
    if (number === 3 && typeof value !== 'number') content = value;
  }
  return { name, type, shape, content };
}

function addSizes(shape: number[], sizes: Iterable<number>, file: string): void {
  for (const size of sizes) {
    if (shape.push(size) > maxDimensions) throw damaged(file, `a tensor has more than ${maxDimensions} dimensions`);
  }
}

function tensorOf(
  { name, type: typeName, shape: dimensions, slices }: Parameter,
  file: string,
): Tensor | StoredTensor | undefined {
  const type = floatTypes.get(typeName);
  if (!type) {
    if (otherTypes.test(typeName)) return undefined;
    throw unreadable(file, `holds tensor ${quoted(name)} as ${quoted(typeName)}; save it as Float32`);
  }
  // A scalar is written with the one dimension 0.
  const shape = dimensions.length === 1 && dimensions[0] === 0 ? [] : dimensions;
  const found = slices.reduce((sum, slice) => sum + slice.length, 0);
  // Beyond 2^53 this product is rounded, but then it is also far above any file's size.
  const expected = shape.reduce((product, size) => product * size, floatSizeBytes[type]);
  if (found !== expected) {
    const claim = `${typeName} of shape ${shapeText(shape)}`;
    throw damaged(file, `tensor ${quoted(name)} (${claim}) should have ${expected} bytes and has ${found}`);
  }
  if (type === 'F32' && endianness() === 'LE' && shape.length > 1 && found >= storedBytes)
    return { shape, read: reader(slices) };
  return { shape, data: toFloat32(slices.length === 1 ? slices[0]! : Buffer.concat(slices), type, 'LE') };
}

function reader(slices: readonly Buffer[]): StoredTensor['read'] {
  return ({ buffer, byteOffset, byteLength }, first) => {
    const into = new Uint8Array(buffer, byteOffset, byteLength);
    let at = first * floatSizeBytes.F32;
    let filled = 0;
    for (const slice of slices) {
      const part = slice.subarray(at, at + byteLength - filled);
      into.set(part, filled);
      filled += part.length;
      at = Math.max(0, at - slice.length);
    }
    return Promise.resolve();
  };
}
