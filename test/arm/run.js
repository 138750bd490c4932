// Tests on emulated machines: see README.md.
//     node test/arm/run.js [instructions] [native] [package] [tarball]
import { availableParallelism } from 'node:os';
import { build, checkBuildTools } from './build.js';
import { checkInstructions } from './instructions.js';
import { architectures, machines } from './machines.js';
import { runNativeTests } from './native.js';
import { runPackageTests, stagePackage } from './node.js';
import { forEachAtOnce, Results } from './results.js';
import { classifySample, packPackage } from './tarball.js';

const parts = ['instructions', 'native', 'package', 'tarball'];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : parts;
const results = new Results(process.env.CI === 'true');
const nameOf = ({ arch, cpu }) => `${arch} ${cpu}`;

/** What there is to run on each architecture; none where it could not be built. */
async function buildAll() {
  const built = new Map();
  for (const arch of Object.keys(architectures)) {
    await results.run(`build for ${arch}`, async () => {
      checkBuildTools();
      built.set(arch, await build(arch));
      return { text: architectures[arch].target };
    });
  }
  return built;
}

async function testPackage(built) {
  const staged = new Map();
  const runs = machines.filter(({ arch, node }) => node && built.has(arch));
  for (const arch of new Set(runs.map(({ arch }) => arch))) {
    await results.run(`package for ${arch}`, async () => {
      staged.set(arch, await stagePackage(arch, built.get(arch).addon));
      return { text: architectures[arch].node };
    });
  }
  await forEachAtOnce(
    availableParallelism(),
    runs.filter(({ arch }) => staged.has(arch)),
    (machine) => results.run(`package on ${nameOf(machine)}`, () => runPackageTests(machine, staged.get(machine.arch))),
  );
}

async function testTarball() {
  let tarball;
  await results.run('tarball', async () => {
    tarball = await packPackage();
    return { text: tarball };
  });
  if (!tarball) return;
  const runs = machines.filter(({ node, isas }) => node && isas[0] === 'neon');
  for (const machine of runs)
    await results.run(`tarball on ${nameOf(machine)}`, () => classifySample(machine, tarball));
}

const startMs = performance.now();
const unknown = wanted.filter((part) => !parts.includes(part));
if (unknown.length > 0) throw new Error(`Expected parts out of ${parts.join(', ')}, found ${unknown.join(', ')}.`);
const built = wanted.some((part) => part !== 'tarball') ? await buildAll() : new Map();
if (wanted.includes('instructions')) {
  for (const [arch, { addon }] of built)
    await results.run(`instructions for ${arch}`, () => checkInstructions(arch, addon));
}
if (wanted.includes('native')) {
  const runs = machines.filter(({ arch }) => built.has(arch));
  await forEachAtOnce(availableParallelism(), runs, (machine) =>
    results.run(`C++ tests on ${nameOf(machine)}`, () => runNativeTests(machine, built.get(machine.arch).program)),
  );
}
if (wanted.includes('package')) await testPackage(built);
if (wanted.includes('tarball')) await testTarball();
console.log(`In ${((performance.now() - startMs) / 60_000).toFixed(1)} minutes:`);
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed > 0 ? 1 : 0;
