import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hubWeightsIn } from '../checkpoints/hub-folder.js';
import { readWholeFile } from '../formats/read-file.js';
import type { HubSettings } from './settings.js';

/** A repository in the cache, of which a snapshot has weights. */
export interface CachedModel {
  /** As `timm/ghostnetv2_100.in1k`. */
  readonly repository: string;
  /** The newest snapshot with weights. */
  readonly folder: string;
  /** Of its weights. */
  readonly sizeBytes: number;
  /** What its config.json says; undefined where it says nothing. */
  readonly architecture: string | undefined;
}

const maxConfigBytes = 2 ** 24;

/** What lies in the cache, whoever has put it there, by the repositories' names. A cache that is not there is empty. */
export async function cachedModels({ cacheFolder }: Pick<HubSettings, 'cacheFolder'>): Promise<CachedModel[]> {
  const names = await entriesOf(cacheFolder);
  const found = await Promise.all(
    names.map(async (name) => {
      const [, owner, rest] = /^models--([^-].*?)--(.+)$/.exec(name) ?? [];
      if (owner === undefined) return undefined;
      const snapshot = await newestSnapshot(join(cacheFolder, name, 'snapshots'));
      return snapshot && { repository: `${owner}/${rest}`, ...snapshot };
    }),
  );
  return found.filter((model) => model !== undefined).sort((a, b) => (a.repository < b.repository ? -1 : 1));
}

async function newestSnapshot(folder: string): Promise<Omit<CachedModel, 'repository'> | undefined> {
  const snapshots = await Promise.all(
    (await entriesOf(folder)).map(async (commit) => {
      const path = join(folder, commit);
      const sizeBytes = await weightsBytes(path).catch(() => undefined);
      return sizeBytes === undefined ? undefined : { path, sizeBytes, changedMs: (await stat(path)).mtimeMs };
    }),
  );
  const whole = snapshots.filter((snapshot) => snapshot !== undefined);
  const newest = whole.sort((a, b) => b.changedMs - a.changedMs)[0];
  if (newest === undefined) return undefined;
  return { folder: newest.path, sizeBytes: newest.sizeBytes, architecture: await architectureIn(newest.path) };
}

/** Undefined where there are none, or not all of them. */
async function weightsBytes(folder: string): Promise<number | undefined> {
  const files = await hubWeightsIn(folder);
  if (!files) return undefined;
  const found = await Promise.all(files.map((file) => stat(file)));
  return found.every((stats) => stats.isFile()) ? found.reduce((sum, { size }) => sum + size, 0) : undefined;
}

async function architectureIn(folder: string): Promise<string | undefined> {
  try {
    const config: unknown = JSON.parse(
      (await readWholeFile(join(folder, 'config.json'), maxConfigBytes)).toString('utf8'),
    );
    const { architecture } = config as { architecture?: unknown };
    return typeof architecture === 'string' ? architecture : undefined;
  } catch {
    return undefined;
  }
}

/** None of a folder that is not there, or that nobody may read. */
function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
