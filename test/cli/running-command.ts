import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { builtCommand } from '../../testing/programs.js';

export interface Running {
  readonly child: ChildProcess;
  /** The next line of standard output. */
  readonly line: () => Promise<string>;
  readonly ended: Promise<{ stdout: string[]; stderr: string[]; code: number | null }>;
}

/** Starts `ghostnet` with these arguments; standard input is a pipe, or the file of that name. */
export function startCommand(args: readonly string[], file?: string): Running {
  const input = file === undefined ? 'pipe' : openSync(file, 'r');
  const child = spawn(process.execPath, [builtCommand, ...args], {
    stdio: [input, 'pipe', 'pipe'],
    timeout: 100_000,
  });
  if (input !== 'pipe') closeSync(input);
  // The command may end before it has read everything.
  child.stdin?.on('error', () => undefined);
  const stdout: string[] = [];
  const reader = createInterface(child.stdout!).on('line', (line) => stdout.push(line));
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const line = async (): Promise<string> => {
    const before = stdout.length;
    await Promise.race([once(reader, 'line'), once(child, 'close')]);
    if (stdout.length === before) throw new Error(`no line came: ${errors}`);
    return stdout[before]!;
  };
  const ended = once(child, 'close').then(([code]) => ({
    stdout,
    stderr: errors.split('\n').filter(Boolean),
    code: code as number | null,
  }));
  return { child, line, ended };
}
