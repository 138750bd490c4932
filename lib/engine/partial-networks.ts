import { readNetwork } from '../networks/checkpoint.js';
import { GhostNetError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { identify } from '../networks/registry.js';
import { outputStrides } from '../graph/shapes.js';
import type { NativeModel, Precision } from '../native/native.js';
import { ownTurn } from '../waiting/own-turn.js';
import { createPackedModel, withoutNumbers } from './packing.js';
import { unlessAborted } from '../waiting/limits.js';

/** What computes some of a network's outputs and nothing else. */
export interface PartialNetwork {
  readonly native: NativeModel;
  /** Without its numbers. */
  readonly graph: Graph;
  /** See {@link outputStrides}. */
  readonly strides: ReadonlyMap<string, number>;
}

export interface NetworkSource {
  /** The weights' file, absolute. */
  readonly file: string;
  /** The checkpoint's when the model was loaded. */
  readonly stamp: string;
  readonly options: { readonly threads: number; readonly isa: string; readonly precision: Precision };
}

/**
 * Features, embeddings, attention, and one to spare: who asks for more sets than that waits for some again and again.
 */
const keptNetworks = 4;

/**
 * The networks behind a model's further outputs. Each is made when it is first asked for, from the checkpoint's file,
 * with the weights that it needs and no others; what the model itself has of them is shared.
 */
export class PartialNetworks {
  readonly #source: NetworkSource;
  readonly #networks = new Map<string, Promise<PartialNetwork>>(); // most recent last

  constructor(source: NetworkSource) {
    this.#source = source;
  }

  /**
   * @param outputs names, in the order in which they are computed
   * @throws {GhostNetError} ERR_GHOST_FILE if the file is not what it was any more, and what `load` throws
   * @throws `signal.reason` once the signal is aborted; the network is made all the same, for others may wait for it
   *   too
   */
  find(outputs: readonly string[], signal: AbortSignal | undefined): Promise<PartialNetwork> {
    const key = outputs.join(' ');
    const network = this.#networks.get(key) ?? this.#make(outputs);
    this.#networks.delete(key);
    this.#networks.set(key, network);
    network.catch(() => {
      if (this.#networks.get(key) === network) this.#networks.delete(key);
    });
    // Somebody may be using the one that is forgotten: the garbage collector frees it when nobody does any more.
    if (this.#networks.size > keptNetworks) this.#networks.delete(this.#networks.keys().next().value!);
    return unlessAborted(network, signal);
  }

  /** Nothing may be under way any more. */
  async close(): Promise<void> {
    for (const made of await Promise.allSettled(this.#networks.values())) {
      if (made.status === 'fulfilled') made.value.native.close();
    }
    this.#networks.clear();
  }

  async #make(outputs: readonly string[]): Promise<PartialNetwork> {
    const { file, stamp, options } = this.#source;
    const checkpoint = await readNetwork(file);
    try {
      if (checkpoint.stamp !== stamp) {
        throw new GhostNetError(
          'ERR_GHOST_FILE',
          `${file} has changed since the model was loaded from it. Load the model again.`,
        );
      }
      await ownTurn();
      const { blueprint } = identify(checkpoint.tensors, checkpoint.framework);
      await ownTurn();
      const graph = blueprint.graph(checkpoint.tensors, outputs);
      return {
        native: await createPackedModel(graph, { ...options, file: checkpoint }),
        graph: withoutNumbers(graph),
        strides: outputStrides(graph),
      };
    } finally {
      await checkpoint.close();
    }
  }
}
