import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GhostNetError } from '../errors.js';
import { fileError } from '../formats/faults.js';

/** What timm and others push to the Hugging Face hub, the preferred one first. */
export const hubFiles = ['model.safetensors', 'pytorch_model.bin'] as const;

/** A training checkpoint of the largest published network has 0.2 GB. */
export const maxWeightsBytes = 2 ** 30;

/** The weights' file that `path` means: itself, or the model in a folder of the Hugging Face hub's layout. */
export async function findWeights(path: string): Promise<{ file: string; inFolder: boolean }> {
  const stats = await stat(path).catch(cannotBeRead(path));
  if (!stats.isDirectory()) return { file: path, inFolder: false };
  const names = await readdir(path).catch(cannotBeRead(path));
  const name = hubFiles.find((candidate) => names.includes(candidate));
  if (name) return { file: join(path, name), inFolder: true };
  throw new GhostNetError('ERR_GHOST_FILE', `Folder ${path} should hold ${hubFiles.join(' or ')} and does not.`);
}

function cannotBeRead(path: string): (cause: unknown) => never {
  return (cause) => {
    throw fileError(path, cause);
  };
}
