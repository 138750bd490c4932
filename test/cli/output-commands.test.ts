import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { load, type GhostNet } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';

const folder = temporaryFolder();
const pictures = join(folder, 'pictures');
const sample = fileURLToPath(new URL('../../examples/sample.png', import.meta.url));
const [broken, near, far] = [
  join(pictures, 'broken.jpg'),
  join(pictures, 'deep', 'near.PNG'),
  join(pictures, 'far.webp'),
];
let model: GhostNet;

const ghostnet = (...args: string[]): Promise<Ended> => runNode([builtCommand, ...args]);
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);

beforeAll(async () => {
  mkdirSync(dirname(near), { recursive: true });
  await sharp(sample).resize(200).modulate({ brightness: 1.1 }).png().toFile(near);
  await sharp({ create: { width: 90, height: 70, channels: 3, background: '#2a6' } })
    .webp({ lossless: true })
    .toFile(far);
  copyFileSync(sample, join(pictures, 'sample.png'));
  writeFileSync(broken, 'no picture');
  writeFileSync(join(pictures, 'notes.txt'), 'no image file, and not taken for one');
  model = await load();
});
afterAll(() => model.dispose());

/** NumPy's format as its description tells it, read without the writer's code. */
function readNpy(path: string): { shape: number[]; data: Float32Array } {
  const bytes = readFileSync(path);
  expect(bytes.toString('latin1', 0, 8)).toBe('\x93NUMPY\x01\x00');
  const start = 10 + bytes.readUInt16LE(8);
  expect(start % 64).toBe(0);
  const header = bytes.toString('latin1', 10, start);
  const [, kind, rows, columns] =
    /^\{'descr': '([<>]f4)', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n$/.exec(header)!;
  expect(kind).toBe(endianness() === 'LE' ? '<f4' : '>f4');
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
  return { shape: [Number(rows), Number(columns)], data };
}

describe('ghostnet embed', () => {
  it('writes an array for NumPy with the names beside it, and tells of bad files', async () => {
    const output = join(folder, 'vectors.npy');
    const { stdout, stderr, code } = await ghostnet('embed', pictures, '-o', output);
    expect({ stdout, code }, stderr).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(/^ghostnet: \S+broken\.jpg cannot be decoded: [^\n]+\n$/);
    const { shape, data } = readNpy(output);
    const names = JSON.parse(readFileSync(join(folder, 'vectors.names.json'), 'utf8')) as string[];
    expect(names).toEqual([near, far, join(pictures, 'sample.png')]);
    expect(shape).toEqual([3, 1280]);
    for (const [i, name] of names.entries())
      expect(data.slice(1280 * i, 1280 * (i + 1)), name).toEqual((await model.embed(name)).data);
    expect(readdirSync(folder).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  });

  it('writes JSON lines, to a file or to standard output, of unit length on request', async () => {
    const output = join(folder, 'vectors.jsonl');
    const toFile = await ghostnet('embed', near, far, '-o', output, '--normalize');
    const printed = await ghostnet('embed', near, far, '--normalize');
    expect([toFile, { ...printed, stdout: '' }]).toEqual([
      { stdout: '', stderr: '', code: 0 },
      { stdout: '', stderr: '', code: 0 },
    ]);
    expect(readFileSync(output, 'utf8')).toBe(printed.stdout);
    const rows = lines(printed.stdout).map((line) => JSON.parse(line) as { image: string; embedding: number[] });
    expect(rows.map(({ image }) => image)).toEqual([near, far]);
    for (const { image, embedding } of rows)
      expect(Float32Array.from(embedding)).toEqual((await model.embed(image, { normalize: true })).data);
  });

  it('leaves what was there where no image can be embedded', async () => {
    const output = join(folder, 'kept.npy');
    writeFileSync(output, 'before');
    const { stderr, code } = await ghostnet('embed', broken, join(folder, 'none.png'), '-o', output);
    expect(code).toBe(1);
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/broken\.jpg/),
      expect.stringMatching(/none\.png does not exist/),
      expect.stringMatching(/kept\.npy is not written: there is no image/),
    ]);
    expect(readFileSync(output, 'utf8')).toBe('before');
    expect(readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept.npy']);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const output = join(folder, 'stopped.jsonl');
    const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith('stopped'));
    const child = spawn(process.execPath, [builtCommand, 'embed', ...Array<string>(3000).fill(far), '-o', output]);
    await vi.waitUntil(() => left().length > 0, { timeout: 30_000, interval: 5 });
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(left()).toEqual([]);
  });

  it.each([
    [['embed', near, '-o', 'vectors.csv'], 2, /should be a \.npy or \.jsonl file/],
    [['embed'], 2, /missing required argument/],
    [['embed', near, '-o', join(folder, 'nowhere/vectors.npy')], 1, /nowhere\/vectors\.npy cannot be written/],
  ])('refuses %j', async (args, code, words) => {
    const ended = await ghostnet(...args);
    expect(ended).toMatchObject({ stdout: '', code, stderr: expect.stringMatching(words) });
    expect(ended.stderr).toMatch(/^ghostnet: [^\n]+\n$/);
  });
});

