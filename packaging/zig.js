// Finds the C++ compiler of the Linux binaries, or installs it into build/zig.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));
const requirements = pathOf('requirements.txt');

/** As requirements.txt pins it: other versions make other binaries. */
export const zigVersion = /^ziglang==(\S+)/m.exec(readFileSync(requirements, 'utf8'))[1];

function versionOf(zig) {
  try {
    return execFileSync(zig, ['version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/**
 * The path of the zig program of that version: of the environment variable ZIG, on PATH, or from Python's package
 * index.
 */
export function zigPath() {
  const folder = pathOf('../build/zig');
  const installed = `${folder}/ziglang/zig`;
  const candidates = [process.env.ZIG, 'zig', installed].filter(Boolean);
  const found = candidates.find((zig) => versionOf(zig) === zigVersion);
  if (found) return found;
  const arguments_ = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--upgrade',
    '--require-hashes',
    '--target',
    folder,
    '-r',
    requirements,
  ];
  execFileSync('python3', arguments_, { stdio: 'inherit' });
  if (!existsSync(installed))
    throw new Error(`Expected zig ${zigVersion} in ${installed} after python3 ${arguments_.join(' ')}`);
  return installed;
}

/**
 * What it compiles of ours stays among the build products; C libraries, the same for every project, in zig's own cache.
 */
export const zigEnvironment = { ZIG_LOCAL_CACHE_DIR: process.env.ZIG_LOCAL_CACHE_DIR ?? pathOf('../build/zig-cache') };
