// What must work, and end, on every Node.
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string[]} args of Node
 * @property {Uint8Array} [input] for standard input
 * @property {boolean} [isTerminated] whether SIGTERM is sent when it has written something
 * @property {number | string} [end] the status or the signal that ends it; 0 unless given
 * @property {RegExp} stdout
 * @property {RegExp} [stderr] nothing unless given
 */

const pathOf = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const program = (name, ...args) => [pathOf(`testing/programs/${name}`), ...args];
const command = (...args) => [pathOf('dist/cli/main.js'), ...args];
const sample = pathOf('examples/sample.png');

/** How testing/programs/ending.mjs can end, and what comes of it. */
const ends = {
  exit: { end: 7, stdout: /^$/ },
  throw: { end: 1, stdout: /^$/, stderr: /Error: in the middle\n[^]*Node\.js v[\d.]+\n$/ },
  reject: { end: 1, stdout: /^$/, stderr: /Error: in the middle\n[^]*Node\.js v[\d.]+\n$/ },
  signal: { end: 'SIGTERM', isTerminated: true, stdout: /^computing\n$/ },
};
const works = ['load', 'infer', 'preprocess', 'classify', 'decode', 'dispose'];

/**
 * For programs that call process.exit(). On Node 24 and 26 that waits for V8's compiling threads, which may wait for a
 * garbage collection that no longer comes (nodejs/node#54918): of 80 such programs 1 or 2 hung, in V8 alone, and of 500
 * with this none.
 */
const compileHere = '--single-threaded';

/** A program that ends in the middle of `work`, `afterMs` after it began. */
export const endingCase = (how, work, afterMs) => ({
  name: `ends by ${how} during ${work} after ${afterMs} ms`,
  args: [compileHere, ...program('ending.mjs', how, work, String(afterMs))],
  ...ends[how],
});

/** @returns {Case} */
export const terminatedWorkersCase = (rounds, atOnce) => ({
  name: `${rounds} rounds of ${atOnce} workers that are terminated`,
  args: program('terminated-workers.mjs', String(rounds), String(atOnce)),
  stdout: new RegExp(`^\\{"terminated":${rounds * atOnce},"finite":true\\}$`),
});

/** One of the many ways to end in the middle of something. @returns {Case} */
export function randomEndingCase() {
  const oneOf = (all) => all[Math.floor(Math.random() * all.length)];
  return endingCase(oneOf(Object.keys(ends)), oneOf(works), Number((60 * Math.random()).toFixed(2)));
}

const everything = /^\{"best":\{"index":\d+,"label":"orange",[^]*"refused":"ERR_GHOST_SHAPE"\}$/;

/**
 * @param {string} version of the Node that runs them, as `24.1.0`
 * @returns {Promise<Case[]>}
 */
export async function smokeCases(version) {
  const frame = await sharp(sample).jpeg().toBuffer();
  const isWindows = process.platform === 'win32';
  return [
    { name: 'import', args: program('everything.mjs', 'import'), stdout: everything },
    { name: 'require', args: program('everything.mjs', 'require'), stdout: everything },
    { name: 'no dispose', args: program('undisposed.mjs'), stdout: /^$/ },
    { name: 'nothing awaited', args: program('unawaited.mjs'), stdout: /^inferred loaded preprocessed$/ },
    {
      name: 'models that are collected',
      args: ['--expose-gc', ...program('forgotten.mjs')],
      stdout: /^\{"finalized":12\}$/,
    },
    {
      name: 'loaded several times, in several contexts',
      args: program('contexts.cjs'),
      stdout: /^\{"loaded":5,"different":1\}$/,
    },
    { name: '8 workers that end', args: program('workers.mjs', '8'), stdout: /^(?=.{9999})\[\[.*\]\]$/ },
    terminatedWorkersCase(6, 1),
    terminatedWorkersCase(2, 4),
    terminatedWorkersCase(1, 8),
    {
      name: 'forked children',
      args: [compileHere, ...program('forked.mjs')],
      stdout: /^\{"ended":\["disposed: 0","undisposed: 0","exits: 3","killed: SIGTERM"\],"isSame":true,/,
    },
    { name: 'ghostnet --version', args: command('--version'), stdout: /^\d+\.\d+\.\d+\n$/ },
    {
      name: 'ghostnet info',
      args: command('info'),
      stdout: new RegExp(`\\bNode v${version.replaceAll('.', '\\.')}\\b`),
    },
    { name: 'ghostnet classify FILE', args: command('classify', sample), stdout: /^ +orange +\d+\.\d %$/m },
    { name: 'ghostnet classify - of a picture', args: command('classify', '-'), input: frame, stdout: /orange/ },
    {
      name: 'ghostnet classify - of frames',
      args: command('classify', '-', '--no-latest', '--json'),
      input: Buffer.concat([frame, frame, frame]),
      stdout: /^(?:\{.*"frame":\d.*"label":"orange".*\}\n){3}$/,
    },
    {
      name: 'ghostnet classify - until it is terminated',
      args: command('classify', '-'),
      input: Buffer.concat([frame, frame, frame]),
      isTerminated: true,
      // Windows knows no signals: it ends at once.
      end: isWindows ? 'SIGTERM' : 143,
      stdout: /orange/,
    },
    ...Object.keys(ends).flatMap((how) => works.map((work) => endingCase(how, work, 2))),
  ];
}
