import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** CMake puts programs into build/ or, with Visual Studio, into a folder of its own for each configuration. */
const program = ['ghostnet_test', 'Release/ghostnet_test.exe', 'Release/ghostnet_test']
  .map((name) => fileURLToPath(new URL(`../../build/${name}`, import.meta.url)))
  .find((path) => existsSync(path));

if (!program) console.warn('Skipped: the C++ tests, which are not built. Build them with: npm run build:test');

describe.skipIf(!program)('C++ tests', () => {
  it.each(['operators', 'kernels', 'plan', 'graphs', 'networks', 'run', 'preprocess', 'segmentation'])(
    '%s',
    async (part) => {
      const run = promisify(execFile)(program!, [part]);
      const { stdout } = await run.catch((error: unknown) => {
        const { stdout, stderr, code, signal } = error as {
          stdout: string;
          stderr: string;
          code?: number;
          signal?: string;
        };
        throw new Error(`ghostnet_test ${part} ended with ${signal ?? `code ${code}`}:\n${stdout}${stderr}`);
      });
      const [, checks, failed] = /^(\d+) checks, (\d+) failed$/m.exec(stdout) ?? [];
      expect(Number(checks), stdout).toBeGreaterThan(100);
      expect(failed, stdout).toBe('0');
    },
    600_000,
  );
});
