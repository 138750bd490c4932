// Builds the test program and the addon for another architecture with the compiler of the binaries that are shipped.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { linuxTargets } from '../../packaging/targets.js';
import { zigEnvironment, zigPath } from '../../packaging/zig.js';
import { isOnPath } from './emulator.js';
import { root, workFolder } from './folders.js';
import { architectures } from './machines.js';
import { runToEnd } from './processes.js';
import { Absent } from './results.js';

/** CMake wants one program for each tool. */
function wrap(folder, tool, command) {
  const path = join(folder, tool);
  writeFileSync(path, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** @param {keyof typeof architectures} arch */
function writeToolchain(arch, folder) {
  const zig = zigPath();
  const { target, processor } = architectures[arch];
  const flags = linuxTargets.find(({ name }) => name === target).zig;
  const lines = [
    'set(CMAKE_SYSTEM_NAME Linux)',
    `set(CMAKE_SYSTEM_PROCESSOR ${processor})`,
    `set(CMAKE_CXX_COMPILER ${wrap(folder, 'zig-c++', `${zig} c++ ${flags}`)})`,
    `set(CMAKE_AR ${wrap(folder, 'zig-ar', `${zig} ar`)} CACHE FILEPATH "")`,
    `set(CMAKE_RANLIB ${wrap(folder, 'zig-ranlib', `${zig} ranlib`)} CACHE FILEPATH "")`,
  ];
  const path = join(folder, 'toolchain.cmake');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/**
 * Both keep their symbols: instructions.js goes by them.
 *
 * @param {keyof typeof architectures} arch
 * @returns {Promise<{ program: string, addon: string }>}
 */
export async function build(arch) {
  const folder = join(workFolder, arch, 'build');
  mkdirSync(folder, { recursive: true });
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)('node-api-headers');
  const options = [
    `-DCMAKE_TOOLCHAIN_FILE=${writeToolchain(arch, folder)}`,
    '-DCMAKE_BUILD_TYPE=Release',
    '-DGHOSTNET_TESTS=ON',
    // What cmake-js would say.
    '-DCMAKE_JS_VERSION=8',
    `-DCMAKE_JS_INC=${nodeHeaders}`,
  ];
  const settings = { cwd: root, env: { ...process.env, ...zigEnvironment } };
  await runToEnd('cmake', ['-S', root, '-B', folder, ...options], settings);
  await runToEnd(
    'cmake',
    ['--build', folder, '--parallel', String(availableParallelism()), '--target', 'ghostnet_test', 'ghostnet'],
    settings,
  );
  return { program: join(folder, 'ghostnet_test'), addon: join(folder, 'ghostnet.node') };
}

/** Python installs zig (packaging/zig.js); that and CMake must be there. */
export function checkBuildTools() {
  const missing = ['cmake', 'python3'].filter((command) => !isOnPath(command));
  if (missing.length > 0) throw new Absent(`needs ${missing.join(' and ')}: apt-get install cmake python3 python3-pip`);
}
