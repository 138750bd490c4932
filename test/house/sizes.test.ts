import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSourceFile, forEachChild, isFunctionLike, ScriptTarget, type Node } from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const files = execFileSync('git', ['ls-files', 'lib', 'native', 'test', 'testing', 'bench'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(?:ts|[cm]?js|cc|h|inc|c)$/.test(file));

const mostLines = 300;
const mostFunctionLines = 60;

interface Sized {
  readonly place: string;
  readonly lines: number;
}

function* functionsOfTypeScript(file: string): Generator<Sized> {
  const source = createSourceFile(file, textOf(file), ScriptTarget.Latest);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const found: Sized[] = [];
  const visit = (node: Node): void => {
    if (isFunctionLike(node)) {
      const first = lineOf(node.getStart(source));
      found.push({ place: `${file}:${first}`, lines: lineOf(node.end) - first + 1 });
    }
    forEachChild(node, visit);
  };
  visit(source);
  yield* found;
}

/** What opens a block and is no function. */
const noFunction = /^(?:namespace|struct|class|enum|union|extern|if|for|while|switch|else|do|try|catch|case|\})\b|^\}/;

/** Functions and lambdas as clang-format writes them: `) … {` at the end of a line, and a `}` just below its first word. */
function* functionsOfCpp(file: string): Generator<Sized> {
  const lines = textOf(file).split('\n');
  for (const [i, line] of lines.entries()) {
    const [, indent = '', words] = /^( *)(\S.*)\{$/.exec(line) ?? [];
    if (words === undefined || noFunction.test(words) || !/\)[\w\s:>&*-]*$/.test(words)) continue;
    // A constructor's body ends below its name, not below the members that it initialises.
    const outer = words.startsWith(': ') ? indent.slice(4) : indent;
    const end = lines.findIndex((other, at) => at > i && other.startsWith(`${outer}}`));
    yield { place: `${file}:${i + 1}`, lines: end - i + 1 };
  }
}

describe('sizes', () => {
  it(`no file has more than ${mostLines} lines`, () => {
    expect(files.length).toBeGreaterThan(300);
    const long = files.map((file) => ({ file, lines: textOf(file).split('\n').length - 1 }));
    expect(long.filter(({ lines }) => lines > mostLines)).toEqual([]);
  });

  it.each<[string, RegExp, (file: string) => Iterable<Sized>]>([
    ['lib', /^lib\/.*\.ts$/, functionsOfTypeScript],
    ['native', /^native\/.*\.(?:cc|h|inc)$/, functionsOfCpp],
  ])(`no function of %s has more than ${mostFunctionLines} lines`, (_, pattern, functionsOf) => {
    const functions = files.filter((file) => pattern.test(file)).flatMap((file) => [...functionsOf(file)]);
    expect(functions.length).toBeGreaterThan(400);
    expect(functions.filter(({ lines }) => lines > mostFunctionLines)).toEqual([]);
  });
});
