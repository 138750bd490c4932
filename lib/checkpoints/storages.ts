import { endianness } from 'node:os';
import { damaged, unreadable } from '../formats/faults.js';
import type { OpenFile } from '../formats/open-file.js';
import { quoted, shapeText } from '../messages/quoted.js';
import { floatSizeBytes, type ByteOrder, type FloatType } from '../formats/floats.js';
import { storedTensor } from '../formats/stored-tensor.js';
import { elementCount, storedBytes, type StoredTensor, type Tensor } from '../formats/tensor.js';
import { Conversion } from './conversion.js';
import { readPlaces, type Place } from './places.js';
import type { StorageReference, TensorReference } from './torch-objects.js';

/** Bounds what tensors with odd strides (one number repeated a thousand million times) are copied out to. */
const maxCopiedElements = 2 ** 26;

/** The storages of a file, by their keys. */
export interface Storages {
  readonly opened: OpenFile;
  readonly order: ByteOrder;
  /** See {@link readPlaces}. */
  readonly origin?: number;
  /** Where one lies in the file as it is; undefined where it is compressed. */
  readonly place: (key: string) => Place | undefined;
  /** Reads one that is compressed. */
  readonly inflated?: (key: string) => Promise<Buffer>;
}

/** A tensor of which all has been checked that can be before it is read. */
interface Wanted {
  readonly name: string;
  readonly reference: TensorReference;
  readonly type: FloatType;
  readonly count: number;
}

/**
 * Makes tensors of a file's storages. Large float32 matrices stay in the file; what else the tensors need is read and
 * converted once, neighbours with one read.
 */
export class StorageReader {
  private readonly places = new Map<string, Place | undefined>();
  private readonly inMemory = new Map<string, Float32Array>();
  private readonly conversion: Conversion;
  private copiedElements = 0;

  constructor(
    private readonly storages: Storages,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.conversion = new Conversion(storages.order, signal);
  }

  /** The tensors by the names of their references; those in memory are contiguous. */
  async tensors(references: ReadonlyMap<string, TensorReference>): Promise<Map<string, Tensor | StoredTensor>> {
    const wanted = Array.from(references, ([name, reference]) => this.checked(name, reference));
    const needed = wanted.filter((tensor) => !this.mayStay(tensor));
    const keys = new Set(needed.map(({ reference }) => reference.storage.key));
    const staying = wanted.filter(({ reference }) => !keys.has(reference.storage.key));
    const starts = await this.read(needed, staying);
    return new Map(
      wanted.map((tensor): [string, Tensor | StoredTensor] => {
        const { name, reference } = tensor;
        const start = starts.get(reference.storage.key);
        return [name, start === undefined ? this.loaded(tensor) : this.stored(tensor, start)];
      }),
    );
  }

  private checked(name: string, reference: TensorReference): Wanted {
    const { type, typeName, storage, shape } = reference;
    if (!type || type === 'integer')
      throw unreadable(this.file, `holds tensor ${quoted(name)} as ${quoted(typeName)}; save it as float32`);
    const place = this.place(storage.key);
    if (place) this.checkSize(storage, type, place.sizeBytes);
    const count = elementCount(reference);
    const elements = expectedBytes(storage, type) / floatSizeBytes[type];
    if (lastElement(reference, count) >= elements) {
      const found = `its storage holds ${elements} elements`;
      throw damaged(this.file, `tensor ${quoted(name)} of shape ${shapeText(shape)} reaches beyond its end: ${found}`);
    }
    return { name, reference, type, count };
  }

  private get file(): string {
    return this.storages.opened.path;
  }

  /** Asked for once each: whoever has the places counts how much they are together. */
  private place(key: string): Place | undefined {
    if (!this.places.has(key)) this.places.set(key, this.storages.place(key));
    return this.places.get(key);
  }

  private checkSize(storage: StorageReference, type: FloatType, foundBytes: number): void {
    const expected = expectedBytes(storage, type);
    if (foundBytes === expected && foundBytes % floatSizeBytes[type] === 0) return;
    throw damaged(this.file, `storage ${quoted(storage.key)} should have ${expected} bytes and has ${foundBytes}`);
  }

