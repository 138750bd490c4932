// By itself zig takes NEON for granted on 32-bit ARM; a CPU without it runs the plain kernels.
const armv7 = '-mcpu=generic+v7a+vfp3d16-neon-d32';

/**
 * The Linux binaries; `zig`: its flags for their baseline. glibc 2.28 (Debian 10, RHEL 8) is what Node's own builds ask
 * for.
 */
export const linuxTargets = [
  { name: 'linux-x64-glibc', arch: 'x64', libc: 'glibc', zig: '-target x86_64-linux-gnu.2.28' },
  { name: 'linux-x64-musl', arch: 'x64', libc: 'musl', zig: '-target x86_64-linux-musl' },
  { name: 'linux-arm64-glibc', arch: 'arm64', libc: 'glibc', zig: '-target aarch64-linux-gnu.2.28' },
  { name: 'linux-arm64-musl', arch: 'arm64', libc: 'musl', zig: '-target aarch64-linux-musl' },
  { name: 'linux-arm-glibc', arch: 'arm', libc: 'glibc', zig: `-target arm-linux-gnueabihf.2.28 ${armv7}` },
  { name: 'linux-arm-musl', arch: 'arm', libc: 'musl', zig: `-target arm-linux-musleabihf ${armv7}` },
];
