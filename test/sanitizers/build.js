// The C++ code with sanitizers compiled in, each kind in a folder of its own.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../arm/processes.js';
import { Absent } from '../arm/results.js';

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
const folderOf = (/** @type {string} */ kind) =>
  fileURLToPath(new URL(`../../build/sanitized/${kind}`, import.meta.url));
/** @typedef {'address' | 'thread' | 'fuzz'} Kind */
export const folders = { address: folderOf('address'), thread: folderOf('thread'), fuzz: folderOf('fuzz') };

const exists = (/** @type {string} */ command) => {
  try {
    return execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    )[0];
  } catch {
    return undefined;
  }
};

const gcc = exists('g++') ? 'g++' : 'c++';
/**
 * Only Clang has libFuzzer. Its other sanitizers take five times as long to compile, and that of threads cannot replace
 * `operator new`.
 */
const clang = ['clang++-19', 'clang++'].find(exists);

/**
 * @param {Kind} kind
 * @param {string[]} targets of CMakeLists.txt
 * @returns {Promise<{ text: string }>} by what
 */
export async function buildSanitized(kind, targets) {
  if (process.platform !== 'linux') throw new Absent('sanitizers are run on Linux alone');
  if (!exists('cmake')) throw new Absent('needs cmake: apt-get install cmake g++');
  if (kind === 'fuzz' && !clang) throw new Absent('needs Clang: apt-get install clang-19 libclang-rt-19-dev');
  const compiler = kind === 'fuzz' ? clang : gcc;
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)('node-api-headers');
  const options = [
    `-DCMAKE_CXX_COMPILER=${compiler}`,
    `-DGHOSTNET_SANITIZE=${kind === 'thread' ? 'thread' : 'address'}`,
    `-DGHOSTNET_FUZZ=${kind === 'fuzz' ? 'ON' : 'OFF'}`,
    '-DGHOSTNET_TESTS=ON',
    '-DGHOSTNET_BENCH=OFF',
    // What cmake-js would say.
    '-DCMAKE_JS_VERSION=8',
    `-DCMAKE_JS_INC=${nodeHeaders}`,
  ];
  await runToEnd('cmake', ['-S', root, '-B', folders[kind], ...options], { cwd: root });
  await runToEnd(
    'cmake',
    ['--build', folders[kind], '--parallel', String(availableParallelism()), '--target', ...targets],
    { cwd: root },
  );
  return { text: exists(compiler) ?? compiler };
}

/** The runtime that a program must have loaded before anything of the address sanitizer's build. */
export const addressRuntime = () => execFileSync(gcc, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
