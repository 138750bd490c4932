import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../testing/programs.js';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));
/** Another folder of the same make can be tried: HOSTILE_FILES=path. */
const folder = process.env['HOSTILE_FILES'] ?? join(shared, 'cases/hostile');
/** Whatever would be fetched ends the program. */
const noSockets = new URL('../../testing/programs/no-sockets.mjs', import.meta.url).href;
const weights = join(shared, 'reference/checkpoints/model.safetensors');

interface Case {
  readonly kind: 'load' | 'config' | 'picture' | 'again' | 'labels';
  readonly code?: string;
}

interface Outcome {
  readonly answers: number;
  readonly codes: readonly string[];
  readonly slowestMs: number;
  readonly slowestCpuMs: number;
  readonly good: number;
  readonly stray: readonly string[];
  readonly written: readonly string[];
  readonly peakBytes: number;
}

const answers = { load: 1, config: 1, picture: 1, again: 40, labels: 3 };
/** Of the call alone, and of the processor: on a busy machine it may take longer. */
const maxCpuMs = 2000;
const maxMs = 30_000;
const maxBytes = 2 ** 30;

const missing = [folder, weights].find((path) => !existsSync(path));
if (missing !== undefined) console.warn(`Skipped: hostile files: ${missing} is not there`);

describe.skipIf(missing !== undefined)(
  'a hostile file is answered once, soon and in little memory, and the process goes on',
  () => {
    const cases =
      missing === undefined
        ? Object.entries(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Record<string, Case>)
        : [];

    it.each(cases)('%s', async (name, { kind, code = 'none' }) => {
      const { stdout, stderr } = await runProgram('hostile-file.mjs', [folder, name, weights], {
        NODE_OPTIONS: `--import ${noSockets}`,
      });
      const { slowestMs, slowestCpuMs, peakBytes, codes, ...outcome } = JSON.parse(stdout) as Outcome;
      expect([...new Set(codes)]).toEqual([code]);
      expect(outcome).toEqual({ answers: answers[kind], good: 1, stray: [], written: [] });
      expect(stderr).toBe('');
      expect(slowestCpuMs).toBeLessThan(maxCpuMs);
      expect(slowestMs).toBeLessThan(maxMs);
      expect(peakBytes).toBeLessThan(maxBytes);
    });
  },
);