describe('ghostnet similar', () => {
  it('prints the nearest pictures first, without the query itself', async () => {
    const query = join(pictures, 'sample.png');
    const { stdout, stderr, code } = await ghostnet('similar', query, pictures, '--json');
    expect(code).toBe(1);
    expect(stderr).toMatch(/broken\.jpg cannot be decoded/);
    const matches = lines(stdout).map((line) => JSON.parse(line) as { image: string; similarity: number });
    expect(matches.map(({ image }) => image)).toEqual([near, far]);
    const { data } = await model.embed(query);
    for (const { image, similarity } of matches)
      expect(similarity).toBeCloseTo(cosine(data, (await model.embed(image)).data), 5);
    expect(matches[0]!.similarity).toBeGreaterThan(matches[1]!.similarity);
  });

  it('prints as many as are asked for', async () => {
    const { stdout, code } = await ghostnet('similar', sample, far, near, '--top', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +0\.\d{3} {2}\S+near\.PNG\n$/);
  });

  it.each([
    ['a query that is no picture', [broken, far], /broken\.jpg cannot be decoded/],
    ['nothing to compare with', [sample, sample], /no image to compare/],
  ])('fails for %s', async (_, args, words) => {
    expect(await ghostnet('similar', ...args)).toMatchObject({
      stdout: '',
      code: 1,
      stderr: expect.stringMatching(words),
    });
  });
});

describe('ghostnet attention', () => {
  it.each([
    ['sheet.png', 'png'],
    ['sheet.jpg', 'jpeg'],
  ])('draws the picture and 14 heat maps into %s', async (name, format) => {
    const output = join(folder, name);
    expect(await ghostnet('attention', sample, '-o', output, '--side', '128')).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
    });
    const { data, info } = await sharp(output).raw().toBuffer({ resolveWithObject: true });
    expect((await sharp(output).metadata()).format).toBe(format);
    expect([info.width, info.height]).toEqual([8 + 5 * 200, 8 + 3 * 220]);
    // Every one of the 15 tiles has colours, no two tiles the same.
    const tile = (i: number): string => {
      const [left, top] = [8 + (i % 5) * 200, 8 + Math.floor(i / 5) * 220];
      return Array.from({ length: 64 }, (_, k) => {
        const at = ((top + 12 + 24 * Math.floor(k / 8)) * info.width + left + 12 + 24 * (k % 8)) * info.channels;
        return data.subarray(at, at + 3).join(' ');
      }).join();
    };
    const tiles = Array.from({ length: 15 }, (_, i) => tile(i));
    expect(new Set(tiles).size).toBe(15);
    for (const pixels of tiles) expect(new Set(pixels.split(',')).size).toBeGreaterThan(16);
  });

  it('puts red where the mean of the gate is largest and blue where it is smallest', async () => {
    const { attentionSheet } = await import('../../lib/cli/output/attention-sheet.js');
    const tensor = { data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] as const };
    const gate = {
      name: 'blocks.2.0',
      data: Float32Array.of(0.1, 0.2, 0.2, 0.9, 0.1, 0.2, 0.2, 0.7),
      shape: [1, 2, 2, 2] as const,
      stride: 8,
    };
    const sheet = await attentionSheet(tensor, model.config.preprocess, [gate], 'png');
    const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
    const [leftTop, rightBottom] = [
      [4, 4],
      [187, 187],
    ].map(([x, y]) => [...data.subarray(((8 + y!) * info.width + 208 + x!) * 3).subarray(0, 3)]);
    expect(leftTop![2]).toBeGreaterThan(leftTop![0]! + 20);
    expect(rightBottom![0]).toBeGreaterThan(rightBottom![2]! + 50);
  });

  it('has nothing to draw of a V1, and writes nothing', async () => {
    const [weights, output] = [join(folder, 'v1.safetensors'), join(folder, 'v1.png')];
    writeFileSync(weights, savedTensors(syntheticStateDict(1, 0.1, 10)));
    expect(await ghostnet('attention', sample, '-o', output, '--model', weights)).toMatchObject({
      stdout: '',
      code: 1,
      stderr: expect.stringMatching(/GhostNet V1, which has no attention/),
    });
    expect(existsSync(output)).toBe(false);
  });

  it('wants an output that it can write', async () => {
    expect(await ghostnet('attention', sample, '-o', 'sheet.bmp')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/\.png, \.jpg, \.jpeg, \.webp/),
    });
    expect(await ghostnet('attention', sample)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/required option '-o/),
    });
  });
});
