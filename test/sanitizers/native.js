// The C++ tests under sanitizers.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../arm/processes.js';
import { forEachAtOnce } from '../arm/results.js';
import { folders } from './build.js';

/**
 * @param {import('../arm/results.js').Results} results
 * @param {import('./build.js').Kind} kind
 * @param {string[]} parts of ghostnet_test
 */
export function testNative(results, kind, parts) {
  const program = join(folders[kind], 'ghostnet_test');
  return forEachAtOnce(availableParallelism(), parts, (part) =>
    results.run(`${kind}: C++ tests of ${part}`, async () => {
      const { code, signal, output } = await runUnrandomised(program, ['--reduced', part]);
      const [, checks, failed] = /^(\d+) checks, (\d+) failed$/m.exec(output) ?? [];
      if (code !== 0 || failed !== '0')
        throw new Error(`ghostnet_test ${part} ended with ${signal ?? code}:\n${output.slice(-8000)}`);
      return { text: `${checks} checks` };
    }),
  );
}

/** GCC's thread sanitizer cannot place its shadow where the kernel scatters addresses widely. */
async function runUnrandomised(program, programArguments) {
  const ended = await runProgram(program, programArguments);
  if (!ended.output.includes('unexpected memory mapping')) return ended;
  return runProgram('setarch', ['-R', program, ...programArguments]);
}
