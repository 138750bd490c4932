import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { hubWeightsIn } from '../checkpoints/hub-folder.js';
import { processorFile, wantsProcessorConfig } from '../checkpoints/processor-config.js';
import { readWholeFile } from '../formats/read-file.js';
import { isCommit, type RemoteFile } from './client.js';
import type { HubSettings } from './settings.js';

/** A commit's hash has 40. */
const maxRefBytes = 4096;

/**
 * One repository in the cache that Hugging Face's libraries share, in their layout
 * (https://huggingface.co/docs/hub/local-cache):
 *
 *     models--org--name/
 *       blobs/<etag>                    contents, each once
 *       snapshots/<commit>/<file>       links to them, or copies where links are refused
 *       refs/<branch or tag>            the commit that it was when it was last looked up
 *       .no_exist/<commit>/<file>       empty: the repository has no such file
 *
 * Everything gets its name by a rename once it is whole, so that a reader never sees a part, whenever a writer dies,
 * and however many there are.
 */
export class RepositoryCache {
  readonly folder: string;
  readonly blobs: string;

  constructor(
    private readonly settings: HubSettings,
    repository: string,
  ) {
    this.folder = join(settings.cacheFolder, `models--${repository.replace('/', '--')}`);
    this.blobs = join(this.folder, 'blobs');
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  blob(etag: string): string {
    return join(this.blobs, etag);
  }

  /** The commit that a branch or tag is known to be. */
  async readRef(revision: string): Promise<string | undefined> {
    try {
      const commit = (await readWholeFile(this.#ref(revision), maxRefBytes)).toString('utf8').trim();
      return isCommit(commit) ? commit : undefined;
    } catch {
      return undefined;
    }
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.readRef(revision)) === commit) return;
    const ref = this.#ref(revision);
    await mkdir(dirname(ref), { recursive: true });
    const temporary = await this.#temporary();
    await writeFile(temporary, commit);
    await rename(temporary, ref);
  }

  /** Whether the snapshot has weights, and a config.json or the knowledge that there is none. */
  async isComplete(commit: string): Promise<boolean> {
    // Those that would be read; a link to a blob that somebody has removed leads nowhere.
    const weights = await hubWeightsIn(this.snapshot(commit)).catch(() => undefined);
    const found = await Promise.all((weights ?? []).map((file) => isThere(stat(file))));
    return found.length > 0 && found.every(Boolean) && this.#isSettled(commit, 'config.json');
  }

  /** Whether nothing more of it says how pictures are taken. Other programs fetch no file for that, and know of none. */
  async hasPreprocessing(commit: string): Promise<boolean> {
    return (await this.#isSettled(commit, processorFile)) || !(await wantsProcessorConfig(this.snapshot(commit)));
  }

  /** Whether the file is there, or known not to be in the repository. */
  async #isSettled(commit: string, name: string): Promise<boolean> {
    return (await isThere(stat(join(this.snapshot(commit), name)))) || isThere(stat(this.#absence(commit, name)));
  }

  /** Whether the content is there, of the size that the hub says it has. */
  async hasBlob({ etag, sizeBytes }: RemoteFile): Promise<boolean> {
    try {
      const stats = await stat(this.blob(etag));
      return stats.isFile() && stats.size === (sizeBytes ?? stats.size);
    } catch {
      return false;
    }
  }

  /** Puts a file whose blob is there into the snapshot of its commit. */
  async link({ name, commit, etag }: RemoteFile): Promise<void> {
    const file = join(this.snapshot(commit), name);
    const blob = this.blob(etag);
    await mkdir(dirname(file), { recursive: true });
    const temporary = await this.#temporary();
    try {
      // The target is relative to where the link will lie, so that the cache can be moved.
      const isLinked = this.settings.symlinks && (await linked(relative(dirname(file), blob), temporary));
      if (!isLinked) await copyFile(blob, temporary);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async markAbsent(name: string, commit: string): Promise<void> {
    const mark = this.#absence(commit, name);
    await mkdir(dirname(mark), { recursive: true });
    await writeFile(mark, '');
  }

  #ref(revision: string): string {
    return join(this.folder, 'refs', ...revision.split('/'));
  }

  #absence(commit: string, name: string): string {
    return join(this.folder, '.no_exist', commit, name);
  }

  /** A name of its own on the same file system. */
  async #temporary(): Promise<string> {
    await mkdir(this.blobs, { recursive: true });
    return join(this.blobs, `link.${process.pid}-${randomBytes(6).toString('hex')}.incomplete`);
  }
}

/** False where links are refused: Windows asks for a privilege, some file systems have none. */
async function linked(target: string, file: string): Promise<boolean> {
  try {
    await symlink(target, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM' || code === 'ENOSYS' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'EINVAL')
      return false;
    throw error;
  }
}

function isThere(found: Promise<unknown>): Promise<boolean> {
  return found.then(
    () => true,
    () => false,
  );
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
