import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { classIndices } from '../../../lib/cli/evaluation/class-indices.js';
import { csvRows } from '../../../lib/cli/evaluation/csv.js';
import { labelledPictures } from '../../../lib/cli/evaluation/labelled-pictures.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

function touch(...names: string[]): void {
  const path = join(folder, ...names);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '');
}

describe('rows of CSV', () => {
  it.each([
    ['', []],
    ['a,b', [['a', 'b']]],
    ['\ufeffa,b\r\nc,d\r\n', [['a', 'b'], ['c', 'd']]], // prettier-ignore
    ['"x, ""y""\n",z\n\n\n1,', [['x, "y"', 'z'], ['1', '']]], // prettier-ignore
    [' a , b ', [['a', 'b']]],
  ])('%j', (text, rows) => {
    expect(csvRows(text)).toEqual(rows);
  });
});

describe('pictures whose classes are known', () => {
  it('lie in a folder for each class', async () => {
    touch('set', 'orange', 'a.jpg');
    touch('set', 'orange', 'deep', 'b.PNG');
    touch('set', 'Apple', 'c.webp');
    touch('set', 'Apple', 'notes.txt');
    touch('set', '.hidden', 'd.jpg');
    touch('set', 'beside.jpg');
    const { pictures, classNames } = await labelledPictures(join(folder, 'set'));
    expect(classNames).toEqual(['Apple', 'orange']);
    expect(pictures.map(({ file, className }) => [file.slice(folder.length + 5), className])).toEqual([
      [join('Apple', 'c.webp'), 'Apple'],
      [join('orange', 'a.jpg'), 'orange'],
      [join('orange', 'deep', 'b.PNG'), 'orange'],
    ]);
  });

  it('or stand in a table, with and without a head', async () => {
    touch('table', 'a.jpg');
    for (const head of ['', 'file,label\n']) {
      writeFileSync(join(folder, 'table', 'set.csv'), `${head}a.jpg,7\nmissing.jpg,8\n`);
      const { pictures } = await labelledPictures(join(folder, 'table', 'set.csv'));
      expect(pictures).toEqual([
        { file: join(folder, 'table', 'a.jpg'), className: '7' },
        { file: join(folder, 'table', 'missing.jpg'), className: '8' },
      ]);
    }
    writeFileSync(join(folder, 'table', 'bad.csv'), 'a.jpg,7\na.jpg\n');
    await expect(labelledPictures(join(folder, 'table', 'bad.csv'))).rejects.toThrow(
      /bad\.csv, row 2: a path and a class/,
    );
  });

  it('are missed where there are none', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(labelledPictures(join(folder, 'empty'))).rejects.toThrow(/empty holds no pictures to evaluate on/);
    await expect(labelledPictures(join(folder, 'nowhere'))).rejects.toThrow(/nowhere does not exist/);
  });
});

describe('the classes that names mean', () => {
  const labels = ['orange', 'Apple', 'pear'];

  it.each([
    [['ORANGE', 'pear'], { ORANGE: 0, pear: 2 }, "the model's labels"],
    [['2', '0'], { '2': 2, '0': 0 }, 'their names, which are numbers'],
    [['n01', 'n02', 'n03'], { n01: 0, n02: 1, n03: 2 }, 'their sorted order, as ImageFolder has it'],
  ])('%j', (names, indices, from) => {
    const found = classIndices(names, labels);
    expect(Object.fromEntries(found.indices)).toEqual(indices);
    expect(found.from).toBe(from);
  });

  it('are unknown where nothing fits', () => {
    expect(() => classIndices(['orange', 'plum'], labels)).toThrow(/no class of the name plum\. .* 2 were found/);
    expect(() => classIndices(['3', '0'], labels)).toThrow(/no class of the name 3, 0/);
  });
});
