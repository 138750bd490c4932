import type { GhostNetError } from '../errors.js';
import { quoted } from '../messages/quoted.js';
import { unreadable } from '../formats/faults.js';
import { Global, Opaque } from './pickle-values.js';
import type { StorageReader } from './storages.js';
import type { Tensor } from '../formats/tensor.js';
import { TensorReference } from './torch-objects.js';

/** Where training scripts keep the weights, the averaged (EMA) ones first: those are what papers report. */
const wrappers = ['state_dict_ema', 'model_ema', 'state_dict', 'model_state_dict', 'model'] as const;

/** The floating-point tensors among a checkpoint's weights, by name; `checkpoint` is what its pickle holds. */
export async function readStateDict(
  checkpoint: unknown,
  storages: StorageReader,
  file: string,
  signal?: AbortSignal,
): Promise<Map<string, Tensor>> {
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
  const name = object instanceof Opaque ? object.maker : object.path;
  const advice = 'save the weights alone: torch.save(model.state_dict(), path)';
  return unreadable(file, `holds an object of class ${quoted(name)}, not tensors; ${advice}`);
}
