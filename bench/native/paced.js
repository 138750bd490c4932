// One engine, or several builds of it in turn, called now and then and on machines that have other work: for Linux.
//   node bench/native/paced.js [--engines FILE,FILE] [--threads 1,2] [--every 0,5,20,33,50,200] [--rounds 3] [--runs N]
//                              [--neighbours N] [--quota CORES] [--cores LIST]
// Method: README.md beside this file.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { parseArgs, promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

const run = promisify(execFile);
const text = /** @type {const} */ ({ type: 'string' });
const { values } = parseArgs({
  options: {
    engines: text,
    threads: text,
    every: text,
    rounds: text,
    runs: text,
    neighbours: text,
    quota: text,
    cores: text,
  },
});
const numbers = (/** @type {string} */ list) => list.split(',').map(Number);
const engines = values.engines?.split(',') ?? [fileURLToPath(new URL('../../build/ghostnet_bench', import.meta.url))];
const rounds = Number(values.rounds ?? 3);

/**
 * A group of processes that get so many cores of time together; needs root.
 * @param {number} cores
 */
function quotaGroup(cores) {
  const periodUs = 100_000;
  const second = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const folder = `/sys/fs/cgroup/${second ? '' : 'cpu/'}ghostnet-bench-${process.pid}`;
  mkdirSync(folder);
  process.on('exit', () => rmdirSync(folder));
  if (second) writeFileSync(`${folder}/cpu.max`, `${cores * periodUs} ${periodUs}`);
  else writeFileSync(`${folder}/cpu.cfs_quota_us`, String(cores * periodUs));
  return folder;
}
const group = values.quota === undefined ? undefined : quotaGroup(Number(values.quota));

/**
 * @param {string} engine
 * @param {number} threads
 * @param {number} everyMs
 * @returns {Promise<{ median: number, mean: number }>} ms
 */
async function measure(engine, threads, everyMs) {
  const runs = values.runs ?? String(Math.max(20, Math.min(150, Math.round(1000 / Math.max(everyMs, 6)))));
  const command = [
    engine,
    '--threads',
    String(threads),
    '--runs',
    runs,
    ...(everyMs > 0 ? ['--every', String(everyMs)] : []),
  ];
  if (values.cores !== undefined) command.unshift('taskset', '-c', values.cores);
  const join = group === undefined ? '' : `echo $$ > ${group}/cgroup.procs; `;
  const { stdout } = await run('/bin/sh', ['-c', `${join}exec "$@"`, 'sh', ...command]);
  const [, median, mean] = /median ([\d.]+).*mean ([\d.]+)/.exec(stdout) ?? [];
  return { median: Number(median), mean: Number(mean) };
}

/** @param {number[]} sample */
function middle(sample) {
  return [...sample].sort((a, b) => a - b)[Math.floor(sample.length / 2)] ?? NaN;
}

const neighbours = Array.from({ length: Number(values.neighbours ?? 0) }, () =>
  spawn(process.execPath, ['-e', 'for (;;);']),
);
try {
  console.log(
    '| a call every ms | threads | ' +
      engines.map((_, i) => `engine ${i + 1}: median ms (lowest … highest of rounds), mean`).join(' | ') +
      ' |',
  );
  console.log('|--:|--:|' + engines.map(() => '---').join('|') + '|');
  for (const everyMs of numbers(values.every ?? '0,5,20,33,50,200')) {
    const cells = numbers(values.threads ?? '1,2').flatMap((threads) =>
      engines.map((engine) => ({ threads, engine, found: /** @type {{ median: number, mean: number }[]} */ ([]) })),
    );
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < cells.length; turn++) {
        const cell = cells[(round + turn) % cells.length];
        cell?.found.push(await measure(cell.engine, cell.threads, everyMs));
      }
    }
    for (const threads of new Set(cells.map((cell) => cell.threads))) {
      const row = cells
        .filter((cell) => cell.threads === threads)
        .map(({ found }) => {
          const medians = found.map(({ median }) => median);
          return `${middle(medians).toFixed(2)} (${Math.min(...medians).toFixed(2)} … ${Math.max(...medians).toFixed(2)}), ${middle(found.map(({ mean }) => mean)).toFixed(2)}`;
        });
      console.log(`| ${everyMs} | ${threads} | ${row.join(' | ')} |`);
    }
  }
} finally {
  for (const neighbour of neighbours) neighbour.kill();
}
