// Runs programs for 64-bit ARM in qemu-user and counts their instructions with the plugin icount.c.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const folder = join(root, 'build/arm');

/** In the order of icount.c. */
export const classes = ['multiply-adds', 'other vector', 'loads, stores', 'integer', 'branches'];

/**
 * @typedef {object} FunctionCount
 * @property {string} object the file that the function lies in, "-" for code made at run time
 * @property {string} name as in C++, without parameters; "-" outside the program itself
 * @property {number[]} counts by class
 */

function plugin() {
  mkdirSync(folder, { recursive: true });
  const library = join(folder, 'icount.so');
  execFileSync('cc', ['-O2', '-fPIC', '-shared', '-o', library, join(root, 'bench/arm/icount.c')]);
  return library;
}

function count(library, command) {
  const file = join(folder, 'counts.tsv');
  execFileSync('qemu-aarch64', ['-plugin', `${library},out=${file}`, ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 1_800_000,
  });
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(
    lines
      .map((line) => line.split('\t'))
      .map(([object, name, ...counts]) => [`${object}\t${name}`, counts.map(Number)]),
  );
}

/**
 * What one turn of a program takes: a run of `turns` turns less one of a single turn, so that starting, loading and
 * ending cancel out.
 *
 * @param {(turns: number) => string[]} command the emulator's options, the program and its arguments
 * @param {number} turns
 * @returns {FunctionCount[]} largest first
 */
export function countTurn(command, turns) {
  const library = plugin();
  const [one, several] = [count(library, command(1)), count(library, command(turns))];
  const keys = [...several.keys()];
  const input = keys.map((key) => key.split('\t')[1]).join('\n');
  const names = execFileSync('llvm-cxxfilt-19', { input, encoding: 'utf8', maxBuffer: 1 << 28 }).split('\n');
  return keys
    .map((key, i) => ({
      object: key.split('\t')[0],
      name: names[i]
        .replace(/\(anonymous namespace\)::/g, '')
        .replace(/\(ghostnet::(\w+)\)(?=\d)/g, '$1 ')
        .replace(/^void |\(.*/g, ''),
      counts: several.get(key).map((n, c) => (n - (one.get(key)?.[c] ?? 0)) / (turns - 1)),
    }))
    .filter(({ counts }) => counts.some((n) => n !== 0))
    .sort((a, b) => sum(b.counts) - sum(a.counts));
}

/** @param {number[]} numbers */
export const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/**
 * @param {FunctionCount[]} functions
 * @param {(f: FunctionCount) => string} nameOf
 * @returns {{ name: string, counts: number[] }[]} the sums by name, largest first
 */
export function grouped(functions, nameOf) {
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  for (const f of functions) {
    const name = nameOf(f);
    const counts = groups.get(name) ?? f.counts.map(() => 0);
    groups.set(
      name,
      counts.map((n, i) => n + f.counts[i]),
    );
  }
  return [...groups].map(([name, counts]) => ({ name, counts })).sort((a, b) => sum(b.counts) - sum(a.counts));
}
