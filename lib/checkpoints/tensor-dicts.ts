import type { GhostNetError } from '../errors.js';
import { quoted } from '../messages/quoted.js';
import { unreadable } from '../formats/faults.js';
import { isModule, moduleTensors, scriptClass } from './modules.js';
import { Global, Opaque } from './pickle-values.js';
import type { StorageReader } from './storages.js';
import type { TensorDict } from './tensor-dict.js';
import { TensorReference } from './torch-objects.js';

/** How deep a dict of tensors may lie; trainers keep theirs at two or three. */
const maxDepth = 8;

/** More than any trainer keeps, so that a hostile file is looked at no longer. */
const maxDicts = 1000;

/**
 * Every dict of tensors in what a checkpoint's pickle holds, those at the top first: in dicts, lists, tuples and the
 * attributes of inert objects down to a depth of 8. A module that was saved whole is a dict too, by the names of its
 * state dict.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT if there is none
 */
export function tensorDicts(checkpoint: unknown, storages: StorageReader, file: string): TensorDict[] {
  const found: TensorDict[] = [];
  const seen = new Set<unknown>();
  let level: (readonly [path: string, value: unknown])[] = [['', checkpoint]];
  for (let depth = 0; depth <= maxDepth && level.length > 0 && found.length < maxDicts; depth++) {
    const below: (readonly [string, unknown])[] = [];
    for (const [path, value] of level) {
      if (seen.has(value)) continue;
      seen.add(value);
      const entries = isModule(value) ? moduleTensors(value, file) : entriesOf(value);
      const dict = dictOf(path, entries, storages);
      if (dict) found.push(dict);
      if (isModule(value)) continue;
      for (const [key, inner] of entries) if (isContainer(inner)) below.push([joined(path, key), inner]);
    }
    level = below;
  }
  if (found.length === 0) throw nothingFound(checkpoint, file);
  return found;
}

function joined(path: string, key: unknown): string {
  const step = typeof key === 'string' || typeof key === 'number' ? String(key) : '?';
  return path === '' ? step : `${path}.${step}`;
}

function isContainer(value: unknown): boolean {
  return value instanceof Map || Array.isArray(value) || value instanceof Opaque;
}

/** What a dict or a list holds, or an inert object by its attributes and keys. */
function entriesOf(value: unknown): Iterable<readonly [unknown, unknown]> {
  if (value instanceof Map) return value as Map<unknown, unknown>;
  if (Array.isArray(value)) return (value as unknown[]).map((item, index) => [index, item] as const);
  if (!(value instanceof Opaque)) return [];
  const { state, items } = value;
  return [...(items ?? []), ...(state instanceof Map ? (state as Map<unknown, unknown>) : [])];
}

function dictOf(
  path: string,
  entries: Iterable<readonly [unknown, unknown]>,
  storages: StorageReader,
): TensorDict | undefined {
  const references = new Map<string, TensorReference>();
  const faults = new Map<string, string>();
  for (const [name, value] of entries) {
    if (typeof name !== 'string') continue;
    if (value instanceof TensorReference && value.type !== undefined) {
      if (value.type !== 'integer') references.set(name, value);
    } else {
      const fault = faultOf(name, value);
      if (fault !== undefined) faults.set(name, fault);
    }
  }
  if (references.size === 0 && faults.size === 0) return undefined;
  return {
    path,
    shapes: references,
    unreadable: faults,
    identity: (name) => {
      const { storage, offset } = references.get(name)!;
      return `${storage.key} ${offset}`;
    },
    read: (names) => storages.tensors(new Map(Array.from(names, (name) => [name, references.get(name)!]))),
  };
}

/** Of an object that stands where a tensor may be. */
function faultOf(name: string, value: unknown): string | undefined {
  if (value instanceof TensorReference)
    return `holds tensor ${quoted(name)} as ${quoted(value.typeName)}; save it as float32`;
  if (!(value instanceof Opaque)) return undefined;
  const { maker } = value;
  if (maker.includes('_rebuild_qtensor'))
    return `holds tensor ${quoted(name)} made by ${quoted(maker)}, so quantised; save the weights as they were before quantisation, as float32`;
  if (maker.includes('_rebuild'))
    return `holds tensor ${quoted(name)} made by ${quoted(maker)}; save it as a plain tensor`;
  if (isNumPyArray(value))
    return `holds ${quoted(name)} as a NumPy array; save tensors: torch.save({k: torch.from_numpy(v) for k, v in weights.items()}, path)`;
  return undefined;
}

export function isNumPyArray(value: unknown): boolean {
  return value instanceof Opaque && /^numpy\..*_reconstruct$/.test(value.maker);
}

function nothingFound(checkpoint: unknown, file: string): GhostNetError {
  if (checkpoint instanceof Opaque || checkpoint instanceof Global) {
    const name = checkpoint instanceof Opaque ? checkpoint.maker : checkpoint.path;
    const advice = 'save the weights alone: torch.save(model.state_dict(), path)';
    if (scriptClass.test(name)) return unreadable(file, `is a TorchScript program without plain tensors; ${advice}`);
    return unreadable(file, `holds an object of class ${quoted(name)} without tensors; ${advice}`);
  }
  if (!(checkpoint instanceof Map)) return unreadable(file, 'holds no dict of tensors');
  const keys = [...checkpoint.keys()].filter((key) => typeof key === 'string').slice(0, 8);
  return unreadable(file, `holds no dict of tensors; its keys are ${keys.map(quoted).join(', ') || 'none'}`);
}
