// Builds the binaries that the package ships into prebuilds/: on Linux those of every Linux target, elsewhere this
// machine's.
//
//     node packaging/prebuild.js [--out FOLDER] [linux-arm64-glibc ...]
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { linuxTargets } from './targets.js';
import { zigEnvironment, zigPath } from './zig.js';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, commandArguments, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${commandArguments.join(' ')} ended with ${code}:\n${output}`));
    });
  });
}

/** Node's own headers lie beside Node. Node-API's are the same on every architecture. */
function nodeHeaders() {
  const folder = process.env.npm_config_nodedir ?? dirname(dirname(process.execPath));
  if (existsSync(join(folder, 'include/node/node_api.h'))) return folder;
  throw new Error(
    `Expected Node's headers in ${folder}/include/node. Name a Node distribution by npm_config_nodedir=FOLDER.`,
  );
}

/** node-gyp builds in the folder that it is called in, one target at a time: each build has a copy of its own. */
function stage(name) {
  mkdirSync(join(root, 'build/prebuild'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build/prebuild', `${name}-`));
  for (const part of ['binding.gyp', 'package.json', 'native'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  return folder;
}

async function prebuild({ name, arch, libc, environment }, out) {
  const started = performance.now();
  const folder = stage(name);
  const tags = libc ? ['--tag-libc'] : ['--strip'];
  const prebuildify = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'prebuildify.cmd' : 'prebuildify');
  try {
    await run(prebuildify, ['--napi', '--name', 'ghostnet', '--arch', arch, '--out', out, ...tags], {
      cwd: folder,
      env: { ...process.env, ...environment },
      shell: process.platform === 'win32',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

function linuxBuild(target, zig) {
  const compiler = `${zig} c++ ${target.zig}`;
  return {
    ...target,
    environment: {
      ...zigEnvironment,
      CC: `${zig} cc ${target.zig}`,
      CXX: compiler,
      LINK: compiler,
      AR: `${zig} ar`,
      LDFLAGS: '-s',
      PREBUILD_LIBC: target.libc,
      npm_config_nodedir: nodeHeaders(),
    },
  };
}

function builds(names) {
  if (process.platform !== 'linux') return [{ name: `${process.platform}-${process.arch}`, arch: process.arch }];
  const unknown = names.filter((name) => !linuxTargets.some((target) => target.name === name));
  if (unknown.length > 0)
    throw new Error(
      `Expected names out of ${linuxTargets.map(({ name }) => name).join(', ')}, found ${unknown.join(', ')}.`,
    );
  const zig = zigPath();
  return linuxTargets
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((target) => linuxBuild(target, zig));
}

const { values, positionals } = parseArgs({
  options: { out: { type: 'string', default: root } },
  allowPositionals: true,
});
const waiting = builds(positionals);
async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) await prebuild(next, resolve(values.out));
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
