import { readFileSync } from 'node:fs';

/**
 * Resident memory at its highest, in bytes. Linux's getrusage, which is behind maxRSS, may report the parent's peak
 * for a process that it was forked from; VmHWM is the process's own.
 */
export function peakMemoryBytes() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
