export interface LinuxTarget {
  readonly name: string;
  readonly arch: string;
  readonly libc: string;
  readonly zig: string;
}
export const linuxTargets: readonly LinuxTarget[];
