import { dirname, join } from 'node:path';
import { damaged, unreadable } from '../formats/faults.js';
import { readWholeFile } from '../formats/read-file.js';
import type { StoredTensor, Tensor } from '../formats/tensor.js';
import { quoted } from '../messages/quoted.js';
import { maxConfigBytes } from './config.js';
import type { TensorDict } from './tensor-dict.js';
import { isRecord } from './untyped-values.js';

/** More than any network of this size is cut into. */
const maxShards = 256;

/** A name in the index's own folder. */
const plainName = /^(?!\.)[^/\\:\0]+$/;

/**
 * The files that an index (`model.safetensors.index.json`) says weights are cut up into, each once.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for an index without them
 */
export async function readShardNames(index: string): Promise<string[]> {
  const text = await readWholeFile(index, maxConfigBytes).catch((cause: unknown) => {
    throw unreadable(index, `cannot be read (${(cause as Error).message})`);
  });
  let map: unknown;
  try {
    const value: unknown = JSON.parse(text.toString('utf8'));
    map = isRecord(value) ? value['weight_map'] : undefined;
  } catch (cause) {
    throw damaged(index, 'it is not valid JSON', cause);
  }
  const names = new Set(isRecord(map) ? Object.values(map) : []);
  if (names.size === 0 || names.size > maxShards)
    throw damaged(index, `its "weight_map" should name 1 to ${maxShards} files and names ${names.size}`);
  return Array.from(names, (name) => {
    if (typeof name === 'string' && plainName.test(name)) return join(dirname(index), name);
    throw damaged(index, `its "weight_map" names ${quoted(JSON.stringify(name))}, which is no file beside it`);
  });
}

/** The dict whose tensors lie in several files, some in each. */
export function joinedShards(shards: readonly TensorDict[], index: string): TensorDict {
  const owners = new Map<string, TensorDict>();
  for (const shard of shards)
    for (const name of shard.shapes.keys()) {
      if (owners.has(name)) throw damaged(index, `tensor ${quoted(name)} is in two of its files`);
      owners.set(name, shard);
    }
  return {
    path: '',
    shapes: new Map([...owners].map(([name, shard]) => [name, shard.shapes.get(name)!])),
    unreadable: new Map(shards.flatMap(({ unreadable: faults }) => [...(faults ?? [])])),
    read: async (names) => {
      const wanted = [...names];
      const tensors = new Map<string, Tensor | StoredTensor>();
      for (const shard of shards) {
        const own = wanted.filter((name) => owners.get(name) === shard);
        for (const [name, tensor] of await shard.read(own)) tensors.set(name, tensor);
      }
      return tensors;
    },
  };
}
