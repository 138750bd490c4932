// Other programs, and what they print.
import { spawn } from 'node:child_process';

/**
 * @param {string} command
 * @param {string[]} commandArguments
 * @param {import('node:child_process').SpawnOptions & { timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number | null, signal: string | null, output: string, stdout: string }>} `output`: with
 *   stderr
 */
export function runProgram(command, commandArguments, { timeoutMs = 1_800_000, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...options,
    });
    let output = '';
    let stdout = '';
    child.stdout.on('data', (text) => {
      output += text;
      stdout += text;
    });
    child.stderr.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output, stdout }));
  });
}

/** The same for programs that must succeed: returns what they write to stdout. */
export async function runToEnd(command, commandArguments, options) {
  const { code, signal, output, stdout } = await runProgram(command, commandArguments, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${commandArguments.join(' ')} ended with ${signal ?? code}:\n${output.slice(-4000)}`);
}
