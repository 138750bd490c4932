// Runs programs of another architecture, or of a CPU that this machine is not.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { architectures } from './machines.js';
import { runProgram } from './processes.js';
import { Absent } from './results.js';

/** @param {string} command */
export function isOnPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));
}

/** @param {import('./machines.js').Machine} machine */
export function emulate({ arch, cpu }, program, programArguments) {
  const { emulator, root, packages, env: own } = architectures[arch];
  if (!isOnPath(emulator) || (root && !existsSync(root)))
    throw new Absent(`needs ${emulator}${root ? ` and ${root}` : ''}: apt-get install ${packages.join(' ')}`);
  const emulated = ['-cpu', cpu, ...(root ? ['-L', root] : []), program, ...programArguments];
  const env = { ...process.env, ...own };
  for (const name of ['GHOSTNET_ISA', 'NODE_OPTIONS']) delete env[name];
  return runProgram(emulator, emulated, { env });
}
