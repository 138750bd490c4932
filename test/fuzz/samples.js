import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root, workFolder } from './folders.js';

/** Compiles the checkpoints that the tests write, for Node runs no TypeScript. */
export async function buildSamples() {
  mkdirSync(workFolder, { recursive: true });
  await build({
    entryPoints: [join(root, 'testing/checkpoints/samples.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(workFolder, 'samples.mjs'),
  });
}

export const readSamples = () => import(pathToFileURL(join(workFolder, 'samples.mjs')).href);
