import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GhostNetError } from '../errors.js';
import { fileError, unreadable } from '../formats/faults.js';
import { plain } from '../messages/quoted.js';
import { readShardNames } from './shards.js';

/** What timm and others push to the Hugging Face hub, the preferred one first. */
export const hubFiles = ['model.safetensors', 'pytorch_model.bin'] as const;

/** A training checkpoint of the largest published network has 0.2 GB. */
export const maxWeightsBytes = 2 ** 30;

/** The same cut up into several files, which an index names. */
const indexEnd = '.index.json';

/** What a repository's weights may be called, or the index of their parts, the preferred one first. */
export const hubWeights: readonly string[] = [...hubFiles, ...hubFiles.map((name) => name + indexEnd)];

/** Whether that file is an index of others. */
export function isIndex(file: string): boolean {
  return file.endsWith(indexEnd);
}

/**
 * The files of a repository's weights in a folder that is like it; undefined where none has such a name.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE or ERR_GHOST_CHECKPOINT for an index without files
 */
export async function hubWeightsIn(folder: string): Promise<readonly string[] | undefined> {
  const names = await readdir(folder);
  const name = hubWeights.find((weights) => names.includes(weights));
  if (name === undefined) return undefined;
  const { file, shards } = await weightsOf(join(folder, name), true);
  return isIndex(file) ? [file, ...shards] : shards;
}

/** Weights as trainers leave them; what timm calls the best one goes before others. */
const trainersFile = /\.(?:safetensors|pth|pt|bin|ckpt|tar)$/;
const trainersBest = 'model_best.pth.tar';
/** What Hugging Face's trainer and accelerate keep beside the weights. */
const noWeights = /^(?:optimizer|scheduler|scaler|rng_state|random_states|training_args)/;

/** Folders that hold something else, by a file in them, and what is to be done: continues the folder's name. */
const otherFolders: readonly (readonly [sign: RegExp, remark: string])[] = [
  [
    /^adapter_(?:config\.json|model\.(?:safetensors|bin))$/,
    'holds a LoRA adapter, not the weights of a network; merge them first: model.merge_and_unload(), then torch.save(model.state_dict(), path)',
  ],
  [
    /^\.metadata$|\.distcp$/,
    'holds a distributed checkpoint; join it first: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER weights.pth',
  ],
];

export interface Weights {
  /** The weights' file, or the index of those that they are cut up into. */
  readonly file: string;
  /** What holds the tensors: that file, or those. */
  readonly shards: readonly string[];
  readonly inFolder: boolean;
}

/**
 * The weights that `path` means: a file, an index of several, or a folder: of the Hugging Face hub's layout, timm's of a training run
 * or Lightning's, also the one around its `checkpoints`.
 */
export async function findWeights(path: string): Promise<Weights> {
  const stats = await stat(path).catch(cannotBeRead(path));
  if (!stats.isDirectory()) return weightsOf(path, isIndex(path));
  const names = await readdir(path).catch(cannotBeRead(path));
  const known = hubWeights.find((name) => names.includes(name));
  const name = known ?? trainersIn(path, names);
  if (name !== undefined) return weightsOf(join(path, name), true);
  if (names.includes('checkpoints')) return findWeights(join(path, 'checkpoints'));
  throw new GhostNetError('ERR_GHOST_FILE', `Folder ${path} should hold ${hubFiles.join(' or ')} and does not.`);
}

async function weightsOf(file: string, inFolder: boolean): Promise<Weights> {
  return { file, shards: isIndex(file) ? await readShardNames(file) : [file], inFolder };
}

/** The one file of weights in a folder; undefined where there is none. */
function trainersIn(path: string, names: readonly string[]): string | undefined {
  const other = otherFolders.find(([sign]) => names.some((name) => sign.test(name)));
  if (other) throw unreadable(path, other[1]);
  const found = names.filter((name) => trainersFile.test(name) && !noWeights.test(name));
  if (found.length <= 1 || found.includes(trainersBest)) return found.length > 1 ? trainersBest : found[0];
  const listed = found.sort().slice(0, maxListed).map(plain).join(', ');
  const more = found.length > maxListed ? ` and ${found.length - maxListed} more` : '';
  throw new GhostNetError(
    'ERR_GHOST_FILE',
    `Folder ${path} holds several files of weights: ${listed}${more}. Load one of them.`,
  );
}

const maxListed = 8;

function cannotBeRead(path: string): (cause: unknown) => never {
  return (cause) => {
    throw fileError(path, cause);
  };
}
