// A process that has to end by itself.
import { spawn } from 'node:child_process';

/** Enough for the slowest of the programs on a busy machine; what takes longer hangs. */
export const limitMs = 10_000;

/**
 * @typedef {object} Ended
 * @property {number | string | undefined} end its status or the signal that ended it; undefined: it did not end
 * @property {string} stdout
 * @property {string} stderr
 * @property {number} tookMs
 */

/**
 * Runs a program to its end, which includes that of every process that it has started. What has not ended in time is
 * killed.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {Uint8Array} [options.input] for its standard input
 * @param {boolean} [options.isTerminated] whether SIGTERM is sent when it has written something; its input stays open
 *   until then
 * @returns {Promise<Ended>}
 */
export function runToItsEnd(program, args, { cwd, input, isTerminated = false } = {}) {
  const startMs = performance.now();
  // On POSIX it leads a group of processes, which can be killed together.
  const isGroup = process.platform !== 'win32';
  const child = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'], detached: isGroup });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    if (isTerminated && stdout === '') child.kill('SIGTERM');
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  if (input) child.stdin.write(input);
  if (!isTerminated) child.stdin.end();

  return new Promise((resolve, reject) => {
    const finish = (end) => {
      clearTimeout(timer);
      resolve({ end, stdout, stderr, tookMs: performance.now() - startMs });
    };
    const timer = setTimeout(() => {
      if (isGroup) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
      finish(undefined);
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code, signal) => finish(signal ?? code));
  });
}
