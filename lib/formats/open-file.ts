import { stat, type FileHandle } from 'node:fs/promises';
import { GhostNetError } from '../errors.js';
import { damaged, fileError, unreadable } from './faults.js';
import { openToRead, pieceBytes } from './read-file.js';

/** A file that is open for reading. Who opens it closes it. */
export class OpenFile {
  private constructor(
    readonly path: string,
    readonly sizeBytes: number,
    /** Of no other file, and of this one until it is written to, as far as the file system's clock can tell. */
    readonly stamp: string,
    private readonly settled: boolean,
    private readonly handle: FileHandle,
  ) {}

  /** @throws {GhostNetError} ERR_GHOST_FILE; ERR_GHOST_CHECKPOINT for an empty one, or one of more than `maxBytes` */
  static async open(path: string, maxBytes: number): Promise<OpenFile> {
    const stats = await onDisk(path, stat(path));
    if (!stats.isFile()) throw new GhostNetError('ERR_GHOST_FILE', `${path} should be a file and is none.`);
    if (stats.size === 0) throw unreadable(path, 'is empty');
    if (stats.size > maxBytes) throw unreadable(path, `has ${stats.size} bytes, and at most ${maxBytes} are read`);
    const handle = await onDisk(path, openToRead(path));
    try {
      const { stamp, settled } = await onDisk(path, stampOf(handle));
      return new OpenFile(path, stats.size, stamp, settled, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Whether it is certain that all that was read has this stamp and nothing else ever will: see {@link isSettled}. */
  async isUnchanged(): Promise<boolean> {
    return this.settled && (await onDisk(this.path, stampOf(this.handle))).stamp === this.stamp;
  }

  /** `sizeBytes` from byte `start` on, in an aligned buffer of their own. */
  async read(start: number, sizeBytes: number, signal?: AbortSignal): Promise<Buffer> {
    const bytes = allocate(sizeBytes, this.path);
    await this.fill(bytes, start, signal);
    return bytes;
  }

  /** Fills `bytes` with what the file holds from byte `start` on. */
  async fill(bytes: Uint8Array, start: number, signal?: AbortSignal): Promise<void> {
    for (let filled = 0; filled < bytes.length;) {
      signal?.throwIfAborted();
      const length = Math.min(pieceBytes, bytes.length - filled);
      const { bytesRead } = await onDisk(this.path, this.handle.read(bytes, filled, length, start + filled));
      if (bytesRead === 0) {
        throw damaged(this.path, `it ended after ${start + filled} of ${this.sizeBytes} bytes while it was read`);
      }
      filled += bytesRead;
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** Whoever writes can set the time of the last change to the contents (mtime), but not that of the last change of all (ctime). */
async function stampOf(handle: FileHandle): Promise<{ stamp: string; settled: boolean }> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return { stamp: [dev, ino, size, mtimeNs, ctimeNs].join(' '), settled: isSettled(ctimeNs, Date.now()) };
}

/**
 * Whether whatever is written to a file from now on changes its ctime. Not so while the file system's clock stands
 * where it stood at the last change: the system's ticks take up to 16 ms, and some file systems count seconds or pairs of them.
 */
export function isSettled(ctimeNs: bigint, nowMs: number): boolean {
  const tickMs = ctimeNs % 1_000_000_000n === 0n ? 2000 : 16;
  return nowMs - Number(ctimeNs / 1_000_000n) > tickMs;
}

async function onDisk<T>(path: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw fileError(path, cause);
  }
}

function allocate(sizeBytes: number, file: string): Buffer {
  try {
    return Buffer.allocUnsafeSlow(sizeBytes);
  } catch (cause) {
    throw new GhostNetError('ERR_GHOST_NATIVE', `There is no memory for the ${sizeBytes} bytes of ${file}.`, { cause });
  }
}
