import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { load, type GhostNet } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { hasReference, referenceFolder, versions } from '../../testing/reference.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';

export const folder = temporaryFolder();

export const tensors = syntheticStateDict(2, 0.1, 10);

export const file = join(folder, 'model.safetensors');

export const image = { data: syntheticImage('input', [2, 3, 64, 96]).data, shape: [2, 3, 64, 96] as const };

export let model: GhostNet;

export function saved(version: 1 | 2 | 3): string {
  const path = join(folder, `v${version}.safetensors`);
  writeFileSync(path, savedTensors(syntheticStateDict(version, 0.1, 10)));
  return path;
}

export function expectClose(found: Float32Array, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const scale = Array.from(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const error = found.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i]!)), 0);
  expect(error / scale).toBeLessThan(1e-5);
}

beforeAll(async () => {
  writeFileSync(file, savedTensors(tensors));
  model = await load(file, { threads: 2 });
});

afterAll(() => model.dispose());

interface Case {
  readonly id: string;
  readonly architecture: keyof typeof versions;
  readonly width: number;
  readonly input: [number, number, number, number];
  readonly file: string;
  readonly results: readonly { readonly name: string; readonly shape: readonly number[]; readonly offset: number }[];
}

export const cases = hasReference
  ? (JSON.parse(readFileSync(join(referenceFolder, 'results/index.json'), 'utf8')) as Case[])
  : [];
