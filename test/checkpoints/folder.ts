import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { readCheckpoint, type Checkpoint } from '../../lib/checkpoints/index.js';
import { GhostNetError } from '../../lib/errors.js';

/** A folder that goes away with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Reads `bytes` as a user would, from a file. */
export async function readFrom(folder: string, bytes: Uint8Array, name = 'checkpoint'): Promise<Checkpoint> {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return readCheckpoint(file);
}

/** The error with which `promise` is rejected, which must be one of this package's. */
export async function errorOf(promise: Promise<unknown>): Promise<GhostNetError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GhostNetError) return error;
    throw error;
  }
  throw new Error('an error was expected and nothing was thrown');
}
