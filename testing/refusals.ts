import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { GhostNetError, type GhostNetErrorCode } from '../lib/index.js';
import type { Tensor } from '../lib/formats/tensor.js';
import { errorOf } from './error-of.js';
import { temporaryFolder } from './temporary-folder.js';
import { syntheticStateDict } from './synthetic.js';

export const folder = temporaryFolder();

export const weights = syntheticStateDict(2, 0.1, 10);

export function written(name: string, bytes: Uint8Array | string): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** The weights with one tensor changed. */
export function spoiled(name: string, change: (tensor: Tensor) => Tensor): Map<string, Tensor> {
  return new Map([...weights, [name, change(weights.get(name)!)]]);
}

/** Values of the wrong type, as untyped callers pass them. */
export const wrong = (value: unknown): never => value as never;

export async function expectRefusal(
  promise: Promise<unknown>,
  code: GhostNetErrorCode,
  words: readonly (string | RegExp)[],
) {
  const error = await errorOf(promise);
  expect(error).toBeInstanceOf(GhostNetError);
  expect(error.name).toBe('GhostNetError');
  expect(`${error.code}: ${error.message}`).toMatch(new RegExp(`^${code}: `));
  for (const word of words) expect(error.message).toMatch(word);
  // One paragraph of text that ends like a sentence, not a dump.
  expect(error.message).toMatch(/^\S[^\n]{10,500}[.)]$/);
}

export type Refusal = [name: string, call: () => Promise<unknown>, code: GhostNetErrorCode, words: (string | RegExp)[]];
