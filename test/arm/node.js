// The package in an emulated Node.
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fetchNode } from '../smoke/nodes.js';
import { emulate } from './emulator.js';
import { referenceFolder, root, workFolder } from './folders.js';
import { architectures } from './machines.js';
import { runToEnd } from './processes.js';

/** The dependencies as they are on `arch`: sharp has a program for each. */
async function installDependencies(arch, folder) {
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(folder, file));
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(join(root, 'package-lock.json')).mtimeMs) return;
  const options = [
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--os=linux',
    `--cpu=${arch}`,
    '--libc=glibc',
  ];
  await runToEnd('npm', ['ci', ...options], { cwd: folder });
}

/**
 * Lays the package out for `arch`, with its addon and dependencies and with smoke.ts.
 *
 * @param {keyof typeof architectures} arch
 * @param {string} addon
 * @returns {Promise<{ node: string, program: string }>}
 */
export async function stagePackage(arch, addon) {
  const folder = join(workFolder, arch, 'package');
  await runToEnd('npx', ['tsc', '-p', 'test/arm/tsconfig.json', '--outDir', folder], { cwd: root });
  for (const part of [
    'weights/ghostnetv2-tiny',
    'examples',
    'test/pixels/fixtures',
    'test/reference/heads',
    'lib/package.json',
  ])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  cpSync(addon, join(folder, 'build/Release/ghostnet.node'));
  const [node] = await Promise.all([fetchNode(architectures[arch].node), installDependencies(arch, folder)]);
  return { node, program: join(folder, 'test/arm/smoke.js') };
}

/**
 * @param {import('./machines.js').Machine} machine
 * @param {{ node: string, program: string }} staged
 */
export async function runPackageTests(machine, { node, program }) {
  const reference = existsSync(referenceFolder) ? referenceFolder : '';
  const { isas, fp16 = false } = machine;
  const heads = readdirSync(join(root, 'test/reference/heads')).map((file) => file.replace('.json', ''));
  const { code, signal, output } = await emulate(machine, node, [
    '--test-reporter=tap',
    program,
    JSON.stringify({ isas, fp16, heads, reference }),
  ]);
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const passed = count('pass');
  const failed = count('fail');
  if ((code !== 0 && failed === 0) || passed + failed === 0)
    throw new Error(`Node ended with ${signal ?? code}:\n${output.slice(-4000)}`);
  if (failed > 0) console.log(output);
  const without = reference
    ? ''
    : `; comparisons with the reference results were skipped, which are not at ${referenceFolder}`;
  return { text: `${passed} tests in ${architectures[machine.arch].node}${without}`, passed, failed };
}
