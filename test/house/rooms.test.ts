import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preProcessFile } from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
}

/** A folder of lib, or a file that lies there by itself. */
const roomOf = (path: string): string => path.split('/')[0]!;

/** All imports from one room of lib into another, types included. */
function importsBetweenRooms(): Import[] {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(sep, '/'))
    .filter((file) => file.endsWith('.ts'));
  return files
    .flatMap((from) =>
      preProcessFile(readFileSync(join(root, 'lib', from), 'utf8'))
        .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => ({
          from,
          to: normalize(join(dirname(from), fileName))
            .replaceAll(sep, '/')
            .replace(/\.js$/, '.ts'),
        })),
    )
    .filter(({ from, to }) => roomOf(from) !== roomOf(to));
}

/** What the rows of CONTRIBUTING.md's table say: each room, and those that it may import from. */
function rooms(): Map<string, string[]> {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `/.test(line));
  return new Map(
    rows.map((row) => {
      const [, room = '', , imports = ''] = row.split('|');
      const names = [room, imports].map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
      return [names[0]![0]!, names[1]!];
    }),
  );
}

describe('the rooms of lib', () => {
  const table = rooms();
  const imports = importsBetweenRooms();

  it('are those of CONTRIBUTING.md', () => {
    const found = readdirSync(join(root, 'lib')).filter((name) => name !== 'package.json');
    expect([...table.keys()].sort()).toEqual(found.sort());
  });

  it('import from rooms above them in the table alone, so that there are no cycles', () => {
    const order = [...table.keys()];
    const upwards = [...table].flatMap(([room, names]) =>
      names.filter((name) => !order.slice(0, order.indexOf(room)).includes(name)).map((name) => `${room}: ${name}`),
    );
    expect(upwards).toEqual([]);
  });

  it('import what their rows name', () => {
    expect(imports.length).toBeGreaterThan(100);
    const forbidden = imports.filter(
      ({ from, to }) => to !== 'errors.ts' && !table.get(roomOf(from))?.includes(roomOf(to)),
    );
    expect(
      forbidden.map(
        ({ from, to }) => `lib/${from} imports lib/${to}: ${roomOf(from)} may not import from ${roomOf(to)}.`,
      ),
    ).toEqual([]);
  });

  it('have no rows that name what is not imported', () => {
    const used = new Set(imports.map(({ from, to }) => `${roomOf(from)}: ${roomOf(to)}`));
    const unused = [...table].flatMap(([room, names]) => names.map((name) => `${room}: ${name}`));
    expect(unused.filter((pair) => !used.has(pair))).toEqual([]);
  });
});
