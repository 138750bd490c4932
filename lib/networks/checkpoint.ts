import { readCheckpoint, type Checkpoint } from '../checkpoints/index.js';
import { GhostNetError } from '../errors.js';
import type { GateConfig, GateInfo } from '../gate-config.js';
import type { Graph } from '../graph/graph.js';
import { ownTurn } from '../waiting/own-turn.js';
import { gated } from './gate.js';
import { identify, type IdentifiedNetwork } from './registry.js';
import { timmNames } from './tensor-names.js';

/** A file's network; its large tensors are read as they are asked for, until the checkpoint is closed. */
export interface OpenNetwork {
  readonly checkpoint: Checkpoint;
  readonly network: IdentifiedNetwork;
  /** Of its attention, and who says so; undefined for a network without. */
  readonly gate: GateInfo | undefined;
  /** What computes these outputs and nothing else, with the file's weights. */
  readonly graph: (outputs: readonly string[]) => Promise<Graph>;
}

interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  readonly stamp?: string;
  readonly gate?: Partial<GateConfig> | undefined;
}

/**
 * The network that a file holds, found in turns of the event loop of its own.
 *
 * @param stamp the file's, where it should be what it was
 * @param gate what is said of it beside the file's config.json
 * @throws what {@link readNetwork}, {@link identify} and {@link gated} throw; {GhostNetError} ERR_GHOST_FILE for another stamp
 * @throws `signal.reason` once the signal is aborted.
 */
export async function openNetwork(
  path: string,
  { signal, stamp, gate: option = {} }: OpenOptions = {},
): Promise<OpenNetwork> {
  const checkpoint = await readNetwork(path, { signal });
  try {
    if (stamp !== undefined && checkpoint.stamp !== stamp) {
      const message = `${path} has changed since the model was loaded from it. Load the model again.`;
      throw new GhostNetError('ERR_GHOST_FILE', message);
    }
    await ownTurn();
    const { tensors, framework } = checkpoint;
    const { network, gate } = gated(identify(tensors, framework), checkpoint, option);
    const graph = async (outputs: readonly string[]): Promise<Graph> => {
      await ownTurn();
      return network.blueprint.graph(tensors, outputs);
    };
    return { checkpoint, network, gate, graph };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

/**
 * What {@link readCheckpoint} reads, with the network's tensors alone, by the names that timm gives them: the prefixes
 * of wrapped modules (`module.`) are taken off, counters are left out, and names are translated whoever wrote the file.
 *
 * @throws what {@link readCheckpoint} throws; {GhostNetError} ERR_GHOST_CHECKPOINT for a tensor under two names
 */
export async function readNetwork(
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint(path, options);
  const { tensors, framework, file, close } = checkpoint;
  try {
    return { ...checkpoint, tensors: timmNames(tensors, framework, file) };
  } catch (error) {
    await close();
    throw error;
  }
}
