// The process of a parser's fuzzer, watched: it may hang, or end before its time.
import { fork } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, workFolder } from './folders.js';

const explore = fileURLToPath(new URL('explore.js', import.meta.url));

/** Twice what one execution may take, and some more for a machine with other things to do. */
const silenceMs = 20_000;

/** Where a find is put, and how it is repeated. */
export function placeOf(name) {
  const folder = join(workFolder, 'finds', name);
  mkdirSync(folder, { recursive: true });
  return { folder, repeat: (file) => `npm run fuzz -- ${name} --repeat ${relative(root, file)}` };
}

/**
 * @param {string} name
 * @param {string[]} how what explore.js is told
 * @returns {Promise<{ last: object, wrong?: string, input?: Buffer }>} `input`: absent if the process did not live to
 *   tell
 */
function watch(name, current, how) {
  return new Promise((resolve, reject) => {
    let last = {};
    let wrong;
    let silence;
    let output = '';
    const child = fork(explore, [name, current, ...how], { execArgv: ['--max-old-space-size=768'], silent: true });
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        wrong = `it hangs: nothing was heard for ${silenceMs / 1000} s`;
        child.kill('SIGKILL');
      }, silenceMs);
    };
    listen();
    child.on('message', (message) => {
      last = message;
      listen();
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(silence);
      if (!wrong && !last.ended && !last.wrong)
        wrong = `the process ended with ${signal ?? code}: ${output.slice(-2000)}`;
      resolve({ last, wrong: wrong ?? last.wrong, input: last.input && Buffer.from(last.input, 'base64') });
    });
  });
}

async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-fuzz-'));
  try {
    return await work(join(folder, 'current'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function runParser(name, seconds) {
  return withFolder(async (current) => {
    const { last, wrong, input } = await watch(name, current, [String(seconds)]);
    if (!wrong) return { text: `${last.executions} executions, ${last.blocks} blocks of code, ${last.inputs} inputs` };
    const { folder, repeat } = placeOf(name);
    const file = join(folder, `${Date.now()}`);
    if (input) writeFileSync(file, input);
    else if (existsSync(`${current}.input`)) copyFileSync(`${current}.input`, file);
    throw new Error(`${wrong}\nAgain: ${repeat(file)}`);
  });
}

export function repeatParser(name, file) {
  return withFolder(async (current) => {
    const { wrong } = await watch(name, current, ['--repeat', resolve(file)]);
    if (wrong) throw new Error(wrong);
    return { text: 'nothing is wrong' };
  });
}
