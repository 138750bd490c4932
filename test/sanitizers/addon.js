// The addon under the address sanitizer: a copy of the package, whose binary is the sanitized one, and tests of it in
// Node. An exception that leaves a callback of the binding ends the process, which Node by default only warns of.
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from '../arm/processes.js';
import { addressRuntime, folders, root } from './build.js';

const staged = join(dirname(folders.address), 'addon', 'package');

/** All that crosses the border between JavaScript and C++. */
const tests = [
  'model/lifetime',
  'model/concurrency',
  'model/abort',
  'model/bad-input',
  'engine/packing',
  'pixels/preprocess-reference',
  'tasks/classify',
  'tasks/outputs',
];

function stage() {
  rmSync(dirname(staged), { recursive: true, force: true });
  mkdirSync(join(staged, 'build/Release'), { recursive: true });
  for (const part of [
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
    'lib',
    'dist',
    'test',
    'testing',
    'examples',
    'weights',
  ]) {
    // Nothing that is installed or trained.
    cpSync(join(root, part), join(staged, part), {
      recursive: true,
      filter: (path) => !/node_modules|__pycache__|weights\/train/.test(path.slice(root.length)),
    });
  }
  cpSync(join(folders.address, 'ghostnet.node'), join(staged, 'build/Release/ghostnet.node'));
  symlinkSync(join(root, 'node_modules'), join(staged, 'node_modules'));
  // Reference results lie beside the repository.
  if (existsSync(join(root, '../shared'))) symlinkSync(join(root, '../shared'), join(dirname(staged), 'shared'));
}

export async function testAddon() {
  stage();
  const env = {
    ...process.env,
    LD_PRELOAD: addressRuntime(),
    // Node itself never gives back what lives until the end. Freed memory that is kept apart must not look like growth.
    ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=16',
    UBSAN_OPTIONS: 'print_stacktrace=1',
    NODE_OPTIONS: '--force-node-api-uncaught-exceptions-policy=true',
    NO_COLOR: '1',
  };
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const files = tests.map((name) => `test/${name}.test.ts`);
  const { code, signal, output } = await runProgram(
    process.execPath,
    [vitest, 'run', '--maxWorkers=2', '--testTimeout=300000', ...files],
    { cwd: staged, env },
  );
  const [, passed] = /^ *Tests +(?:\d+ failed \| )?(\d+) passed/m.exec(output) ?? [];
  if (code !== 0 || !passed) throw new Error(`the tests ended with ${signal ?? code}:\n${output.slice(-12_000)}`);
  return { text: `${passed} tests in Node ${process.version}` };
}
