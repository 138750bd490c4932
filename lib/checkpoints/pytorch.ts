import type { GhostNetError } from '../errors.js';
import { ZipArchive } from './archive.js';
import { damaged, quoted, unreadable } from './faults.js';
import type { CheckpointFile } from './file.js';
import type { ByteOrder } from './floats.js';
import { Global, Opaque, unpickle } from './pickle.js';
import { StorageReader } from './storages.js';
import type { Tensor } from './tensor.js';
import { TensorReference, torchObjects } from './torch-objects.js';

/** Where training scripts keep the weights, the averaged (EMA) ones first: those are what papers report. */
const wrappers = ['state_dict_ema', 'model_ema', 'state_dict', 'model_state_dict', 'model'] as const;

/**
 * Reads a PyTorch checkpoint in the zip format (what `torch.save` writes since 1.6): `<name>/data.pkl` describes the
 * objects, `<name>/data/<key>` holds each storage's elements, `<name>/byteorder` their byte order.
 *
 * The pickle is read as data, nothing of it is run. Float32 tensors are views on the file's one buffer where they lie
 * aligned and contiguous; storages that the weights do not use (the optimizer's) are not touched.
 */
export async function readPyTorch(opened: CheckpointFile, signal?: AbortSignal): Promise<Map<string, Tensor>> {
  const file = opened.path;
  const archive = await ZipArchive.open(await opened.read(0, opened.sizeBytes, signal), file);
  const root = rootFolder(archive.names, file);
  const checkpoint = unpickle(await archive.read(`${root}data.pkl`), file, torchObjects(file));
  const storages = new StorageReader(archive, root, await byteOrder(archive, root), file);

  const tensors = new Map<string, Tensor>();
  for (const [name, value] of stateDict(checkpoint, file)) {
    signal?.throwIfAborted();
    if (typeof name !== 'string') continue;
    if (value instanceof TensorReference) {
      const tensor = await storages.tensor(name, value);
      if (tensor) tensors.set(name, tensor);
    } else if (value instanceof Opaque && value.maker.includes('_rebuild')) {
      throw unreadable(file, `holds tensor ${quoted(name)} made by ${quoted(value.maker)}; save it as a plain tensor`);
    }
  }
  return tensors;
}

/** The one folder in which torch.save puts everything, with its slash; empty if the files lie at the top. */
function rootFolder(names: readonly string[], file: string): string {
  const [pickle, ...more] = names.filter((name) => /^([^/]*\/)?data\.pkl$/.test(name));
  if (pickle === undefined) throw unreadable(file, 'is a zip file without a data.pkl, so torch.save did not write it');
  if (more.length > 0) throw damaged(file, `it holds several data.pkl (${quoted(pickle)}, ${quoted(more[0]!)})`);
  const root = pickle.slice(0, -'data.pkl'.length);
  if (names.includes(`${root}constants.pkl`)) {
    throw unreadable(file, 'is a TorchScript program; save the weights alone: torch.save(model.state_dict(), path)');
  }
  return root;
}

async function byteOrder(archive: ZipArchive, root: string): Promise<ByteOrder> {
  const entry = `${root}byteorder`;
  if (!archive.names.includes(entry)) return 'LE';
  return (await archive.read(entry)).toString('latin1').trim() === 'big' ? 'BE' : 'LE';
}

function stateDict(checkpoint: unknown, file: string): ReadonlyMap<unknown, unknown> {
  if (checkpoint instanceof Opaque || checkpoint instanceof Global) throw wholeObject(file, checkpoint);
  if (!(checkpoint instanceof Map)) throw unreadable(file, 'holds no dict of tensors');
  for (const key of wrappers) {
    const wrapped: unknown = checkpoint.get(key);
    if (wrapped instanceof Map && holdsTensors(wrapped)) return wrapped;
  }
  if (holdsTensors(checkpoint)) return checkpoint;
  for (const key of wrappers) {
    const wrapped: unknown = checkpoint.get(key);
    if (wrapped instanceof Opaque) throw wholeObject(file, wrapped);
  }
  const keys = [...checkpoint.keys()].filter((key) => typeof key === 'string').slice(0, 8);
  throw unreadable(file, `holds no dict of tensors; its keys are ${keys.map(quoted).join(', ') || 'none'}`);
}

function holdsTensors(dict: ReadonlyMap<unknown, unknown>): boolean {
  return [...dict.values()].some((value) => value instanceof TensorReference);
}

function wholeObject(file: string, object: Opaque | Global): GhostNetError {
  const name = object instanceof Opaque ? object.maker : object.name;
  const advice = 'save the weights alone: torch.save(model.state_dict(), path)';
  return unreadable(file, `holds an object of class ${quoted(name)}, not tensors; ${advice}`);
}
