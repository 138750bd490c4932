import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../../lib/checkpoints/index.js';
import { readNetwork } from '../../lib/networks/checkpoint.js';
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

/** Reads a checkpoint with every tensor that was left in its file. */
export async function readWhole(path: string, options?: { signal?: AbortSignal }): Promise<WholeCheckpoint> {
  const { tensors, close, ...rest } = await readNetwork(path, options);
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
