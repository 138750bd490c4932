import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { GhostNetError } from '../errors.js';

/** A file that appears under its name once it is complete; until then what was there before stays. */
export class NewFile {
  private constructor(
    private readonly path: string,
    private readonly temporary: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws {GhostNetError} ERR_GHOST_FILE */
  static async create(path: string): Promise<NewFile> {
    const temporary = `${path}.${randomUUID()}.part`;
    return new NewFile(path, temporary, await written(path, open(temporary, 'wx')));
  }

  /** At the end. */
  async append(bytes: Uint8Array | string): Promise<void> {
    await written(this.path, this.handle.appendFile(bytes));
  }

  /** Puts `bytes` in the place of as many at the start. */
  async replaceStart(bytes: Uint8Array): Promise<void> {
    await written(this.path, this.handle.write(bytes, 0, bytes.length, 0));
  }

  async complete(): Promise<void> {
    await written(this.path, this.handle.sync());
    await written(this.path, this.handle.close());
    await written(this.path, rename(this.temporary, this.path));
  }

  /** In place of {@link complete}, or after it has failed. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
  }
}

/** Writes a file whole or not at all. */
export async function writeNewFile(path: string, content: Uint8Array | string): Promise<void> {
  const file = await NewFile.create(path);
  try {
    await file.append(content);
    await file.complete();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function written<T>(path: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new GhostNetError('ERR_GHOST_FILE', `${path} cannot be written (${(cause as Error).message}).`, { cause });
  }
}
