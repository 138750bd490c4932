import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { findImageFiles } from '../../lib/cli/pictures/image-files.js';
import { inOrder } from '../../lib/cli/pictures/in-order.js';
import { load } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bitmapFile } from '../pixels/bitmap.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';

const folder = temporaryFolder();
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const classify = (...args: string[]): Promise<Ended> => runNode([builtCommand, 'classify', '--threads', '1', ...args]);

describe('inOrder', () => {
  it('gives what became of each item in their order, however long each takes', async () => {
    const work = async (item: number): Promise<number> => {
      await delay((item * 7) % 5);
      if (item === 3) throw new Error('three');
      return item * 10;
    };
    const outcomes = [];
    for await (const outcome of inOrder([0, 1, 2, 3, 4, 5], 3, work)) outcomes.push(outcome);
    expect(outcomes).toEqual(
      [0, 1, 2, 3, 4, 5].map((item) =>
        item === 3 ? { item, error: new Error('three') } : { item, result: item * 10 },
      ),
    );
  });

  it('works ahead of the consumer, and not further than it may', async () => {
    let [running, most, begun] = [0, 0, 0];
    const work = async (): Promise<void> => {
      begun++;
      most = Math.max(most, ++running);
      await delay(1);
      running--;
    };
    let done = 0;
    for await (const { item } of inOrder(
      Array.from({ length: 20 }, (_, i) => i),
      4,
      work,
    )) {
      expect(item).toBe(done++);
      await delay(2);
      expect(begun).toBe(Math.min(20, done + 3));
    }
    expect([done, most]).toEqual([20, 4]);
  });

  it('ends with what has begun, when the consumer leaves early', async () => {
    let [begun, ended] = [0, 0];
    const work = async (): Promise<void> => {
      begun++;
      await delay(5);
      ended++;
    };
    const outcomes = inOrder([1, 2, 3, 4, 5, 6], 3, work);
    await outcomes.next();
    await outcomes.return();
    expect([begun, ended]).toEqual([3, 3]);
  });
});

describe('what an argument names', () => {
  const tree = mkdtempSync(join(folder, 'tree-'));
  const at = (...names: string[]): string => join(tree, ...names);
  mkdirSync(at('b [1]', 'deep'), { recursive: true });
  mkdirSync(at('empty'));
  for (const name of [
    '2.JPEG',
    '10.png',
    'note.txt',
    '.hidden.jpg',
    'b [1]/c.webp',
    'b [1]/deep/d.tiff',
    'x*.jpg',
    'x1.jpg',
  ])
    writeFileSync(at(name), '');
  symlinkSync(tree, at('loop'));

  it('a file, whatever its name', async () => {
    expect(await findImageFiles(at('note.txt'))).toMatchObject({ kind: 'file', files: [at('note.txt')] });
    expect(await findImageFiles(at('x*.jpg'))).toMatchObject({ kind: 'file', files: [at('x*.jpg')] });
    expect(await findImageFiles(at('missing.jpg'))).toMatchObject({ kind: 'file', files: [at('missing.jpg')] });
  });

  it('a folder: the images in it and below, sorted, numbers by their value', async () => {
    const expected = ['2.JPEG', '10.png', 'b [1]/c.webp', 'b [1]/deep/d.tiff', 'x*.jpg', 'x1.jpg'].map((name) =>
      at(name),
    );
    const { kind, files } = await findImageFiles(tree);
    expect({ kind, files: files.filter((file) => !file.includes('loop')) }).toEqual({
      kind: 'folder',
      files: expected,
    });
    expect(files.length).toBeLessThan(3 * expected.length);
    expect((await findImageFiles(at('b [1]'))).files).toEqual([at('b [1]/c.webp'), at('b [1]/deep/d.tiff')]);
    expect((await findImageFiles(at('empty'))).files).toEqual([]);
  });

  it('a pattern: what it matches, absolute or relative', async () => {
    expect(await findImageFiles(at('x?.jpg'))).toMatchObject({ kind: 'pattern', files: [at('x*.jpg'), at('x1.jpg')] });
    expect((await findImageFiles(at('{2,10}.*'))).files).toEqual([at('2.JPEG'), at('10.png')]);
    expect((await findImageFiles(at('*.nothing'))).files).toEqual([]);
    const near = relative(process.cwd(), tree);
    expect((await findImageFiles(join(near, 'x?.jpg'))).files).toEqual([join(near, 'x*.jpg'), join(near, 'x1.jpg')]);
  });
});

