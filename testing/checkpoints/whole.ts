import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint, type Checkpoint } from '../../lib/checkpoints/index.js';
import { unreadable } from '../../lib/formats/faults.js';
import { placesIn, timmNames, type Place } from '../../lib/networks/tensor-names.js';
import type { StoredTensor, Tensor } from '../../lib/formats/tensor.js';

/** A checkpoint that has been read to its end and closed. */
export interface WholeCheckpoint extends Omit<Checkpoint, 'tensors' | 'close'> {
  readonly tensors: Map<string, Tensor>;
}

/** A tensor that is read in pieces, the second one first. */
export async function inTwoPieces({ shape, read }: StoredTensor): Promise<Tensor> {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const half = data.length >> 1;
  await read(data.subarray(half), half);
  await read(data.subarray(0, half), 0);
  return { shape, data };
}

/**
 * A checkpoint with the tensors of the first dict in it that has some, by the names that timm gives them, whether or not they are a
 * network's; large ones may still be in their file.
 */
export async function openTensors(path: string, options?: { signal?: AbortSignal }): Promise<Checkpoint> {
  const { dicts, ...file } = await readCheckpoint(path, options);
  try {
    const dict = dicts.find(({ shapes }) => shapes.size > 0) ?? dicts[0]!;
    const [fault] = dict.unreadable?.values() ?? [];
    if (fault !== undefined) throw unreadable(path, fault);
    const [{ below, own }] = placesIn(dict) as [Place];
    const isOptimizerThere = file.framework === 'mindspore' && own.length > 0;
    const sources = timmNames(isOptimizerThere ? own : below, file.framework, path);
    const read = await dict.read(sources.values());
    return { ...file, tensors: new Map([...sources].map(([name, fullName]) => [name, read.get(fullName)!])) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads a checkpoint with every tensor that was left in its file. */
export async function readWhole(path: string, options?: { signal?: AbortSignal }): Promise<WholeCheckpoint> {
  const { tensors, close, ...rest } = await openTensors(path, options);
  const whole = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) whole.set(name, tensor.data ? tensor : await inTwoPieces(tensor));
  await close();
  return { ...rest, tensors: whole };
}

/** Reads `bytes` as a user would, from a file. */
export async function readFrom(folder: string, bytes: Uint8Array, name = 'checkpoint'): Promise<WholeCheckpoint> {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return readWhole(file);
}
