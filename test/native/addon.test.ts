import { readFileSync } from 'node:fs';
import { familySync } from 'detect-libc';
import { describe, expect, it } from 'vitest';
import { helpPage, libcOf, missingOnArm } from '../../lib/native/addon.js';

describe('a 32-bit ARM processor', () => {
  it.each([
    ['Raspberry Pi 2', 'Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm'],
    ['without NEON (Tegra 2)', 'Features\t: half thumb fastmult vfp edsp vfpv3 vfpv3d16 tls'],
    [
      'a 64-bit kernel that tells its own names',
      'processor\t: 0\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU part\t: 0xd08',
    ],
    ['an emulator that shows another machine', 'model name\t: AMD EPYC\nflags\t: fpu vme'],
  ])('%s is served', (_, cpuinfo) => {
    expect(missingOnArm(cpuinfo)).toBeUndefined();
  });

  it('of a Raspberry Pi Zero is not, and the reason has its features', () => {
    expect(
      missingOnArm(
        'model name\t: ARMv6-compatible processor rev 7 (v6l)\nFeatures\t: half thumb fastmult vfp edsp java tls\n',
      ),
    ).toBe('the processor is older than ARMv7 with VFPv3: its features are half thumb fastmult vfp edsp java tls');
  });
});

it('the page of help has a line each for what was found, what is shipped and what to do', () => {
  const page = helpPage(
    { platform: 'linux riscv64', libc: 'glibc 2.39', cpu: 'SiFive U74' },
    ['linux-x64 (glibc)', 'linux-x64 (musl)'],
    'no file fits',
  );
  const lines = page.split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe('The native part of ghostnet cannot be loaded: no file fits');
  expect(lines[1]).toBe(`  found:    linux riscv64, glibc 2.39, CPU "SiFive U74", Node ${process.version}`);
  expect(lines[2]).toBe('  shipped:  linux-x64 (glibc), linux-x64 (musl)');
  expect(lines[4]).toMatch(/^ +npx --yes -p cmake-js@8 -p node-addon-api@8 cmake-js compile --directory ".+"$/);
});

describe('the C library of an executable', () => {
  it.each([
    ['\0/lib64/ld-linux-x86-64.so.2\0', 'glibc'],
    ['\0/lib/ld-linux-aarch64.so.1\0', 'glibc'],
    ['\0/lib/ld-linux.so.2\0', 'glibc'],
    ['\0/lib/ld-musl-armhf.so.1\0', 'musl'],
    ['no interpreter', null],
  ])('%j: %s', (bytes, expected) => expect(libcOf(Buffer.from(bytes, 'latin1'))).toBe(expected));

  it.runIf(process.platform === 'linux')('is found in the running Node', () => {
    const found = libcOf(readFileSync(process.execPath).subarray(0, 4096));
    expect(found).toBe(familySync());
  });
});
