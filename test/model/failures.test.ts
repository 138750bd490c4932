import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { saveLampSegmenter } from '../../testing/lamps.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { runProgram } from '../../testing/programs.js';

/** The library that refuses what the addon asks for, or why there is none. */
function preload(): { refusing: string } | { missing: string } {
  const libc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime;
  if (process.platform !== 'linux' || !libc) return { missing: 'needs Linux with glibc' };
  const library = join(temporaryFolder(), 'failures.so');
  try {
    const source = fileURLToPath(new URL('../../testing/programs/failures.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-fexceptions', '-Wall', '-o', library, source, '-ldl'], {
      stdio: 'pipe',
    });
    return { refusing: library };
  } catch (error) {
    return { missing: `the C compiler failed: ${(error as Error).message}` };
  }
}

const segmenter = join(temporaryFolder(), 'lamps');
saveLampSegmenter(segmenter);
const made = preload();
const refusing = 'refusing' in made ? made.refusing : '';
if ('missing' in made) console.warn(`Skipped: lack of memory and of threads (${made.missing}).`);

interface Counts {
  failed: number;
  answered: number;
  refused: number;
  wrong: string[];
}

describe.skipIf('missing' in made)('a system that gives', () => {
  it.each([
    ['no memory', 'memory', 300],
    ['no more threads', 'threads', 2],
  ])(
    '%s: every call answers or throws, and the next one works',
    async (_, part, atLeast) => {
      const args = [part, segmenter];
      const { stdout, stderr, code } = await runProgram('failures.mjs', args, { LD_PRELOAD: refusing });
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
      const counts = JSON.parse(stdout) as Counts;
      expect(counts.wrong).toEqual([]);
      expect(counts.failed).toBeGreaterThan(atLeast);
      expect(counts.refused).toBeGreaterThan(0);
      expect(counts.answered).toBeGreaterThan(0);
    },
    300_000,
  );
});
