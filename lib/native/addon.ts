import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { GhostNetError } from '../errors.js';
import { packageRoot } from '../package-root.js';

/** What decides which binary fits. */
export interface Machine {
  /** As `linux arm64`. */
  readonly platform: string;
  /** As `glibc 2.36`; undefined where there is only one. */
  readonly libc: string | undefined;
  readonly cpu: string;
}

/** What is needed of it by few: it takes as long to load as a tenth of this library. */
function detectLibc(): typeof import('detect-libc') {
  return createRequire(__filename)('detect-libc') as typeof import('detect-libc');
}

/** Where every linker puts the interpreter's name: in one of an executable's first segments. */
const interpreterBytes = 4096;

/**
 * The C library that an executable was linked with, by its interpreter; null where that does not tell.
 *
 * @param executable its first bytes
 */
export function libcOf(executable: Buffer): 'glibc' | 'musl' | null {
  const [, musl] = /\/ld-(musl-|linux[.-])/.exec(executable.toString('latin1')) ?? [];
  if (musl === undefined) return null;
  return musl === 'musl-' ? 'musl' : 'glibc';
}

/** Of the running Node. */
function libcFamily(): string | null {
  try {
    const file = openSync(process.execPath, 'r');
    try {
      const bytes = Buffer.alloc(interpreterBytes);
      readSync(file, bytes, 0, bytes.length, 0);
      return libcOf(bytes) ?? detectLibc().familySync();
    } finally {
      closeSync(file);
    }
  } catch {
    return detectLibc().familySync();
  }
}

/** The folder's binary for this machine: one that was compiled there, or one that is shipped in prebuilds/. */
type Find = (folder: string) => unknown;

/**
 * node-gyp-build as it decides for this C library. By itself it goes by /etc/alpine-release, which other systems with
 * musl lack, and it decides when it is loaded, which another package may have done before us.
 */
function finder(libc: string | null): Find {
  const require = createRequire(__filename);
  const path = require.resolve('node-gyp-build/node-gyp-build.js');
  const { LIBC } = process.env;
  const others = require.cache[path];
  Reflect.deleteProperty(require.cache, path);
  if (libc) process.env.LIBC ??= libc;
  try {
    return require(path) as Find;
  } finally {
    if (LIBC === undefined) delete process.env.LIBC;
    if (others) require.cache[path] = others;
  }
}

/** What every 32-bit ARM binary takes for granted: floating point in registers, version 3 (ARMv7). */
const armFloatingPoint = ['vfpv3', 'vfpv3d16', 'vfpv4', 'neon', 'asimd'];

/**
 * Why a 32-bit ARM processor cannot run our binary, which would end the process with "illegal instruction".
 *
 * @param cpuinfo /proc/cpuinfo; where it does not tell (no line of features), the processor is taken to be able
 */
export function missingOnArm(cpuinfo: string): string | undefined {
  const line = /^Features\s*:(.*)$/m.exec(cpuinfo)?.[1];
  if (
    line === undefined ||
    line
      .trim()
      .split(/\s+/)
      .some((feature) => armFloatingPoint.includes(feature))
  )
    return undefined;
  return `the processor is older than ARMv7 with VFPv3: its features are ${line.trim()}`;
}

function shippedBinaries(): string[] {
  try {
    return readdirSync(join(packageRoot, 'prebuilds')).flatMap((platform) =>
      readdirSync(join(packageRoot, 'prebuilds', platform)).map((file) => {
        const libc = /\.(glibc|musl)\.node$/.exec(file)?.[1];
        return libc ? `${platform} (${libc})` : platform;
      }),
    );
  } catch {
    return [];
  }
}

/** The page of help for a machine that no binary fits. */
export function helpPage(machine: Machine, shipped: readonly string[], reason: string): string {
  const { platform, libc, cpu } = machine;
  return [
    `The native part of ghostnet cannot be loaded: ${reason}`,
    `  found:    ${platform}${libc ? `, ${libc}` : ''}, CPU "${cpu}", Node ${process.version}`,
    `  shipped:  ${shipped.length > 0 ? shipped.join(', ') : 'no binaries (this is a copy of the sources)'}`,
    `  to do:    compile it here, with a C++17 compiler and CMake 3.15 or newer:`,
    `            npx --yes -p cmake-js@8 -p node-addon-api@8 cmake-js compile --directory "${packageRoot}"`,
  ].join('\n');
}

/**
 * Node's binding to our C++ code.
 *
 * @throws {GhostNetError} ERR_GHOST_NATIVE with a page of help
 */
export function loadAddon(): unknown {
  const libc = process.platform === 'linux' ? libcFamily() : null;
  try {
    const missing =
      process.platform === 'linux' && process.arch === 'arm'
        ? missingOnArm(readFileSync('/proc/cpuinfo', 'utf8'))
        : undefined;
    if (missing) throw new Error(missing);
    return finder(libc)(packageRoot);
  } catch (cause) {
    const machine = {
      platform: `${process.platform} ${process.arch}`,
      libc: libc ? `${libc} ${detectLibc().versionSync() ?? 'of unknown version'}` : undefined,
      cpu: cpus()[0]?.model ?? 'unknown',
    };
    const reason = (cause as Error).message.split('\n')[0]!;
    throw new GhostNetError('ERR_GHOST_NATIVE', helpPage(machine, shippedBinaries(), reason), { cause });
  }
}
