import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import type { GlobOptions } from 'tinyglobby';

/**
 * Names of files are bytes, which on Linux need not be UTF-8; Node replaces what is not, and then finds no such file.
 * Here such a byte stands in a path as half of a surrogate pair, U+DC80 to U+DCFF, which no valid text has (as in
 * Python, PEP 383).
 */
const rawByte = /[\udc80-\udcff]/u;
const rawBytes = /[\udc80-\udcff]/gu;

const isRaw = (path: string): boolean => process.platform !== 'win32' && rawByte.test(path);

/** The path that these bytes are. */
export function decodePath(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let path = '';
  for (let at = 0; at < bytes.length;) {
    // No character's encoding begins with another's.
    const length = [1, 2, 3, 4].find((count) => at + count <= bytes.length && isUtf8(bytes.subarray(at, at + count)));
    path += length === undefined ? String.fromCharCode(0xdc00 | bytes[at]!) : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return path;
}

/** As Node's file system takes it: bytes only where text cannot say it. */
export function encodePath(path: string): string | Buffer {
  if (!isRaw(path)) return path;
  return Buffer.concat(
    Array.from(path, (character) =>
      rawByte.test(character) ? Buffer.of(character.charCodeAt(0) & 0xff) : Buffer.from(character),
    ),
  );
}

/** What JSON says of a file: its name, and where that is not UTF-8 its bytes too. */
export function jsonName(file: string): { image: string; imageBase64?: string } {
  if (!isRaw(file)) return { image: file };
  const image = file.replace(rawBytes, (half) => `\\x${(half.charCodeAt(0) & 0xff).toString(16)}`);
  return { image, imageBase64: Buffer.from(encodePath(file)).toString('base64') };
}

/** This process's arguments. Linux alone tells their bytes. */
export function commandArguments(): string[] {
  const given = process.argv.slice(2);
  if (process.platform !== 'linux' || !given.some((argument) => argument.includes('\ufffd'))) return given;
  const bytes = cutAtZeros(fs.readFileSync('/proc/self/cmdline')).slice(-given.length);
  return bytes.every((argument, i) => argument.toString() === given[i]) ? bytes.map(decodePath) : given;
}

function cutAtZeros(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let from = 0, to: number; (to = bytes.indexOf(0, from)) >= 0; from = to + 1)
    pieces.push(bytes.subarray(from, to));
  return pieces;
}

type Callback<T> = (error: NodeJS.ErrnoException | null, result?: T) => void;

/** The file system that tinyglobby walks through, so that it meets every name. */
export const rawFileSystem = {
  readdir: (folder: string, _: object, callback: Callback<fs.Dirent[]>): void =>
    fs.readdir(encodePath(folder), { withFileTypes: true, encoding: 'buffer' }, (error, entries) => {
      callback(
        error,
        error
          ? undefined
          : entries.map((entry) => Object.assign(entry as unknown as fs.Dirent, { name: decodePath(entry.name) })),
      );
    }),
  stat: (path: string, callback: Callback<fs.Stats>): void => fs.stat(encodePath(path), callback),
  realpath: (path: string, callback: Callback<string>): void =>
    fs.realpath(encodePath(path), 'buffer', (error, bytes) => callback(error, error ? undefined : decodePath(bytes))),
} as unknown as NonNullable<GlobOptions['fs']>;
