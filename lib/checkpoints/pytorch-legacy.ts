import { damaged, unreadable } from '../formats/faults.js';
import { quoted } from '../messages/quoted.js';
import type { OpenFile } from '../formats/open-file.js';
import { isNumPyArray } from './tensor-dicts.js';
import { unpickleAt, type PickleObjects } from './pickle.js';
import type { PickleListener } from './pickle-values.js';
import type { TensorDict } from './tensor-dict.js';
import { tensorDicts } from './tensor-dicts.js';
import { StorageReader } from './storages.js';
import { StorageReference, torchObjects } from './torch-objects.js';

/** 0x1950a86a20f9469cfc6c as the file's first pickle has it. */
const magicNumber = Buffer.from('6cfc9c46f9206aa85019', 'hex');

const protocolVersion = 1001;

/**
 * Reads a PyTorch checkpoint as `torch.save` wrote it before 1.6: five pickles one after the other (a magic number, the
 * protocol, facts about the machine, the objects, the keys of the storages), then the storages in the order of their
 * keys, each an int64 count and its elements, little-endian whatever the machine.
 *
 * As in {@link readPyTorch}, nothing of the pickles is run, and float32 tensors are views on the file's one buffer.
 */
export async function readLegacyPyTorch(
  opened: OpenFile,
  heard: PickleListener,
  signal?: AbortSignal,
): Promise<TensorDict[]> {
  const file = opened.path;
  const bytes = await opened.read(0, opened.sizeBytes, signal);
  const { checkpoint, keys, references, end } = readPickles(bytes, file, heard.unknown);
  heard.whole(checkpoint);
  // Moved to a multiple of 8, storages can be used where they lie: their counts have 8 bytes, and float32 elements 4.
  const start = end - (end % 8);
  bytes.copyWithin(start, end);
  const found = findStorages(bytes.subarray(start, bytes.length - (end - start)), keys, references, file);
  const storages = new StorageReader(
    (key) => {
      const storage = found.get(key);
      if (!storage) throw damaged(file, `storage ${quoted(key)} is not among those that it lists`);
      return storage;
    },
    'LE',
    file,
  );
  return tensorDicts(checkpoint, storages, file, signal);
}

interface Pickles {
  readonly checkpoint: unknown;
  readonly keys: readonly unknown[];
  /** Every storage that the objects name, by its key. */
  readonly references: ReadonlyMap<string, StorageReference>;
  /** Where the storages begin. */
  readonly end: number;
}

function readPickles(bytes: Buffer, file: string, unknown: (path: string) => void): Pickles {
  const references = new Map<string, StorageReference>();
  const torch = torchObjects(file, unknown);
  const objects: PickleObjects = {
    ...torch,
    persistent: (id) => {
      const object = torch.persistent(id);
      if (object instanceof StorageReference && !references.has(object.key)) references.set(object.key, object);
      return object;
    },
  };
  let end = 0;
  const next = (): unknown => {
    const pickle = unpickleAt(bytes, end, file, objects);
    end = pickle.end;
    return pickle.value;
  };
  const magic = next();
  if (typeof magic !== 'number' || !bytes.subarray(0, end).includes(magicNumber)) {
    const paddle = magic instanceof Map && [...magic.values()].some(isNumPyArray);
    const whose = paddle ? 'of NumPy arrays, as PaddlePaddle writes them (.pdparams), and' : 'that';
    throw unreadable(file, `is a pickle ${whose} torch.save did not write; save the weights with torch.save`);
  }
  const version = next();
  if (version !== protocolVersion) throw damaged(file, `its protocol should be ${protocolVersion} and is another`);
  next();
  const checkpoint = next();
  const keys = next();
  if (!Array.isArray(keys)) throw damaged(file, 'it has no list of storages');
  return { checkpoint, keys, references, end };
}

/** The bytes of each storage; `data` begins with the first one's count. */
function findStorages(
  data: Buffer,
  keys: readonly unknown[],
  references: ReadonlyMap<string, StorageReference>,
  file: string,
): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  let at = 0;
  for (const key of keys) {
    const reference = typeof key === 'string' ? references.get(key) : undefined;
    if (!reference) throw damaged(file, 'it lists a storage that belongs to no tensor');
    const { className, length, elementBytes } = reference;
    const name = `storage ${quoted(reference.key)}`;
    if (elementBytes === undefined)
      throw unreadable(file, `holds ${name} of class ${quoted(className)}; save it as float32`);
    if (at + 8 > data.length) throw damaged(file, `it ends before ${name}`);
    const count = Number(data.readBigInt64LE(at));
    if (count !== length) throw damaged(file, `${name} should have ${length} elements and has ${count}`);
    const begin = at + 8;
    at = begin + length * elementBytes;
    if (at > data.length) {
      throw damaged(file, `${name} should have ${length * elementBytes} bytes and has ${data.length - begin}`);
    }
    found.set(reference.key, data.subarray(begin, at));
  }
  return found;
}
