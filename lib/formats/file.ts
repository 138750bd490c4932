import { readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { GhostNetError } from '../errors.js';
import { openToRead } from './read-file.js';
import { damaged, unreadable } from './faults.js';

/** What timm and others push to the Hugging Face hub, the preferred one first. */
export const hubFiles = ['model.safetensors', 'pytorch_model.bin'] as const;

/** A training checkpoint of the largest published network has 0.2 GB. */
export const maxFileBytes = 2 ** 30;

/** The unit in which a file is read, and so the delay of an abort. */
const pieceBytes = 4 * 2 ** 20;

/** The weights' file that `path` means: itself, or the model in a folder of the Hugging Face hub's layout. */
export async function findWeights(path: string): Promise<{ file: string; inFolder: boolean }> {
  const stats = await onDisk(path, stat(path));
  if (!stats.isDirectory()) return { file: path, inFolder: false };
  const names = await onDisk(path, readdir(path));
  const name = hubFiles.find((candidate) => names.includes(candidate));
  if (name) return { file: join(path, name), inFolder: true };
  throw new GhostNetError('ERR_GHOST_FILE', `Folder ${path} should hold ${hubFiles.join(' or ')} and does not.`);
}

/** A file that is open for reading. Who opens it closes it. */
export class CheckpointFile {
  private constructor(
    readonly path: string,
    readonly sizeBytes: number,
    private readonly handle: FileHandle,
  ) {}

  static async open(path: string): Promise<CheckpointFile> {
    const stats = await onDisk(path, stat(path));
    if (!stats.isFile()) throw new GhostNetError('ERR_GHOST_FILE', `${path} should be a file and is none.`);
    if (stats.size === 0) throw unreadable(path, 'is empty');
    if (stats.size > maxFileBytes) {
      throw unreadable(path, `has ${stats.size} bytes, more than a network of this family can (${maxFileBytes})`);
    }
    return new CheckpointFile(path, stats.size, await onDisk(path, openToRead(path)));
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

/** What the file system's refusal of `path` becomes. */
export function fileError(path: string, cause: unknown): GhostNetError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const fault = code === 'ENOENT' ? 'does not exist' : `cannot be read (${message})`;
  return new GhostNetError('ERR_GHOST_FILE', `${path} ${fault}.`, { cause });
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
