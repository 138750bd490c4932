import { deflateRawSync } from 'node:zlib';

/** A safetensors file; `header` is the JSON that stands before `data`, `padding` the spaces after it. */
export function safetensorsFile(header: unknown, data: Uint8Array, padding = 0): Buffer {
  const json = Buffer.from((typeof header === 'string' ? header : JSON.stringify(header)) + ' '.repeat(padding));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Sizes and offset in the zip64 extra field. */
  readonly zip64?: boolean;
  /** More bytes in the local extra field than alignment takes. */
  readonly localExtraBytes?: number;
}

/** A zip file. Checksums are left at zero. */
export function zipFile(entries: readonly ZipEntry[], comment = ''): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, deflate = false, zip64 = false, localExtraBytes = 0 } of entries) {
    const stored = deflate ? deflateRawSync(data) : Buffer.from(data);
    const sizes = [data.length, stored.length, offset];
    const extra = zip64 ? Buffer.concat([u16(1), u16(24), ...sizes.map(u64)]) : Buffer.alloc(0);
    const [length, storedLength, at] = sizes.map((size) => u32(zip64 ? 0xffffffff : size)) as [Buffer, Buffer, Buffer];
    const common = [u16(0), u16(deflate ? 8 : 0), u32(0), u32(0), storedLength, length, u16(name.length)];
    // torch.save fills up the local extra field, so that the data begin at a multiple of 64.
    const fill = Buffer.alloc(63 - ((offset + 30 + name.length + 63) % 64) + localExtraBytes);
    const file = Buffer.concat([
      u32(0x04034b50),
      u16(45),
      ...common,
      u16(fill.length),
      Buffer.from(name),
      fill,
      stored,
    ]);
    directory.push(u32(0x02014b50), u16(45), u16(45), ...common, u16(extra.length), u16(0), u16(0), u16(0), u32(0));
    directory.push(at, Buffer.from(name), extra);
    files.push(file);
    offset += file.length;
  }
  const central = Buffer.concat(directory);
  const counts = [u16(entries.length), u16(entries.length)];
  const place = [u32(central.length), u32(offset), u16(comment.length)];
  const end = Buffer.concat([u32(0x06054b50), u16(0), u16(0), ...counts, ...place, Buffer.from(comment, 'latin1')]);
  return Buffer.concat([...files, central, end]);
}

/** Pieces of pickles: each pushes one value. */
export const pickle = {
  none: Buffer.from('N'),
  text: (value: string) => Buffer.concat([Buffer.from('X'), u32(Buffer.byteLength(value)), Buffer.from(value)]),
  shortText: (value: string) => Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]),
  int: (value: number) => Buffer.concat([Buffer.from('J'), i32(value)]),
  float: (value: number) => Buffer.concat([Buffer.from('G'), f64(value)]),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  stackGlobal: (module: Buffer, name: Buffer) => Buffer.concat([module, name, Buffer.from([0x93])]),
  tuple: (...items: Buffer[]) => Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]),
  list: (...items: Buffer[]) => Buffer.concat([Buffer.from('](', 'latin1'), ...items, Buffer.from('e')]),
  dict: (entries: Readonly<Record<string, Buffer>>) =>
    Buffer.concat([
      Buffer.from('}('),
      ...Object.entries(entries).flatMap(([k, v]) => [pickle.text(k), v]),
      Buffer.from('u'),
    ]),
  reduce: (callable: Buffer, ...args: Buffer[]) => Buffer.concat([callable, pickle.tuple(...args), Buffer.from('R')]),
  newObject: (type: Buffer, ...args: Buffer[]) => Buffer.concat([type, pickle.tuple(...args), Buffer.from([0x81])]),
  build: (object: Buffer, state: Buffer) => Buffer.concat([object, state, Buffer.from('b')]),
  persistent: (id: Buffer) => Buffer.concat([id, Buffer.from('Q')]),
  program: (value: Buffer, protocol = 2) => Buffer.concat([Buffer.from([0x80, protocol]), value, Buffer.from('.')]),
};

