import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { GhostNetError } from '../errors.js';
import { shownPath } from '../messages/quoted.js';
import { reasonWithout } from './faults.js';

export interface FileToWrite {
  readonly path: string;
  /** Of a file behind another, they are made when that one is written. */
  readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Asked for in the end: what replaces as many bytes at the file's start. */
  readonly head?: () => Uint8Array;
}

/** @throws {GhostNetError} ERR_GHOST_FILE if there is something at one of `paths`. */
export async function checkVacant(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const stats = await stat(path).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw writeError(path, cause);
    });
    if (stats)
      throw new GhostNetError(
        'ERR_GHOST_FILE',
        `${shownPath(path)} exists already. Name another file, or allow overwriting (overwrite: true, --force).`,
      );
  }
}

/** @throws {GhostNetError} ERR_GHOST_FILE if there is none and it cannot be made */
export async function makeFolder(path: string): Promise<void> {
  await onDisk(path, mkdir(path, { recursive: true }));
}

/**
 * Writes files under temporary names beside their own, which they get when all of them are whole and on the disk:
 * whatever happens, no half file bears its name, and what failed leaves nothing behind.
 *
 * @returns the sizes in bytes
 * @throws {GhostNetError} ERR_GHOST_FILE if one cannot be written; what making the pieces throws
 * @throws `signal.reason` once the signal is aborted.
 */
export async function writeFiles(
  files: readonly FileToWrite[],
  overwrite: boolean,
  signal?: AbortSignal,
): Promise<number[]> {
  const written: { path: string; temporary: string; sizeBytes: number }[] = [];
  try {
    for (const toWrite of files) {
      const { path } = toWrite;
      const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.incomplete`;
      const file = { path, temporary, sizeBytes: 0 };
      written.push(file);
      file.sizeBytes = await writeWhole(toWrite, temporary, signal);
    }
    if (!overwrite) await checkVacant(files.map(({ path }) => path));
    for (const { path, temporary } of written) await onDisk(path, rename(temporary, path));
    return written.map(({ sizeBytes }) => sizeBytes);
  } catch (error) {
    for (const { temporary } of written) await rm(temporary, { force: true });
    throw error;
  }
}

async function writeWhole(
  { path, pieces, head }: FileToWrite,
  temporary: string,
  signal?: AbortSignal,
): Promise<number> {
  const handle = await onDisk(path, open(temporary, 'wx'));
  let sizeBytes = 0;
  try {
    for await (const piece of pieces) {
      signal?.throwIfAborted();
      await onDisk(path, handle.writeFile(piece));
      sizeBytes += piece.length;
    }
    signal?.throwIfAborted();
    const start = head?.();
    if (start) await onDisk(path, handle.write(start, 0, start.length, 0));
    await onDisk(path, handle.sync());
  } finally {
    await handle.close();
  }
  return sizeBytes;
}

async function onDisk<T>(path: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function writeError(path: string, cause: unknown): GhostNetError {
  return new GhostNetError('ERR_GHOST_FILE', `${shownPath(path)} cannot be written (${reasonWithout(path, cause)}).`, {
    cause,
  });
}
