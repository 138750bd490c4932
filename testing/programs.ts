import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The library as users get it, for processes and workers of their own: Node runs no TypeScript. */
export const builtLibrary = new URL('../dist/index.js', import.meta.url);

/** Its command line. */
export const builtCommand = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * Runs Node with `args` and waits for its end. Fails if a signal ended it (a crash) or if it does not end by itself.
 */
export function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  if (!existsSync(builtLibrary)) throw new Error('dist/ is missing. Build the library first: npm run build:lib');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env: { ...process.env, ...env }, timeout: 120_000 }, (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number') resolve({ stdout, stderr, code });
      else reject(new Error(`node ${args.join(' ')} ended with ${error?.signal ?? code}:\n${stdout}${stderr}`));
    });
  });
}

/** Runs a program of test/programs/, which must succeed. */
export async function runProgram(
  name: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const program = fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
  const ended = await runNode(['--expose-gc', program, ...args], env);
  if (ended.code !== 0) throw new Error(`${name} ended with code ${ended.code}:\n${ended.stdout}${ended.stderr}`);
  return ended;
}
