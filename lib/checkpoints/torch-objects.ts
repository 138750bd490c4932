import { damaged } from '../formats/faults.js';
import type { FloatType } from '../formats/floats.js';
import { NestedPickles } from './nested-pickles.js';
import type { PickleObjects } from './pickle.js';
import { Global } from './pickle-values.js';
import { isSize, isSizes } from './untyped-values.js';

/** Integers and booleans are no weights: tensors of them are left out. */
export type ElementType = FloatType | 'integer';

/** PyTorch's own limit. */
const maxDimensions = 64;

/** PyTorch's storage classes and dtypes, by the last part of their names. */
const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ...names('F32', 'FloatStorage float32 float'),
  ...names('F64', 'DoubleStorage float64 double'),
  ...names('F16', 'HalfStorage float16 half'),
  ...names('BF16', 'BFloat16Storage bfloat16'),
  ...names('integer', 'LongStorage IntStorage ShortStorage CharStorage ByteStorage BoolStorage'),
  ...names('integer', 'int64 int32 int16 int8 uint8 uint16 uint32 uint64 long int short bool'),
]);

function names(type: ElementType, list: string): [string, ElementType][] {
  return list.split(' ').map((name) => [name, type]);
}

/** Bytes of an element of each storage class, those that are not read included. */
const storageBytes: ReadonlyMap<string, number> = new Map(
  Object.entries({
    1: 'UntypedStorage CharStorage ByteStorage BoolStorage QInt8Storage QUInt8Storage QUInt4x2Storage QUInt2x4Storage',
    2: 'HalfStorage BFloat16Storage ShortStorage',
    4: 'FloatStorage IntStorage QInt32Storage',
    8: 'DoubleStorage LongStorage ComplexFloatStorage',
    16: 'ComplexDoubleStorage',
  }).flatMap(([sizeBytes, classes]) => classes.split(' ').map((name): [string, number] => [name, Number(sizeBytes)])),
);

/** A storage by its key in the file; `length` counts elements, or bytes where its class is untyped. */
export class StorageReference {
  constructor(
    readonly key: string,
    readonly className: string,
    readonly length: number,
    /** Elements before the part that is meant, in files of the first PyTorch versions. */
    readonly start = 0,
  ) {}

  /** Undefined for an unknown class. */
  get elementBytes(): number | undefined {
    return storageBytes.get(lastPart(this.className));
  }
}

/** A tensor as a view on a storage; offset and stride count elements, as in PyTorch. */
export class TensorReference {
  constructor(
    readonly storage: StorageReference,
    /** The dtype's or the storage class's name. */
    readonly typeName: string,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
  ) {}

  /** Undefined for complex, quantized and 8-bit floating-point elements. */
  get type(): ElementType | undefined {
    return elementTypes.get(lastPart(this.typeName));
  }
}

/**
 * The calls that make up PyTorch's checkpoints, and its persistent ids: `('storage', class, key, location, length)`,
 * and in the legacy format a sixth part, which is None or `(key, start, length)` of a view.
 */
export function torchObjects(file: string, unknown?: (path: string) => void): PickleObjects {
  const nested = new NestedPickles(file, unknown);
  return {
    call: (path, args) => (path === 'torch.storage._load_from_bytes' ? nested.check(args) : rebuild(path, args)),
    ...(unknown && { unknown }),
    persistent(id) {
      const [kind, type, key, , length, view] = Array.isArray(id) ? (id as unknown[]) : [];
      // The class of a model that was saved whole, which its source text follows.
      if (kind === 'module' && type instanceof Global) return type;
      if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string' || !isSize(length)) {
        throw damaged(file, 'in its pickle, a persistent id is not that of a storage');
      }
      const start: unknown = Array.isArray(view) ? view[1] : 0;
      return new StorageReference(key, type.path, length, isSize(start) ? start : 0);
    },
  };
}

function rebuild(name: string, args: readonly unknown[]): unknown {
  switch (name) {
    case 'collections.OrderedDict':
      // Python 2 gives it its items, where Python 3 sets them afterwards.
      return new Map(Array.isArray(args[0]) ? (args[0] as unknown[]).filter(isPair) : []);
    case 'collections.defaultdict':
      return new Map();
    case 'torch._utils._rebuild_tensor':
    case 'torch._utils._rebuild_tensor_v2':
      return rebuildTensor(args);
    case 'torch._utils._rebuild_tensor_v3':
      return rebuildTensor(args, args[6]);
    case 'torch._utils._rebuild_parameter':
    case 'torch._utils._rebuild_parameter_with_state':
      return args[0];
    case 'torch._tensor._rebuild_from_type_v2':
      return rebuildSubclass(args);
    default:
      return undefined;
  }
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, ...)`; version 3 adds a dtype to an untyped storage. */
function rebuildTensor([storage, offset, shape, stride]: readonly unknown[], dtype?: unknown): unknown {
  if (!(storage instanceof StorageReference) || !isSize(offset) || !isShape(shape) || !isShape(stride))
    return undefined;
  if (shape.length !== stride.length) return undefined;
  // Copied, since a list that a hostile pickle gives here may still be appended to.
  const typeName = dtype instanceof Global ? dtype.path : storage.className;
  return new TensorReference(storage, typeName, storage.start + offset, [...shape], [...stride]);
}

/** `_rebuild_from_type_v2(rebuild, type, args, state)`: a tensor whose Python object had attributes of its own. */
function rebuildSubclass([maker, , args]: readonly unknown[]): unknown {
  const plain = maker instanceof Global && maker.path !== 'torch._tensor._rebuild_from_type_v2';
  return plain && Array.isArray(args) ? rebuild(maker.path, args) : undefined;
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function lastPart(dottedName: string): string {
  return dottedName.slice(dottedName.lastIndexOf('.') + 1);
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= maxDimensions && isSizes(value);
}