describe('pictures of formats that are not decoded', () => {
  const mixed = mkdtempSync(join(folder, 'mixed-'));
  const others = ['a.HEIC', 'b.svg', 'c.psd', 'd.jp2', 'e.tga', 'f.ico', 'g.cr2', 'h.svgz', 'i.jxl'];
  const decoded = ['a.jfif', 'b.bmp', 'c.ppm', 'd.PGM', 'e.pnm', 'f.dib'];
  for (const name of [...others, ...decoded, 'notes.txt', 'labels.json']) writeFileSync(join(mixed, name), '');

  it('are told apart from those that are', async () => {
    const { files, passedOver } = await findImageFiles(mixed);
    expect(files).toEqual(decoded.map((name) => join(mixed, name)));
    expect(passedOver).toEqual(others.map((name) => join(mixed, name)));
    expect((await findImageFiles(join(mixed, 'b.svg'))).passedOver).toEqual([]);
  });

  it('are counted and named, and the status tells of them', async () => {
    const good = mkdtempSync(join(folder, 'good-'));
    writeFileSync(join(good, 'one.bmp'), bitmapFile({ width: 1, height: 1, bits: 24, pixels: [1, 2, 3, 0] }));
    writeFileSync(join(good, 'two.ppm'), 'P3 1 1 255 9 8 7');
    const whole = await classify(good);
    expect([whole.code, lines(whole.stdout).length, whole.stderr]).toEqual([0, 2, '']);
    writeFileSync(join(good, 'three.heic'), '');
    const { code, stdout, stderr } = await classify(good, mixed);
    expect(code).toBe(1);
    expect(lines(stdout)).toHaveLength(2);
    expect(stderr).toContain(
      `ghostnet: 10 pictures are passed over, of formats that are not decoded: ${join(good, 'three.heic')}, `,
    );
    expect(stderr).toMatch(/g\.cr2 and 2 more\. Convert to PNG or JPEG first\./);
  });
});

