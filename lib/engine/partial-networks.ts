import { openNetwork } from '../networks/checkpoint.js';
import type { SaidOptions } from '../networks/as-said.js';
import type { Graph } from '../graph/graph.js';
import { outputStrides } from '../graph/shapes.js';
import type { NativeModel, Precision } from '../native/native.js';
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

/** One of them that is made or being made, and for how many it computes or soon will. */
interface Shared {
  readonly made: Promise<PartialNetwork>;
  users: number;
}

export interface NetworkSource {
  /** The weights' file, absolute. */
  readonly file: string;
  /** The checkpoint's when the model was loaded. */
  readonly stamp: string;
  /** The network in it. */
  readonly part: string;
  /** Of the network, that no tensor tells. */
  readonly said: SaidOptions;
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
  readonly #networks = new Map<string, Shared>(); // most recent last
  /** Forgotten, and still used or being made. */
  readonly #leaving = new Set<Shared>();

  constructor(source: NetworkSource) {
    this.#source = source;
  }

  /**
   * What `work` makes of the network that computes `outputs`.
   *
   * @param outputs names, in the order in which they are computed
   * @throws {GhostNetError} ERR_GHOST_FILE if the file is not what it was any more, and what `load` throws
   * @throws `signal.reason` once the signal is aborted; the network is made all the same, for others may wait for it
   *   too
   */
  async use<T>(
    outputs: readonly string[],
    signal: AbortSignal | undefined,
    work: (network: PartialNetwork) => T | Promise<T>,
  ): Promise<T> {
    const network = this.#find(outputs);
    network.users++;
    try {
      return await work(await unlessAborted(network.made, signal));
    } finally {
      network.users--;
      if (this.#leaving.has(network)) void this.#closeUnused(network);
    }
  }

  /** Nothing may be under way any more. */
  async close(): Promise<void> {
    for (const network of this.#networks.values()) this.#leaving.add(network);
    this.#networks.clear();
    await Promise.all([...this.#leaving].map((network) => this.#closeUnused(network)));
  }

  #find(outputs: readonly string[]): Shared {
    const key = outputs.join(' ');
    const network = this.#networks.get(key) ?? { made: this.#make(outputs), users: 0 };
    this.#networks.delete(key);
    this.#networks.set(key, network);
    network.made.catch(() => {
      if (this.#networks.get(key) === network) this.#networks.delete(key);
    });
    if (this.#networks.size > keptNetworks) {
      const [oldest, forgotten] = this.#networks.entries().next().value!;
      this.#networks.delete(oldest);
      this.#leaving.add(forgotten);
      void this.#closeUnused(forgotten);
    }
    return network;
  }

  /** Its threads end with it. */
  async #closeUnused(network: Shared): Promise<void> {
    const [made] = await Promise.allSettled([network.made]);
    if (network.users > 0 || !this.#leaving.delete(network)) return;
    if (made.status === 'fulfilled') made.value.native.close();
  }

  async #make(outputs: readonly string[]): Promise<PartialNetwork> {
    const { file, stamp, part, said, options } = this.#source;
    const { checkpoint, graph: graphOf } = await openNetwork(file, { stamp, part, ...said });
    try {
      const graph = await graphOf(outputs);
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
