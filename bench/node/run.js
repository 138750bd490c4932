// Compares ghostnet with other engines for Node.js. What and how: README.md; options: node run.js --help
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latencyChart } from './chart.js';
import { contendersOf } from './contenders/index.js';
import { describeMachine } from './machine.js';
import { measureCase } from './measure.js';
import { parseOptions, usage } from './options.js';
import { report } from './report.js';

/** @typedef {import('./options.js').Options} Options */

/**
 * @param {Options} options
 * @param {string} folder for the networks' files
 * @returns {Promise<import('./report.js').Results>}
 */
async function measure(
  { cases, contenders: engines, isas, everyMs, rounds, samples, simplified, latencyOnly },
  folder,
) {
  const contenders = contendersOf(engines, isas);
  const machine = describeMachine();
  const date = new Date().toISOString();
  const command = ['node bench/node/run.js', ...process.argv.slice(2)].join(' ');
  const firstShape = String(cases[0].shape);
  const results = [];
  for (const [i, aCase] of cases.entries()) {
    const { model, shape, threads } = aCase;
    process.stderr.write(`${i + 1} of ${cases.length}: ${model}, ${shape.join('x')}, ${threads} thread(s)\n`);
    const service = !latencyOnly && String(shape) === firstShape;
    results.push(await measureCase(folder, aCase, contenders, { everyMs, rounds, samples, simplified, service }));
  }
  return { date, command, machine, contenders, everyMs, rounds, samples, simplified, cases: results };
}

function checkInstalled() {
  const needs = { '../../dist/index.js': 'npm run build:all', node_modules: 'npm --prefix bench/node ci' };
  for (const [path, command] of Object.entries(needs)) {
    if (existsSync(new URL(path, import.meta.url))) continue;
    throw new Error(`${path} is missing beside bench/node/run.js: run ${command} in the root of the repository first.`);
  }
}

/** @param {Options} options */
async function main(options) {
  checkInstalled();
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGINT', () => process.exit(130));
  const results = await measure(options, folder);
  const markdown = report(results);
  process.stdout.write(markdown);
  if (options.markdown) writeFileSync(options.markdown, markdown);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results)}\n`);
  if (options.svg) writeFileSync(options.svg, latencyChart(results));
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await main(options);
  else process.stdout.write(`${usage}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
