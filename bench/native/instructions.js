// Counts the instructions of one inference with valgrind's callgrind and compares them with the recorded figure: a
// check of speed that needs no quiet machine.
//   node bench/native/instructions.js [--isa avx2] [--record]
// Exit code 1 if there are too many, or something does not work. The first line begins with "Skipped" where nothing can
// be counted or compared.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { collected, table, topFunctions, verdict } from './figures.js';

const run = promisify(execFile);
const pathOf = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));
const recordFile = pathOf('instructions.json');

/** @typedef {{ slackPercent: number, figures: Record<string, number> }} Record `figures` by what they depend on */

/** @returns {Record} */
function readRecord() {
  return JSON.parse(readFileSync(recordFile, 'utf8'));
}

/** @param {{ isa: string, record: boolean }} options */
async function main({ isa, record }) {
  const program = ['ghostnet_bench', 'Release/ghostnet_bench']
    .map((name) => pathOf(`../../build/${name}`))
    .find((path) => existsSync(path));
  if (!program) throw new Error('build/ghostnet_bench is missing. Build it: npm run build:test');
  const inference = [program, '--counted', '--isa', isa];
  const isInstalled = await run('valgrind', ['--version']).then(
    () => true,
    () => false,
  );
  if (!isInstalled) return skip(record, 'valgrind is not installed (Debian, Ubuntu: apt-get install valgrind)');
  // Uncounted first: it says in a moment what a count would take long to find out.
  const ended = await run(program, inference.slice(1)).catch((error) => error);
  if (ended.code) return skip(record, String(ended.stderr).trim());
  const key = ended.stdout.trim();
  const { slackPercent, figures } = readRecord();
  if (!record && figures[key] === undefined) {
    return skip(
      record,
      `no figure is recorded for this compiler and machine (${key}), only for: ${Object.keys(figures).join('; ')}`,
    );
  }
  const { instructions, functions } = await count(inference);
  console.log(`${key}, GhostNetV2 1.0x, 224x224, one thread`);
  console.log(table(functions, instructions));
  if (record) {
    const sorted = Object.entries({ ...figures, [key]: instructions }).sort(([a], [b]) => (a < b ? -1 : 1));
    writeFileSync(recordFile, `${JSON.stringify({ slackPercent, figures: Object.fromEntries(sorted) }, null, 2)}\n`);
    console.log(`${instructions.toLocaleString('en-US')} instructions, recorded.`);
    return;
  }
  const { passed, text } = verdict(instructions, figures[key], slackPercent);
  console.log(text);
  if (!passed) process.exitCode = 1;
}

/**
 * @param {boolean} record
 * @param {string} reason
 */
function skip(record, reason) {
  if (record) throw new Error(`Nothing can be recorded: ${reason}.`);
  console.log(`Skipped: ${reason}.`);
}

/** @param {string[]} inference the program and its arguments */
async function count(inference) {
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-instructions-'));
  try {
    const file = join(folder, 'callgrind.out');
    const options = [
      '--tool=callgrind',
      `--callgrind-out-file=${file}`,
      '--collect-atstart=no',
      '--toggle-collect=counted_inference',
    ];
    const { stderr } = await run('valgrind', [...options, ...inference]);
    const { stdout } = await run('callgrind_annotate', ['--auto=no', '--threshold=100', file]);
    return { instructions: collected(stderr), functions: topFunctions(stdout, 15) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  const { values } = parseArgs({
    options: { isa: { type: 'string', default: 'avx2' }, record: { type: 'boolean', default: false } },
  });
  await main(values);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
