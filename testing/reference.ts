import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Shape } from '../lib/native/native.js';

/** Results of PyTorch to compare with; they are not part of this repository (README.md there). */
export const referenceFolder = fileURLToPath(new URL('../../shared/reference/', import.meta.url));

/** The reference's names of the networks. */
export const versions = { ghostnet: 1, ghostnetv2: 2, ghostnetv3: 3 } as const;

/** One of results/index.json. */
export interface ReferenceCase {
  readonly id: string;
  readonly architecture: keyof typeof versions;
  readonly width: number;
  readonly input: Shape;
  readonly num_classes?: number;
  readonly file: string;
  readonly results: readonly { readonly name: string; readonly shape: readonly number[]; readonly offset: number }[];
}

/** Tests that compare with the reference are skipped under this title where it is absent. */
export const hasReference = existsSync(referenceFolder);

if (!hasReference)
  console.warn(`Skipped: comparisons with the reference results, which are not at ${referenceFolder}.`);
