import { readdirSync, readFileSync } from 'node:fs';
import { loadavg, machine, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { round } from '../output/print.js';

/** What a figure was measured on. What the system does not tell is left out. */
export interface Machine {
  /** The board, as `Raspberry Pi 5 Model B Rev 1.0`. */
  readonly board?: string;
  /** As `Debian GNU/Linux 12 (bookworm)`. */
  readonly distribution?: string;
  /** The kernel and what it runs on, which for a 32-bit Node may be a 64-bit one: `Linux 6.6.31 aarch64`. */
  readonly kernel: string;
  readonly memoryBytes: number;
  /** Threads that wanted to run, on average over the last minute. Windows does not know. */
  readonly load?: number;
}

/** `root`: where the system's files are, `/` but for tests. */
export function readMachine(root = '/'): Machine {
  // Names of a device tree end in a zero byte.
  const board = readText(root, 'proc/device-tree/model')?.replaceAll('\0', '');
  const distribution = /^PRETTY_NAME="?([^"\n]+)/m.exec(readText(root, 'etc/os-release') ?? '')?.[1];
  return {
    ...(board ? { board } : {}),
    ...(distribution ? { distribution } : {}),
    kernel: `${type()} ${release()} ${machine()}`,
    memoryBytes: totalmem(),
    ...(process.platform === 'win32' ? {} : { load: round(loadavg()[0]!, 2) }),
  };
}

/** A file's text without white space around it; undefined where it is missing or may not be read. */
export function readText(root: string, file: string): string | undefined {
  try {
    return readFileSync(join(root, file), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** A whole number that a file holds. */
export function readNumber(root: string, file: string): number | undefined {
  const text = readText(root, file);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Paths of a folder's entries that begin with `prefix` and end in a number, in that order. */
export function numberedEntries(root: string, folder: string, prefix: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(root, folder));
  } catch {
    return [];
  }
  const numberOf = (name: string): number => Number(name.slice(prefix.length));
  const numbered = names.filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)));
  return numbered.sort((a, b) => numberOf(a) - numberOf(b)).map((name) => `${folder}/${name}`);
}
