import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './cache.js';
import { pieceBytes } from '../formats/read-file.js';
import { PassingFault } from '../connections/faults.js';

/**
 * Longer than a process that still downloads leaves its file alone: it waits a minute at most, and notes each attempt.
 */
const abandonedAfterMs = 180_000;

/**
 * The part of a blob that has come so far, in a file that belongs to this download alone until it is whole.
 *
 * What a download that failed or was killed has left is taken over by the next one. Should its owner only have slept
 * and wake up after all, it finds that its file has gone. What it may still write before that is the same content in
 * the same place: a file is only ever appended to, and started again under a new name.
 */
export class PartialFile {
  #path = '';
  #handle: FileHandle | undefined;
  #sizeBytes = 0;

  constructor(
    private readonly blobs: string,
    private readonly etag: string,
  ) {}

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** To be called before each attempt: makes sure that there is a file, of this download alone. */
  async claim(): Promise<void> {
    if (this.#handle && (await this.#isOwn())) return;
    await this.#close();
    await mkdir(this.blobs, { recursive: true });
    const path = this.#newPath();
    await this.#open(path, (await this.#adopt(path)) ? 'r+' : 'wx+');
    await this.#isOwn();
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.#handle!.write(bytes, written, bytes.length - written, this.#sizeBytes);
      written += bytesWritten;
      this.#sizeBytes += bytesWritten;
    }
  }

  /** What has come already; no more than that may be asked for. */
  async read(start: number, sizeBytes: number): Promise<Buffer> {
    const { buffer } = await this.#handle!.read(Buffer.alloc(sizeBytes), 0, sizeBytes, start);
    return buffer;
  }

  async restart(): Promise<void> {
    await this.discard();
    await this.#open(this.#newPath(), 'wx+');
  }

  /** Whether the content has the hash that its ETag is. An ETag that is no hash proves nothing. */
  async isSound(signal?: AbortSignal): Promise<boolean> {
    const hash = hashOf(this.etag, this.#sizeBytes);
    if (!hash) return true;
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (let at = 0; at < this.#sizeBytes;) {
      signal?.throwIfAborted();
      const { bytesRead } = await this.#handle!.read(piece, 0, pieceBytes, at);
      if (bytesRead === 0) return false;
      hash.update(piece.subarray(0, bytesRead));
      at += bytesRead;
    }
    return hash.digest('hex') === this.etag;
  }

  /** Makes it the blob. Safe on the disk first: a name that outlives a power failure must not name zeros. */
  async finish(): Promise<void> {
    await this.#handle!.sync();
    await this.#close();
    try {
      await rename(this.#path, join(this.blobs, this.etag));
    } catch (error) {
      if (isMissing(error)) throw new PassingFault('another process has taken over the download', 0, { cause: error });
      throw error;
    }
  }

  /** Leaves it to whoever downloads the same next. */
  async abandon(): Promise<void> {
    await this.#close();
    if (this.#sizeBytes === 0) await rm(this.#path, { force: true });
    else await utimes(this.#path, 0, 0).catch(() => undefined);
  }

  async discard(): Promise<void> {
    await this.#close();
    await rm(this.#path, { force: true });
    this.#sizeBytes = 0;
  }

  #newPath(): string {
    return join(this.blobs, `${this.etag}.ghostnet-${process.pid}-${randomBytes(6).toString('hex')}.incomplete`);
  }

  async #open(path: string, flags: string): Promise<void> {
    this.#path = path;
    this.#handle = await open(path, flags);
    this.#sizeBytes = (await this.#handle.stat()).size;
  }

  async #close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Notes that it is in use. False if another process has taken it. */
  async #isOwn(): Promise<boolean> {
    const now = new Date();
    try {
      await utimes(this.#path, now, now);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Takes over the longest that nobody works on. A rename succeeds for one process alone. */
  async #adopt(path: string): Promise<boolean> {
    const names = (await readdir(this.blobs)).filter((name) => name.startsWith(`${this.etag}.ghostnet-`));
    const found = await Promise.all(
      names.map((name) =>
        stat(join(this.blobs, name)).then(
          (stats) => ({ name, stats }),
          () => undefined,
        ),
      ),
    );
    const abandoned = found
      .filter((file) => file !== undefined)
      .filter(({ stats }) => stats.isFile() && Date.now() - stats.mtimeMs > abandonedAfterMs)
      .sort((a, b) => b.stats.size - a.stats.size)
      .map(({ name }) => join(this.blobs, name));
    let adopted = false;
    for (const file of abandoned) {
      if (adopted) await rm(file, { force: true });
      else
        adopted = await rename(file, path).then(
          () => true,
          () => false,
        );
    }
    return adopted;
  }
}

/** The Hugging Face hub's ETags are SHA-256 for large files and Git's SHA-1 of a blob for others. */
function hashOf(etag: string, sizeBytes: number) {
  if (/^[0-9a-f]{64}$/.test(etag)) return createHash('sha256');
  if (/^[0-9a-f]{40}$/.test(etag)) return createHash('sha1').update(`blob ${sizeBytes}\0`);
  return undefined;
}
