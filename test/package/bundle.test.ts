import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as library from '../../lib/index.js';
import { builtLibrary } from '../../testing/programs.js';

const { href } = builtLibrary;

/** What Node gives of any CommonJS module. */
const beside = new Set(['default', 'module.exports', '__esModule']);

/** What a fresh process prints of the built library. */
function printed(expression: string): unknown {
  const program = `const { createRequire } = await import('node:module');
    const library = await import(${JSON.stringify(href)});
    const { cache } = createRequire(${JSON.stringify(href)});
    process.stdout.write(JSON.stringify(${expression}));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }));
}

it('the built library exports by name what lib/index.ts does', () => {
  const names = printed(`Object.keys(library)`) as string[];
  expect(names.filter((name) => !beside.has(name)).sort()).toEqual(Object.keys(library).sort());
});

it('importing it reads two files and no other package', () => {
  const folder = fileURLToPath(new URL('.', builtLibrary));
  expect(printed('Object.keys(cache)')).toEqual(['index.js', 'library.js'].map((name) => `${folder}${name}`));
});
