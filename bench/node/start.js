// From the start of a process to its first logits: every format of file, other engines, and other builds of ghostnet.
//   node start.js [--rounds 40] [--threads 2] [--model ghostnetv2_100] [--files FOLDER] [--builds FOLDER,FOLDER]
//                 [--formats LIST] [--contenders LIST]
// Method: README.md beside this file.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { inTurn } from './measure.js';
import { median, ratioPerRound } from './statistics.js';

const run = promisify(execFile);
const text = /** @type {const} */ ({ type: 'string' });
const { values } = parseArgs({
  options: { rounds: text, threads: text, model: text, files: text, builds: text, formats: text, contenders: text },
});
const threads = Number(values.threads ?? 2);
const rounds = Number(values.rounds ?? 40);

/** The file in the folder of each format. */
const formats = {
  '.safetensors': 'model.safetensors',
  '.pth': 'model.pth',
  'legacy .pth': 'legacy.pth',
  MindSpore: 'model.ckpt',
};

/** @typedef {{ startMs: number, importMs: number, loadMs: number, cpuMs: number, peakBytes: number }} Figures */

/** @param {string} file beside this one */
const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));

/** @param {object} task of start-process.js */
async function start(task) {
  const { stdout } = await run(process.execPath, [pathOf('start-process.js'), JSON.stringify({ ...task, threads })]);
  return /** @type {Figures} */ (JSON.parse(stdout));
}

/** Temporary, unless `--files` names one. */
async function filesFolder() {
  if (values.files !== undefined) return values.files;
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-start-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const script = ['--import', import.meta.resolve('tsx'), pathOf('start-files.ts')];
  await run(process.execPath, [...script, folder, values.model ?? 'ghostnetv2_100']);
  return folder;
}

/** @param {string} folder */
function tasksIn(folder) {
  const builds = (values.builds ?? pathOf('../..')).split(',');
  const wanted = values.formats?.split(',') ?? Object.keys(formats);
  const own = builds.flatMap((build, i) =>
    Object.entries(formats)
      .filter(([format, file]) => wanted.includes(format) && existsSync(join(folder, file)))
      .map(([format, file]) => ({
        name: builds.length > 1 ? `${format}, build ${i + 1}` : format,
        library: pathToFileURL(resolve(build, 'dist/index.js')).href,
        file: join(folder, file),
      })),
  );
  const contenders = (values.contenders ?? 'onnxruntime-node').split(',').filter((name) => name !== '');
  const others = contenders.map((contender) => ({ name: contender, contender, file: join(folder, 'model.onnx') }));
  return [...own, ...others];
}

/** @param {number[]} list */
const shown = (list) => `${median(list).toFixed(0)} (${Math.min(...list).toFixed(0)})`;

const tasks = tasksIn(await filesFolder());
const [bare = [], ...found] = await inTurn([{ name: 'Node alone' }, ...tasks], rounds, start);
const of = (/** @type {Figures[]} */ list, /** @type {keyof Figures} */ key) => list.map((figures) => figures[key]);
const mebibytes = (/** @type {Figures[]} */ list) => median(of(list, 'peakBytes')) / 2 ** 20;

console.log(`Medians of ${rounds} rounds (lowest); ratio to ${tasks[0]?.name}: median of rounds' ratios.\n`);
console.log('| | start ms | ratio | import ms | load ms | CPU ms | peak MiB above Node |');
console.log('|---|--:|--:|--:|--:|--:|--:|');
console.log(
  `| Node alone | ${shown(of(bare, 'startMs'))} | | | | ${shown(of(bare, 'cpuMs'))} | ${mebibytes(bare).toFixed(0)} in all |`,
);
for (const [i, list] of found.entries()) {
  const ratio = ratioPerRound(of(list, 'startMs'), of(found[0] ?? [], 'startMs')).median.toFixed(2);
  const times = [of(list, 'importMs'), of(list, 'loadMs'), of(list, 'cpuMs')].map(shown).join(' | ');
  const memory = (mebibytes(list) - mebibytes(bare)).toFixed(0);
  console.log(`| ${tasks[i]?.name} | ${shown(of(list, 'startMs'))} | ${ratio} | ${times} | ${memory} |`);
}
