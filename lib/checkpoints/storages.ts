import { damaged, unreadable } from '../formats/faults.js';
import { quoted, shapeText } from '../messages/quoted.js';
import { floatSizeBytes, toFloat32, type ByteOrder, type FloatType } from '../formats/floats.js';
import { elementCount, type Tensor } from '../formats/tensor.js';
import type { StorageReference, TensorReference } from './torch-objects.js';

/** Bounds what tensors with odd strides (one number repeated a thousand million times) are copied out to. */
const maxCopiedElements = 2 ** 26;

/** Makes tensors of a file's storages, each of which is read and converted once. */
export class StorageReader {
  private readonly storages = new Map<string, Float32Array>();
  private copiedElements = 0;

  constructor(
    /** The bytes of a storage by its key. */
    private readonly read: (key: string) => Promise<Buffer> | Buffer,
    private readonly order: ByteOrder,
    private readonly file: string,
  ) {}

  /** The tensor, made contiguous. */
  async tensor(name: string, reference: TensorReference): Promise<Tensor> {
    const { type, typeName, storage, offset, shape } = reference;
    if (!type || type === 'integer')
      throw unreadable(this.file, `holds tensor ${quoted(name)} as ${quoted(typeName)}; save it as float32`);

    const elements = await this.elements(storage, type);
    const count = elementCount(reference);
    if (lastElement(reference, count) >= elements.length) {
      const found = `its storage holds ${elements.length} elements`;
      throw damaged(this.file, `tensor ${quoted(name)} of shape ${shapeText(shape)} reaches beyond its end: ${found}`);
    }
    if (isContiguous(reference)) return { shape, data: elements.subarray(offset, offset + count) };

    this.copiedElements += count;
    if (this.copiedElements > maxCopiedElements) {
      throw damaged(this.file, `tensor ${quoted(name)} of shape ${shapeText(shape)} repeats what is stored too often`);
    }
    return { shape, data: gather(elements, reference, count) };
  }

  private async elements({ key, className, length }: StorageReference, type: FloatType): Promise<Float32Array> {
    const known = this.storages.get(`${type} ${key}`);
    if (known) return known;
    const bytes = await this.read(key);
    const sizeBytes = floatSizeBytes[type];
    const expectedBytes = className.endsWith('UntypedStorage') ? length : length * sizeBytes;
    if (bytes.length !== expectedBytes || bytes.length % sizeBytes !== 0) {
      throw damaged(this.file, `storage ${quoted(key)} should have ${expectedBytes} bytes and has ${bytes.length}`);
    }
    const elements = toFloat32(bytes, type, this.order);
    this.storages.set(`${type} ${key}`, elements);
    return elements;
  }
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
