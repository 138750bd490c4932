import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { arch } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** Those of other machines need the headers of their compilers. */
const foreign = arch() === 'x64' ? /^neon/ : arch() === 'arm64' ? /^avx/ : /^(?:avx|neon)/;
const files = readdirSync(new URL('../../../native/kernels/', import.meta.url), { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.inc') && !foreign.test(file))
  .sort();

async function findCompiler(): Promise<string | undefined> {
  for (const name of [process.env.CXX, 'c++', 'g++', 'clang++', 'clang++-19']) {
    if (name && (await run(name, ['--version']).catch(() => undefined))) return name;
  }
  return undefined;
}
const compiler = await findCompiler();
if (!compiler) console.warn('Skipped: whether the parts of the kernels open alone. Needs a C++ compiler.');

describe('the parts of the kernels', () => {
  it.skipIf(!compiler)(
    'are whole to an editor that opens one alone',
    async () => {
      expect(files.length).toBeGreaterThan(10);
      const flags = ['-std=c++17', '-fsyntax-only', '-w', '-I', 'native', '-x', 'c++'];
      const faults = await run(compiler!, [...flags, ...files.map((file) => `native/kernels/${file}`)], {
        cwd: root,
      }).then(
        () => '',
        (error: unknown) => String((error as { stderr?: string }).stderr ?? error),
      );
      expect(faults).toBe('');
    },
    300_000,
  );
});
