import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The library as users get it, for processes and workers of their own: Node runs no TypeScript. */
export const builtLibrary = new URL('../dist/index.js', import.meta.url);

/** Its command line. */
export const builtCommand = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

const run = promisify(execFile);

/** Runs Node with `args` and waits for its end. Fails if a signal ended it (a crash) or if it does not end by itself. */
export async function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  if (!existsSync(builtLibrary)) throw new Error('dist/ is missing. Build the library first: npm run build:lib');
  try {
    const { stdout, stderr } = await run(process.execPath, args, { env: { ...process.env, ...env }, timeout: 120_000 });
    return { stdout, stderr, code: 0 };
  } catch (error) {
    const { stdout, stderr, code, signal } = error as { stdout: string; stderr: string; code?: unknown; signal?: string };
    if (typeof code === 'number') return { stdout, stderr, code };
    throw new Error(`node ${args.join(' ')} ended with ${signal ?? String(code)}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Runs a program of test/programs/, which must succeed. */
export async function runProgram(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const program = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  const ended = await runNode(['--expose-gc', program, ...args], env);
  if (ended.code !== 0) throw new Error(`${name} ended with code ${ended.code}:\n${ended.stdout}${ended.stderr}`);
  return ended;
}
