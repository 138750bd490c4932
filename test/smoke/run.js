// The smoke set on each Node that the package is for: see README.md.
//     node test/smoke/run.js [--node 24,26.0.0,running] [--rounds N]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runToEnd } from '../arm/processes.js';
import { forEachAtOnce, Results } from '../arm/results.js';
import { randomEndingCase, smokeCases, terminatedWorkersCase } from './cases.js';
import { limitMs, runToItsEnd } from './ended-process.js';
import { fetchNewest, nodes } from './nodes.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const atOnce = 2;
const { values } = parseArgs({
  options: { node: { type: 'string', default: nodes.join() }, rounds: { type: 'string' } },
});
const wanted = values.node.split(',');
const unknown = wanted.filter((line) => !/^(?:\d+(?:\.\d+){0,2}|running)$/.test(line));
if (unknown.length > 0)
  throw new Error(`Expected --node with versions, as 24 or 24.1.0, or running, found ${unknown.join(', ')}.`);
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
  throw new Error(`Expected --rounds with a count from 1, found ${values.rounds}.`);

const results = new Results(process.env.CI === 'true');

/**
 * What may differ between two runs: durations, in words and in JSON, and Node's own version. Probabilities and logits
 * may not.
 */
const comparable = (text) =>
  text
    .replaceAll(/ +\d+\.\d+\b(?! %)/g, ' N')
    .replaceAll(/"(\w+Ms)":[\d.]+/g, '"$1":0')
    .replaceAll(/\bv\d+\.\d+\.\d+\b/g, 'vX');

/** @type {Map<string, { version: string, stdout: string }>} what the first Node printed */
const printed = new Map();

/** @param {import('./cases.js').Case} smokeCase */
async function runCase(node, version, smokeCase) {
  const { name, args, input, isTerminated, end = 0, stdout, stderr = /^$/ } = smokeCase;
  const ended = await runToItsEnd(node, args, { cwd: root, input, isTerminated });
  const say = (what) =>
    new Error(`${what}\n  node ${args.join(' ')}\n${ended.stdout.slice(-1500)}${ended.stderr.slice(-1500)}`);
  if (ended.end === undefined) throw say(`it did not end within ${limitMs / 1000} s`);
  if (ended.end !== end) throw say(`expected to end with ${end}, ended with ${ended.end}`);
  if (!stderr.test(ended.stderr)) throw say(`expected on stderr ${stderr}`);
  if (!stdout.test(ended.stdout)) throw say(`expected on stdout ${stdout}`);
  // How much it printed until then depends on the moment.
  if (isTerminated) return { text: `ended with ${end}`, tookMs: ended.tookMs };
  const text = comparable(ended.stdout);
  const first = printed.get(name);
  if (!first) printed.set(name, { version, stdout: text });
  else if (first.stdout !== text)
    throw say(`prints other than on Node ${first.version}, which was\n${first.stdout.slice(-1500)}\nand here`);
  return { text: `ended with ${end}`, tookMs: ended.tookMs };
}

async function runSmokeSet(node, version) {
  const cases = await smokeCases(version);
  await forEachAtOnce(atOnce, cases, (smokeCase) =>
    results.run(`Node ${version}: ${smokeCase.name}`, () => runCase(node, version, smokeCase)),
  );
}

/** Endings at random moments: in each round one of a process, and workers that are terminated. */
async function runRounds(node, version) {
  const workers = 8;
  const tookMs = [];
  let failed = 0;
  const run = async (smokeCase) => {
    try {
      tookMs.push((await runCase(node, version, smokeCase)).tookMs);
    } catch (error) {
      failed++;
      console.log(`FAILED  Node ${version}: ${smokeCase.name}: ${error.message}`);
    }
  };
  await results.run(`Node ${version}: ${rounds} rounds`, async () => {
    const cases = Array.from({ length: rounds }, () => [randomEndingCase(), terminatedWorkersCase(1, workers)]).flat();
    await forEachAtOnce(atOnce, cases, run);
    const longest = (Math.max(0, ...tookMs) / 1000).toFixed(1);
    const text = `${rounds} processes ended in the middle of work and ${rounds * workers} workers were terminated; the longest process took ${longest} s`;
    return { text, passed: tookMs.length, failed };
  });
}

const startMs = performance.now();
for (const line of wanted) {
  let node;
  await results.run(`Node ${line}`, async () => {
    node = line === 'running' ? process.execPath : await fetchNewest(line);
    return { text: node };
  });
  if (!node) continue;
  const version = (await runToEnd(node, ['-p', 'process.versions.node'])).trim();
  await (rounds === undefined ? runSmokeSet : runRounds)(node, version);
}
console.log(`In ${((performance.now() - startMs) / 60_000).toFixed(1)} minutes:`);
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed > 0 ? 1 : 0;
