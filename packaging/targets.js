/** The Linux binaries. glibc 2.28 (Debian 10, RHEL 8) is what Node's own builds ask for. */
export const linuxTargets = [
  { name: 'linux-x64-glibc', arch: 'x64', libc: 'glibc', zig: 'x86_64-linux-gnu.2.28' },
  { name: 'linux-x64-musl', arch: 'x64', libc: 'musl', zig: 'x86_64-linux-musl' },
  { name: 'linux-arm64-glibc', arch: 'arm64', libc: 'glibc', zig: 'aarch64-linux-gnu.2.28' },
  { name: 'linux-arm64-musl', arch: 'arm64', libc: 'musl', zig: 'aarch64-linux-musl' },
  { name: 'linux-arm-glibc', arch: 'arm', libc: 'glibc', zig: 'arm-linux-gnueabihf.2.28' },
  { name: 'linux-arm-musl', arch: 'arm', libc: 'musl', zig: 'arm-linux-musleabihf' },
];
