import { stat, type FileHandle } from 'node:fs/promises';
import { GhostNetError } from '../errors.js';
import { damaged, fileError, unreadable } from './faults.js';
import { openToRead, pieceBytes } from './read-file.js';

/** A file that is open for reading. Who opens it closes it. */
export class OpenFile {
  private constructor(
    readonly path: string,
    readonly sizeBytes: number,
    /** What {@link currentStamp} said when it was opened. */
    readonly stamp: string,
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
      return new OpenFile(path, stats.size, await onDisk(path, stampOf(handle)), handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Of no other file, and of this one until it is written to. */
  currentStamp(): Promise<string> {
    return onDisk(this.path, stampOf(this.handle));
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

async function stampOf(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs } = await handle.stat({ bigint: true });
  return [dev, ino, size, mtimeNs].join(' ');
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
