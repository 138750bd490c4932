// The packed package with the binaries that ship, installed as npm installs it there, classifies the sample in an
// emulated Node.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchNode } from '../smoke/nodes.js';
import { emulate } from './emulator.js';
import { root, workFolder } from './folders.js';
import { architectures } from './machines.js';
import { runToEnd } from './processes.js';
import { Absent } from './results.js';

/** @returns {Promise<string>} the tarball's path */
export async function packPackage() {
  if (!existsSync(join(root, 'prebuilds'))) throw new Absent('needs the prebuilt binaries: npm run prebuild');
  const folder = join(workFolder, 'tarball');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [{ filename }] = JSON.parse(
    await runToEnd('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }),
  );
  return join(folder, filename);
}

/**
 * npm itself runs here, as an emulated one would take minutes; it is told for which machine it installs.
 *
 * @param {import('./machines.js').Machine} machine
 * @param {string} tarball
 */
export async function classifySample(machine, tarball) {
  const { arch } = machine;
  const project = join(workFolder, 'tarball', arch);
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true }');
  const options = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--os=linux',
    `--cpu=${arch}`,
    '--libc=glibc',
  ];
  await runToEnd('npm', ['install', ...options, tarball], { cwd: project });
  const command = join(project, 'node_modules/ghostnet/dist/cli/main.js');
  const { code, signal, output, stdout } = await emulate(
    machine,
    await fetchNode(architectures[arch].node),
    [command, 'classify', join(root, 'examples/sample.png')],
    {
      cwd: project,
      // No compiler, and nothing of this checkout.
      env: { PATH: '', HOME: project },
    },
  );
  if (code !== 0 || !/^ *orange/m.test(stdout))
    throw new Error(`ended with ${signal ?? code}:\n${output.slice(-4000)}`);
  return {
    text: stdout
      .trim()
      .split('\n')
      .slice(0, 2)
      .map((line) => line.trim())
      .join(': '),
  };
}