describe('ghostnet classify of many files', () => {
  const photos = join(folder, 'photos');
  const names = Array.from({ length: 24 }, (_, i) => `${String(i).padStart(2, '0')}.png`);
  const broken = join(photos, '07, "broken".jpg');

  beforeAll(async () => {
    mkdirSync(photos);
    for (const [i, name] of names.entries()) {
      const size = 400 - 15 * i;
      await sharp({
        create: {
          width: size,
          height: size,
          channels: 3,
          background: { r: 10 * i, g: 255 - 9 * i, b: (37 * i) % 256 },
        },
      })
        .png()
        .toFile(join(photos, name));
    }
    writeFileSync(broken, 'no picture');
  });

  it('prints a folder in order, a bad file reported and passed over, and ends with 1', async () => {
    const { stdout, stderr, code } = await classify('--json', '--top', '2', photos);
    expect(code).toBe(1);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^ghostnet: .*broken".jpg cannot be decoded/)]);
    const found = lines(stdout).map((line) => JSON.parse(line) as { image: string; top: { index: number }[] });
    expect(found.map(({ image }) => image)).toEqual(names.map((name) => join(photos, name)));
    await using model = await load();
    const expected = await model.classify(
      names.map((name) => join(photos, name)),
      { topK: 2 },
    );
    expect(found.map(({ top }) => top.map(({ index }) => index))).toEqual(
      expected.map((top) => top.map(({ index }) => index)),
    );
  });

  it('prints CSV: a row for each image and class', async () => {
    const odd = join(folder, 'a "quoted", name.png');
    writeFileSync(odd, readFileSync(join(photos, names[0]!)));
    const { stdout, code } = await classify('--csv', '--top', '2', join(photos, '0[12].png'), odd);
    expect(code).toBe(0);
    const [head, ...rows] = lines(stdout);
    expect(head).toBe('image,rank,index,label,probability');
    expect(rows).toHaveLength(6);
    await using model = await load();
    const [first, second] = await model.classify(join(photos, '01.png'), { topK: 2 });
    for (const [i, { index, label, probability }] of [first!, second!].entries()) {
      const text = /[",]/.test(label) ? `"${label}"` : label;
      expect(rows[i]).toBe(`${join(photos, '01.png')},${i + 1},${index},${text},${Number(probability.toFixed(6))}`);
    }
    expect(rows[4]!.startsWith(`"${odd.replaceAll('"', '""')}",1,`)).toBe(true);
  });

  it('takes a pattern that the shell has left alone, and prints a line for each', async () => {
    const { stdout, stderr, code } = await classify('--top', '1', join(photos, '1?.png'));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(lines(stdout).map((line) => line.split(/\s/)[0])).toEqual(
      names.slice(10, 20).map((name) => join(photos, name)),
    );
  });

  it('says where there is nothing, and goes on with the rest', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const { stdout, stderr, code } = await classify('--json', empty, join(photos, '*.gif'), join(photos, '03.png'));
    expect([lines(stdout).length, code]).toEqual([1, 1]);
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/empty holds no images \(\.jpg, /),
      expect.stringMatching(/\*\.gif does not exist, and as a pattern it matches no file\.$/),
    ]);
    expect(await classify(empty)).toMatchObject({ stdout: '', code: 1 });
  });

  it.each([
    ['--csv and --json', ['--csv', '--json', 'x.png'], /--csv.*--json/],
    ['--csv of a stream', ['--csv', '-'], /--csv is for files/],
  ])('ends with 2 on %s', async (_, args, words) => {
    const { stderr, code } = await classify(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops at %s, with whole lines', async (signal, expected) => {
    const many = Array.from({ length: 400 }, () => join(photos, '00.png'));
    const child = spawn(process.execPath, [builtCommand, 'classify', '--json', '--threads', '1', ...many], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    child.stdout.on('data', (text: Buffer) => {
      if (stdout === '') child.kill(signal);
      stdout += text.toString();
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr }).toEqual({ code: expected, stderr: '' });
    expect(stdout.endsWith('\n')).toBe(true);
    expect(lines(stdout).length).toBeLessThan(400);
    for (const line of lines(stdout)) expect(JSON.parse(line)).toMatchObject({ image: many[0] });
  });

  it('ends in silence when nobody reads on', async () => {
    const many = Array.from({ length: 200 }, () => join(photos, '00.png'));
    const child = spawn(process.execPath, [builtCommand, 'classify', '--json', '--threads', '1', ...many], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = (await once(child, 'exit')) as [number | null];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.skipIf(spawnSync('script', ['--version']).status !== 0)(
    'shows on a terminal how far it is, and how fast it was',
    () => {
      const out = join(folder, 'out.jsonl');
      closeSync(openSync(out, 'w'));
      const command = `'${process.execPath}' '${builtCommand}' classify --json --threads 1 '${photos}' > '${out}'`;
      const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
      expect(stdout).toMatch(/\r\[#*-*\] +\d+ % {2}\d+ images, \d+\.\d a second/);
      // The report stands on a line of its own, and in the end so does the rate.
      expect(stdout).toContain(`\r\u001b[Kghostnet: ${broken} cannot be decoded`);
      expect(stdout).toMatch(/25 images, \d+\.\d a second\r?\n$/);
      expect(lines(readFileSync(out, 'utf8'))).toHaveLength(24);
    },
  );
});