export interface StoredTensor {
  readonly key: string;
  /** A class of the module `torch`, as FloatStorage, or a module and a class. */
  readonly storage: string;
  /** Elements, or bytes of an untyped storage. */
  readonly length: number;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  readonly offset?: number;
  /** Makes it a `_rebuild_tensor_v3`. */
  readonly dtype?: string;
  /** The sixth part of the storage's id in the legacy format: a view's key, start and length, or null for None. */
  readonly view?: readonly [key: string, start: number, length: number] | null;
}

/** A tensor as torch.save writes it. */
export function tensor(stored: StoredTensor): Buffer {
  const { key, storage, length, shape, stride = contiguous(shape), offset = 0, dtype, view } = stored;
  const [type, ...module] = storage.split('.').reverse() as [string, ...string[]];
  const storageType = pickle.global(module.length > 0 ? module.reverse().join('.') : 'torch', type);
  const id = pickle.tuple(
    pickle.text('storage'),
    storageType,
    pickle.text(key),
    pickle.text('cpu'),
    pickle.int(length),
    ...(view === undefined ? [] : [view ? pickle.tuple(pickle.text(view[0]), ...view.slice(1).map(int)) : pickle.none]),
  );
  const hooks = pickle.reduce(pickle.global('collections', 'OrderedDict'));
  const sizes = [shape, stride].map((values) => pickle.tuple(...values.map(pickle.int)));
  const args = [pickle.persistent(id), pickle.int(offset), ...sizes, Buffer.from([0x89]), hooks];
  if (dtype !== undefined) args.push(pickle.global('torch', dtype));
  return pickle.reduce(pickle.global('torch._utils', `_rebuild_tensor_v${dtype === undefined ? 2 : 3}`), ...args);
}

export interface TorchFileOptions {
  readonly byteorder?: 'little' | 'big';
  readonly deflate?: boolean;
  readonly zip64?: boolean;
  readonly localExtraBytes?: number;
}

/** A file of torch.save: `value` is a piece of a pickle, `storages` the bytes by key. */
export function torchFile(
  value: Buffer,
  storages: Readonly<Record<string, Uint8Array>> = {},
  { byteorder, ...zip }: TorchFileOptions = {},
): Buffer {
  return zipFile([
    { name: 'model/data.pkl', data: pickle.program(value), ...zip },
    ...(byteorder ? [{ name: 'model/byteorder', data: Buffer.from(byteorder), ...zip }] : []),
    ...Object.entries(storages).map(([key, data]) => ({ name: `model/data/${key}`, data, ...zip })),
    { name: 'model/version', data: Buffer.from('3\n'), ...zip },
  ]);
}

export interface LegacyStorage {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** What the file says, true or not. */
  readonly elements: number;
}

/** A file as torch.save wrote it before the zip format; `value` is a piece of a pickle. */
export function legacyTorchFile(
  value: Buffer,
  storages: readonly LegacyStorage[],
  { version = 1001, protocol = 2, keys = pickle.list(...storages.map(({ key }) => pickle.text(key))) } = {},
): Buffer {
  const magic = Buffer.concat([Buffer.of(0x8a, 10), Buffer.from('6cfc9c46f9206aa85019', 'hex')]);
  const machine = pickle.dict({ protocol_version: pickle.int(version), little_endian: Buffer.of(0x88) });
  return Buffer.concat([
    ...[magic, pickle.int(version), machine, value, keys].map((piece) => pickle.program(piece, protocol)),
    ...storages.flatMap(({ elements, bytes }) => [u64(elements), bytes]),
  ]);
}

export type ProtobufField = readonly [number: number, value: number | Uint8Array | string];

/** A message in protobuf's wire format. */
export function protobuf(...fields: readonly ProtobufField[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint(number * 8), varint(value)];
      const bytes = Buffer.from(value as Uint8Array);
      return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }),
  );
}

/** One value of a MindSpore checkpoint: a parameter, or a slice of one. */
export function mindSporeValue(name: string, type: string, shape: readonly number[], content: Uint8Array): Buffer {
  const tensor = protobuf(...shape.map((size): ProtobufField => [1, size]), [2, type], [3, content]);
  return protobuf([1, protobuf([1, name], [2, tensor])]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
}

export function bytesOf(values: ArrayBufferView): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function int(value: unknown): Buffer {
  return pickle.int(Number(value));
}

function contiguous(shape: readonly number[]): number[] {
  return shape.map((_, d) => shape.slice(d + 1).reduce((product, size) => product * size, 1));
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
