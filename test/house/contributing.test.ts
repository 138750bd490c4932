import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');

/** Paths from the root in backticks, but those that are to be made: `lib/<family>/`. */
const paths = [...text.matchAll(/`((?:lib|native|test|testing|docs|bench|weights|\.ci)\/[^`\s]*|[A-Z]+\.md)`/g)]
  .map(([, path]) => path!)
  .filter((path) => !path.includes('<'));

it('every path that CONTRIBUTING.md names exists', () => {
  expect(paths.length).toBeGreaterThan(40);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('every command of npm that CONTRIBUTING.md names is one', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

it('an operator stands in the files that the recipes took, and else where networks use it', () => {
  const listed = execFileSync('git', ['ls-files', 'lib', 'native'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const files = listed.filter((file) => !file.startsWith('lib/networks/'));
  // Others have its word in their names, or its kernel.
  const word = /(?<!global_?|avg|kernels_\.)max_?pool/i;
  const found = files.filter((file) => word.test(readFileSync(join(root, file), 'utf8')));
  const row = text.split('\n').find((line) => line.startsWith('| an operator, `max_pool2d`'))!;
  const told = [...row.matchAll(/`((?:lib|native)\/[^`]+)`/g)].map(([, file]) => file!);
  expect(found.sort()).toEqual(told.sort());
  expect(told).toHaveLength(5);
});
