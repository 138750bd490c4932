import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { linuxTargets } from '../../packaging/targets.js';
import { whyNotPrebuilt } from './prebuilt.js';

const folder = fileURLToPath(new URL('../../prebuilds/', import.meta.url));
const binaries = linuxTargets.map((target) => ({
  ...target,
  file: `${folder}linux-${target.arch}/ghostnet.${target.libc}.node`,
}));
const missing = whyNotPrebuilt();
if (missing) console.warn(`Skipped: the prebuilt binaries: ${missing}`);

let readable = true;
try {
  execFileSync('readelf', ['--version'], { stdio: 'ignore' });
} catch {
  readable = false;
  if (!missing)
    console.warn(
      "Skipped: what is in the prebuilt binaries, as there is no readelf. Install GNU's or LLVM's binutils.",
    );
}

/** `readelf` knows every architecture, so one machine can look at all of them. */
function readelf(file: string, what: string): string {
  return execFileSync('readelf', ['--wide', what, file], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

const versionNumber = (version: string): number => {
  const [major, minor] = version.split('.').map(Number);
  return major! * 1000 + minor!;
};

describe.skipIf(missing !== undefined)('each Linux binary', () => {
  it.each(binaries)('$name is there and takes at most 1 MiB', ({ file }) => {
    expect(statSync(file).size).toBeLessThanOrEqual(1024 * 1024);
  });

  describe.skipIf(!readable)('as its symbols say', () => {
    it.each(binaries)('$name needs the C library alone, of glibc 2.28 or older', ({ file, libc }) => {
      const needed = [...readelf(file, '--dynamic').matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name!);
      const allowed = libc === 'musl' ? /^libc\.so$/ : /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux[-.\w]*\.so\.\d)$/;
      expect(needed.filter((name) => !allowed.test(name))).toEqual([]);
      const symbols = readelf(file, '--dyn-syms');
      const versions = [...symbols.matchAll(/@GLIBC_(\d+\.\d+)/g)].map(([, version]) => version!);
      expect(versions.filter((version) => versionNumber(version) > versionNumber('2.28'))).toEqual([]);
      expect(versions.length > 0).toBe(libc === 'glibc');
      expect(symbols).not.toMatch(/GLIBCXX|CXXABI|GCC_/);
    });

    it.each(binaries)(
      '$name shows Node its two entry points and nothing else, and carries no other symbols',
      ({ file }) => {
        const defined = readelf(file, '--dyn-syms')
          .split('\n')
          .map((line) => line.trim().split(/\s+/))
          .filter(
            ([number, , , type, binding, , section]) =>
              /^\d+:$/.test(number ?? '') && type !== 'SECTION' && binding !== 'LOCAL' && section !== 'UND',
          )
          .map((fields) => fields[7]);
        expect(defined.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
        expect(readelf(file, '--sections')).not.toMatch(/\.symtab|\.debug/);
      },
    );

    it.each(binaries)('$name is for that architecture', ({ file, arch }) => {
      const machine = { x64: 'X86-64', arm64: 'AArch64', arm: 'ARM' }[arch]!;
      expect(readelf(file, '--file-header')).toMatch(new RegExp(`Machine:.*\\b${machine}$`, 'm'));
    });
  });
});
