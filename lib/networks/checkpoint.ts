import { readCheckpoint, type Checkpoint, type CheckpointFile } from '../checkpoints/index.js';
import { GhostNetError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { plain } from '../messages/quoted.js';
import { ownTurn } from '../waiting/own-turn.js';
import { asSaid, type AsSaid, type SaidOptions } from './as-said.js';
import { readTensors } from './candidates.js';
import { checkNumbers } from './check-tensors.js';
import { findNetwork, type Found } from './find.js';
import type { IdentifiedNetwork } from './registry.js';

/** A network that a file holds. */
export interface Part {
  /** Where it lies, as `load`'s option `part` takes it: `model_ema`; `.` for the file's own top level. */
  readonly name: string;
  readonly architecture: string;
  readonly numClasses: number;
}

/** A checkpoint with the tensors of one network alone, by the names that timm gives them. */
export interface NetworkCheckpoint extends Checkpoint {
  readonly part: string;
  /** Every whole network in the file. */
  readonly parts: readonly Part[];
  /** Tensors beside the network that no network of ours could own, at most {@link maxLeftOut}, fit to be printed. */
  readonly leftOut: readonly string[];
}

/** A file's network; its large tensors are read as they are asked for, until the checkpoint is closed. */
export interface OpenNetwork extends AsSaid<IdentifiedNetwork> {
  readonly checkpoint: NetworkCheckpoint;
  /** What computes these outputs and nothing else, with the file's weights. */
  readonly graph: (outputs: readonly string[]) => Promise<Graph>;
}

const maxLeftOut = 8;

interface OpenOptions extends SaidOptions {
  readonly signal?: AbortSignal | undefined;
  readonly stamp?: string;
  readonly part?: string | undefined;
}

/**
 * The network that a file holds, found in turns of the event loop of its own.
 *
 * @param stamp the network's, where its file should be what it was
 * @param gate,head,classifier what is said of it beside the file's config.json
 * @param part which of several, see {@link findNetwork}
 * @throws what {@link readCheckpoint}, {@link findNetwork} and {@link asSaid} throw; {GhostNetError} ERR_GHOST_FILE for another
 *   stamp, ERR_GHOST_CHECKPOINT for a value that is NaN or infinite
 * @throws `signal.reason` once the signal is aborted.
 */
export async function openNetwork(
  path: string,
  { signal, stamp, gate, head, classifier, part }: OpenOptions = {},
): Promise<OpenNetwork> {
  const file = await readCheckpoint(path, { signal });
  try {
    if (stamp !== undefined && stampOf(file, part) !== stamp) {
      const message = `${path} has changed since the model was loaded from it. Load the model again.`;
      throw new GhostNetError('ERR_GHOST_FILE', message);
    }
    await ownTurn();
    const { checkpoint, network: found } = await readNetwork(file, part);
    const { tensors } = checkpoint;
    checkNumbers(found, tensors);
    const said = asSaid(found, checkpoint, { gate, head, classifier });
    const graph = async (outputs: readonly string[]): Promise<Graph> => {
      await ownTurn();
      return said.network.blueprint.graph(tensors, outputs);
    };
    return { checkpoint, ...said, graph };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Of the tensors beside the network those that belong to no other whole one. */
function beside({ chosen, whole }: Found): string[] {
  const others = whole.filter(({ dict }) => dict === chosen.dict).flatMap(({ sources }) => [...sources.values()]);
  const known = new Set(others);
  return chosen.leftOut.filter((name) => !known.has(name));
}

/** Of a network without classes, what may have been the head for them. */
function withForeign(network: IdentifiedNetwork, [example]: readonly string[]): IdentifiedNetwork {
  if (network.numClasses > 0 || example === undefined) return network;
  return { ...network, kind: `${network.kind} (beside it lie tensors of no head that is known, as ${example})` };
}

/** Networks of one file share names, and no weights. */
function stampOf({ stamp }: Pick<CheckpointFile, 'stamp'>, part: string | undefined): string {
  return part === undefined || part === '.' ? stamp : `${stamp} ${part}`;
}

/** Reads the tensors of the network that is meant, and no others. */
async function readNetwork(
  { dicts, ...file }: CheckpointFile,
  part: string | undefined,
): Promise<{ checkpoint: NetworkCheckpoint; network: IdentifiedNetwork }> {
  const { chosen, whole } = findNetwork({ dicts, framework: file.framework, file: file.file }, part);
  const leftOut = beside({ chosen, whole }).slice(0, maxLeftOut).map(plain);
  const checkpoint = {
    ...file,
    stamp: stampOf(file, chosen.part),
    tensors: await readTensors(chosen),
    part: chosen.part,
    parts: whole.map(({ part: name, network: { architecture, numClasses } }) => ({ name, architecture, numClasses })),
    leftOut,
  };
  return { checkpoint, network: withForeign(chosen.network, leftOut) };
}
