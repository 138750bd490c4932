import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GhostNetError } from '../errors.js';
import { damaged, unreadable } from './faults.js';

/** What timm and others push to the Hugging Face hub, the preferred one first. */
const hubFiles = ['model.safetensors', 'pytorch_model.bin'] as const;

/** A training checkpoint of the largest published network has 0.2 GB. */
const maxFileBytes = 2 ** 30;

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

/** A whole file in one aligned buffer of its own. */
export async function readBytes(file: string, signal?: AbortSignal): Promise<Buffer> {
  const stats = await onDisk(file, stat(file));
  if (!stats.isFile()) throw new GhostNetError('ERR_GHOST_FILE', `${file} should be a file and is none.`);
  if (stats.size === 0) throw unreadable(file, 'is empty');
  if (stats.size > maxFileBytes) {
    throw unreadable(file, `has ${stats.size} bytes, more than a network of this family can (${maxFileBytes})`);
  }
  const handle = await onDisk(file, open(file));
  try {
    const bytes = allocate(stats.size, file);
    for (let filled = 0; filled < bytes.length;) {
      signal?.throwIfAborted();
      const length = Math.min(pieceBytes, bytes.length - filled);
      const { bytesRead } = await onDisk(file, handle.read(bytes, filled, length, filled));
      if (bytesRead === 0) throw damaged(file, `it ended after ${filled} of ${bytes.length} bytes while it was read`);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
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
