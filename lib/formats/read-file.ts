import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** The unit in which a file is read or hashed, and so the delay of an abort. */
export const pieceBytes = 4 * 2 ** 20;

/**
 * Opens a file for reading; what becomes a pipe or a device after somebody has looked makes nobody wait, because
 * opening waits for no writer.
 */
export function openToRead(path: string | Buffer): Promise<FileHandle> {
  // Windows has no such flag, and no pipes in its folders.
  return open(path, constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0));
}

/** Why a file is not read whole. Its message continues "<file> ". */
export class Unread extends Error {
  constructor(
    message: string,
    readonly isTooLarge = false,
  ) {
    super(message);
  }
}

/**
 * The whole of a regular file.
 *
 * @param check sees the first bytes, and may throw before more are read
 * @throws {Unread} for anything but a regular file, and for one of more than `maxBytes`
 * @throws what the file system throws, and `signal.reason`
 */
export async function readWholeFile(
  path: string | Buffer,
  maxBytes: number,
  signal?: AbortSignal,
  check?: (head: Buffer) => void,
): Promise<Buffer> {
  const file = await openToRead(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Unread(`is ${stats.isDirectory() ? 'a folder' : 'no regular file'}`);
    if (stats.size > maxBytes) throw tooLarge(stats.size, maxBytes);
    // The byte too many tells whether it has ended: it may be written meanwhile, and in /proc sizes are 0.
    let bytes = Buffer.allocUnsafeSlow(stats.size + 1);
    for (let filled = 0; ;) {
      signal?.throwIfAborted();
      if (filled === bytes.length) bytes = Buffer.concat([bytes], Math.min(maxBytes + 1, 2 * filled));
      const { bytesRead } = await file.read(bytes, filled, Math.min(pieceBytes, bytes.length - filled), filled);
      if (bytesRead === 0) return bytes.subarray(0, filled);
      if (filled === 0) check?.(bytes.subarray(0, bytesRead));
      filled += bytesRead;
      if (filled > maxBytes) throw tooLarge(filled, maxBytes);
    }
  } finally {
    await file.close();
  }
}

function tooLarge(sizeBytes: number, maxBytes: number): Unread {
  return new Unread(`has ${sizeBytes} bytes or more, and at most ${maxBytes} are read`, true);
}
