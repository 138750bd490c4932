import type { GhostNetError } from '../errors.js';
import { ownTurn } from '../waiting/own-turn.js';
import { damaged, unreadable } from '../formats/faults.js';
import { quoted } from '../messages/quoted.js';
import type { OpenFile } from '../formats/open-file.js';
import { isNumPyArray } from './tensor-dicts.js';
import { unpickleAt, type PickleObjects } from './pickle.js';
import type { PickleListener } from './pickle-values.js';
import type { TensorDict } from './tensor-dict.js';
import { tensorDicts } from './tensor-dicts.js';
import type { Place } from './places.js';
import { StorageReader } from './storages.js';
import { StorageReference, torchObjects } from './torch-objects.js';

/** 0x1950a86a20f9469cfc6c as the file's first pickle has it. */
const magicNumber = Buffer.from('6cfc9c46f9206aa85019', 'hex');

const protocolVersion = 1001;

/** Most files' pickles, which say nothing of how long they are. */
const usualPickleBytes = 2 ** 18;

/** Tried next where they were not enough. */
const growth = 8;

/** The count of elements before each storage. */
const countBytes = 8;

/**
 * Reads a PyTorch checkpoint as `torch.save` wrote it before 1.6: five pickles one after the other (a magic number, the
 * protocol, facts about the machine, the objects, the keys of the storages), then the storages in the order of their
 * keys, each an int64 count and its elements, little-endian whatever the machine.
 *
 * As in {@link readPyTorch}, nothing of the pickles is run, and storages stay in the file until they are wanted.
 */
export async function readLegacyPyTorch(
  opened: OpenFile,
  heard: PickleListener,
  signal?: AbortSignal,
): Promise<TensorDict[]> {
  const file = opened.path;
  const { checkpoint, keys, references, unknown, end } = await readPickles(opened, signal);
  for (const path of unknown) heard.unknown(path);
  heard.whole(checkpoint);
  const places = findStorages(end, { keys, references }, opened);
  const storages = new StorageReader(
    {
      opened,
      order: 'LE',
      origin: end,
      place: (key) => {
        const place = places.get(key);
        if (!place) throw damaged(file, `storage ${quoted(key)} is not among those that it lists`);
        return place;
      },
    },
    signal,
  );
  return tensorDicts(checkpoint, storages, file);
}

interface Pickles {
  readonly checkpoint: unknown;
  readonly keys: readonly unknown[];
  /** Every storage that the objects name, by its key. */
  readonly references: ReadonlyMap<string, StorageReference>;
  /** What they name and nobody knows. */
  readonly unknown: readonly string[];
  /** Where the storages begin. */
  readonly end: number;
}

/** Reads the beginning of the file, and more of it where the pickles have not ended. */
async function readPickles(opened: OpenFile, signal: AbortSignal | undefined): Promise<Pickles> {
  for (let sizeBytes = usualPickleBytes; ; sizeBytes *= growth) {
    const bytes = await opened.read(0, Math.min(sizeBytes, opened.sizeBytes), signal);
    await ownTurn();
    try {
      return unpickled(bytes, opened.path);
    } catch (error) {
      // What is wrong with them may be that they go on behind these bytes; what is unsafe is so whatever follows.
      const { code } = error as Partial<GhostNetError>;
      if (bytes.length === opened.sizeBytes || code !== 'ERR_GHOST_CHECKPOINT') throw error;
    }
  }
}

function unpickled(bytes: Buffer, file: string): Pickles {
  const unknown: string[] = [];
  const references = new Map<string, StorageReference>();
  const torch = torchObjects(file, (path) => unknown.push(path));
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
  return { checkpoint, keys, references, unknown, end };
}

/** Where each storage lies; `start` is the first one's count. */
function findStorages(
  start: number,
  { keys, references }: Pick<Pickles, 'keys' | 'references'>,
  { path: file, sizeBytes: fileBytes }: OpenFile,
): Map<string, Place> {
  const found = new Map<string, Place>();
  let at = start;
  for (const key of keys) {
    const reference = typeof key === 'string' ? references.get(key) : undefined;
    if (!reference) throw damaged(file, 'it lists a storage that belongs to no tensor');
    const { className, length, elementBytes } = reference;
    const name = `storage ${quoted(reference.key)}`;
    if (elementBytes === undefined)
      throw unreadable(file, `holds ${name} of class ${quoted(className)}; save it as float32`);
    const begin = at + countBytes;
    if (begin > fileBytes) throw damaged(file, `it ends before ${name}`);
    const sizeBytes = length * elementBytes;
    if (begin + sizeBytes > fileBytes)
      throw damaged(file, `${name} should have ${sizeBytes} bytes and has ${fileBytes - begin}`);
    const headerEnd = (bytes: Buffer): number => {
      const count = Number(bytes.readBigInt64LE(0));
      if (count === length) return countBytes;
      throw damaged(file, `${name} should have ${length} elements and has ${count}`);
    };
    found.set(reference.key, { start: at, headerBytes: countBytes, sizeBytes, headerEnd });
    at = begin + sizeBytes;
  }
  return found;
}