  private mayStay({ reference, type, count }: Wanted): boolean {
    const isAsInMemory = type === 'F32' && this.storages.order === endianness() && isContiguous(reference);
    const isLarge = reference.shape.length > 1 && count * floatSizeBytes.F32 >= storedBytes;
    return isAsInMemory && isLarge && this.place(reference.storage.key) !== undefined;
  }

  /**
   * Reads what is needed in memory.
   *
   * @returns where the elements of those that stay begin in the file, by their storages' keys
   */
  private async read(needed: readonly Wanted[], staying: readonly Wanted[]): Promise<ReadonlyMap<string, number>> {
    const stayingKeys = [...new Set(staying.map(({ reference }) => reference.storage.key))];
    const missing = new Map(needed.map((tensor) => [residentKey(tensor), tensor]));
    for (const key of this.inMemory.keys()) missing.delete(key);
    const [placed, compressed]: [Wanted[], Wanted[]] = [[], []];
    for (const tensor of missing.values())
      (this.place(tensor.reference.storage.key) ? placed : compressed).push(tensor);
    const { starts, contents } = await readPlaces(
      this.storages.opened,
      {
        found: stayingKeys.map((key) => this.place(key)!),
        read: placed.map(({ reference }) => this.place(reference.storage.key)!),
      },
      { ...this.storages, signal: this.signal },
    );
    const convert = async (tensor: Wanted, bytes: Buffer): Promise<void> => {
      this.inMemory.set(residentKey(tensor), await this.conversion.floats(bytes, tensor.type));
    };
    for (const [i, tensor] of placed.entries()) await convert(tensor, contents[i]!);
    for (const tensor of compressed) {
      const { storage } = tensor.reference;
      const bytes = await this.storages.inflated!(storage.key);
      this.checkSize(storage, tensor.type, bytes.length);
      await convert(tensor, bytes);
    }
    return new Map(stayingKeys.map((key, i) => [key, starts[i]!]));
  }

  private stored({ reference: { shape, offset }, count }: Wanted, start: number): StoredTensor {
    const range = { start: start + offset * floatSizeBytes.F32, sizeBytes: count * floatSizeBytes.F32 };
    return storedTensor(this.storages.opened, shape, [range]);
  }

  private loaded(tensor: Wanted): Tensor {
    const { name, reference, count } = tensor;
    const { shape, offset } = reference;
    const elements = this.inMemory.get(residentKey(tensor))!;
    if (isContiguous(reference)) return { shape, data: elements.subarray(offset, offset + count) };
    this.copiedElements += count;
    if (this.copiedElements > maxCopiedElements) {
      throw damaged(this.file, `tensor ${quoted(name)} of shape ${shapeText(shape)} repeats what is stored too often`);
    }
    return { shape, data: gather(elements, reference, count) };
  }
}

/** What a storage is in memory depends on what its elements are taken for. */
function residentKey({ type, reference }: Wanted): string {
  return `${type} ${reference.storage.key}`;
}

function expectedBytes({ className, length }: StorageReference, type: FloatType): number {
  return className.endsWith('UntypedStorage') ? length : length * floatSizeBytes[type];
}

/** Index in the storage of the last element that the tensor touches; -1 if it has none. */
function lastElement({ offset, shape, stride }: TensorReference, count: number): number {
  if (count === 0) return -1;
  return shape.reduce((last, size, d) => last + (size - 1) * stride[d]!, offset);
}

function isContiguous({ shape, stride }: TensorReference): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && stride[d] !== expected) return false;
    expected *= shape[d]!;
  }
  return true;
}

function gather(elements: Float32Array, { offset, shape, stride }: TensorReference, count: number): Float32Array {
  // Without dimensions of one, an element takes less than two steps of the inner loop on average.
  const axes = shape.map((size, d) => ({ size, stride: stride[d]!, index: 0 })).filter(({ size }) => size !== 1);
  const data = new Float32Array(count);
  let source = offset;
  for (let i = 0; i < count; i++) {
    data[i] = elements[source]!;
    for (let d = axes.length - 1; d >= 0; d--) {
      const axis = axes[d]!;
      source += axis.stride;
      if (++axis.index < axis.size) break;
      source -= axis.stride * axis.size;
      axis.index = 0;
    }
  }
  return data;
}
