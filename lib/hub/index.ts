import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { maxConfigBytes } from '../checkpoints/config.js';
import { hubFiles, hubWeights, isIndex, maxWeightsBytes } from '../checkpoints/hub-folder.js';
import { processorFile, wantsProcessorConfig } from '../checkpoints/processor-config.js';
import { readShardNames } from '../checkpoints/shards.js';
import { GhostNetError } from '../errors.js';
import { RepositoryCache } from './cache.js';
import { HubClient, isCommit, type RemoteFile } from './client.js';
import { download, maxAttempts, type DownloadOptions } from './download.js';
import {
  cacheFault,
  isOffline,
  noShard,
  noWeights,
  RevisionNotFound,
  tooLarge,
  unreachable,
  type Wanted,
} from './faults.js';
import { PassingFault } from '../connections/faults.js';
import type { PublishedModel } from './published.js';
import { retrying } from '../connections/retry.js';
import { hubSettings, type HubSettings } from './settings.js';
import { modelSource } from './source.js';

/** Where a model's files are, and what is known about them without reading them. */
export interface LocatedModel {
  readonly path: string;
  readonly published?: PublishedModel;
}

/**
 * A path as it is; a model that is given by its name, fetched.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT, ERR_GHOST_FILE or ERR_GHOST_HUB
 * @throws `signal.reason`
 */
export async function locateModel(
  source: unknown,
  revision: string | undefined,
  options: DownloadOptions,
): Promise<LocatedModel> {
  const found = await modelSource(source);
  if ('repository' in found) {
    const { repository, published } = found;
    const { folder } = await fetchModel({ repository, revision: revision ?? defaultRevision }, options);
    return { path: folder, ...(published && { published }) };
  }
  if (revision === undefined) return found;
  const message = `revision is for a model that is loaded by its name, and ${found.path} is a path. Leave revision out.`;
  throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
}

/** A model in the cache. */
export interface FetchedModel extends Wanted {
  readonly commit: string;
  /** Its snapshot, in the layout of the hub. */
  readonly folder: string;
}

export interface FetchOptions extends DownloadOptions {
  /** True: fails where the hub cannot be asked or the download fails, whatever the cache has. */
  readonly newest?: boolean;
}

export const defaultRevision = 'main';

/**
 * Brings the files of a model into the cache, all of one commit: `config.json`; `model.safetensors` or else
 * `pytorch_model.bin`, or what the index of either says it is cut up into; and where `config.json` does not say how pictures are
 * taken, `preprocessor_config.json`. Nothing is asked of the network for a commit that is there already, or when HF_HUB_OFFLINE is set. A
 * branch or tag is looked up each time; if that or the download fails, the commit that it was last time does, where it
 * is whole (unless `newest`).
 *
 * @throws {GhostNetError} ERR_GHOST_HUB
 * @throws `signal.reason`
 */
export async function fetchModel(
  wanted: Wanted,
  options: FetchOptions = {},
  given?: HubSettings,
): Promise<FetchedModel> {
  const settings = given ?? (await hubSettings());
  const { repository, revision } = wanted;
  const cache = new RepositoryCache(settings, repository);
  const known = isCommit(revision) ? revision : await cache.readRef(revision);
  const cached =
    known !== undefined && (await cache.isComplete(known))
      ? { repository, revision, commit: known, folder: cache.snapshot(known) }
      : undefined;
  if (cached && (settings.offline || (isCommit(revision) && (await cache.hasPreprocessing(revision))))) return cached;
  if (settings.offline) throw isOffline(wanted, settings);
  const mayFallBack = cached !== undefined && !options.newest;
  try {
    const commit = await new Fetch(wanted, settings, cache, options, mayFallBack ? 1 : maxAttempts).run();
    return { repository, revision, commit, folder: cache.snapshot(commit) };
  } catch (error) {
    options.signal?.throwIfAborted();
    const fault = error instanceof PassingFault ? unreachable(wanted, settings, error) : cacheFault(error, settings);
    if (!mayFallBack || fault instanceof RevisionNotFound || !(fault instanceof GhostNetError)) throw fault;
    return cached;
  }
}

/** One look at the hub, and the downloads that it leads to. */
class Fetch {
  readonly #client: HubClient;

  constructor(
    private readonly wanted: Wanted,
    private readonly settings: HubSettings,
    private readonly cache: RepositoryCache,
    private readonly options: DownloadOptions,
    /** To reach the hub. */
    private readonly attempts: number,
  ) {
    this.#client = new HubClient(wanted, settings);
  }

  /** The commit, whose snapshot is complete. */
  async run(): Promise<string> {
    const { cache, wanted } = this;
    const config = await this.#find('config.json', wanted.revision);
    if (config.commit !== undefined && (await this.#isThere(config.commit))) {
      // A cache that cannot be written can be read all the same.
      await cache.writeRef(wanted.revision, config.commit).catch(() => undefined);
      return config.commit;
    }
    const weights = await this.#findWeights(config.commit ?? wanted.revision);
    const { commit } = weights;
    if ('absent' in config) await cache.markAbsent('config.json', commit);
    else await this.#bring(config, maxConfigBytes);
    await this.#bring(weights, isIndex(weights.name) ? maxConfigBytes : maxWeightsBytes);
    if (isIndex(weights.name)) await this.#bringShards(weights);
    if (await wantsProcessorConfig(cache.snapshot(commit))) await this.#bringProcessor(commit);
    // Last, so that whoever goes by the ref finds all of it.
    await cache.writeRef(wanted.revision, commit);
    return commit;
  }

  async #findWeights(revision: string): Promise<RemoteFile> {
    for (const name of hubWeights) {
      const file = await this.#find(name, revision);
      if (!('absent' in file)) return file;
    }
    throw noWeights(this.wanted, hubFiles);
  }

  async #isThere(commit: string): Promise<boolean> {
    return (await this.cache.isComplete(commit)) && this.cache.hasPreprocessing(commit);
  }

  /** All that an index names, together no larger than weights may be. */
  async #bringShards({ name: index, commit }: RemoteFile): Promise<void> {
    const shards = await readShardNames(join(this.cache.snapshot(commit), index));
    let leftBytes = maxWeightsBytes;
    for (const path of shards) {
      const file = await this.#find(basename(path), commit);
      if ('absent' in file) throw noShard(this.wanted, index, basename(path));
      await this.#bring(file, leftBytes);
      leftBytes -= (await stat(path)).size;
    }
  }

  async #bringProcessor(commit: string): Promise<void> {
    const file = await this.#find(processorFile, commit);
    if ('absent' in file) await this.cache.markAbsent(processorFile, commit);
    else await this.#bring(file, maxConfigBytes);
  }

  #find(name: string, revision: string) {
    const { attempts, settings, options } = this;
    return retrying(() => this.#client.find(name, revision, options.signal), {
      attempts,
      delayMs: settings.retryDelayMs,
      signal: options.signal,
    });
  }

  async #bring(file: RemoteFile, maxBytes: number): Promise<void> {
    const { cache, settings, options } = this;
    if (file.sizeBytes !== undefined && file.sizeBytes > maxBytes) throw tooLarge(file, file.sizeBytes, maxBytes);
    await download(this.#client, file, maxBytes, cache, settings, options);
    await cache.link(file);
  }
}
