import { readCheckpoint, type Checkpoint } from '../checkpoints/index.js';
import { timmNames } from './tensor-names.js';

/**
 * What {@link readCheckpoint} reads, with the network's tensors alone, by the names that timm gives them: the prefixes
 * of wrapped modules (`module.`) are taken off, counters are left out, and names are translated whoever wrote the file.
 *
 * @throws what {@link readCheckpoint} throws; {GhostNetError} ERR_GHOST_CHECKPOINT for a tensor under two names
 */
export async function readNetwork(path: string, options: { signal?: AbortSignal } = {}): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint(path, options);
  const { tensors, framework, file, close } = checkpoint;
  try {
    return { ...checkpoint, tensors: timmNames(tensors, framework, file) };
  } catch (error) {
    await close();
    throw error;
  }
}
