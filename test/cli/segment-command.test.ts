import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { labelPicture } from '../../lib/cli/output/picture-file.js';
import { colorize, load, mjpegFrames, type SegmentedClass } from '../../lib/index.js';
import { lampHeight, lampPicture, lampWidth, saveLampDetector, saveLampSegmenter } from '../../testing/lamps.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { startCommand } from './running-command.js';

const folder = temporaryFolder();
const [model, photos] = [join(folder, 'lamps'), join(folder, 'photos')];
const [two, none] = [join(photos, 'two.png'), join(photos, 'none.jpg')];
const film = join(folder, 'film.mjpeg');
const own = ['--model', model, '--threads', '1'];
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const segment = (...args: string[]): Promise<Ended> => runNode([builtCommand, 'segment', ...own, ...args]);

beforeAll(async () => {
  saveLampSegmenter(model);
  mkdirSync(photos);
  writeFileSync(two, await lampPicture([100, 100], [240, 180]));
  const jpeg = async (picture: Buffer): Promise<Buffer> => sharp(picture).jpeg({ quality: 100 }).toBuffer();
  writeFileSync(none, await jpeg(await lampPicture()));
  writeFileSync(film, Buffer.concat([await jpeg(await lampPicture()), await jpeg(await lampPicture([100, 100]))]));
});

interface Line {
  readonly image: string;
  readonly frame?: number;
  readonly width: number;
  readonly height: number;
  readonly classes: readonly SegmentedClass[];
}

const parsed = ({ stdout }: Ended): Line[] => lines(stdout).map((line) => JSON.parse(line) as Line);

async function pixelsOf(file: string | Buffer): Promise<{ data: Buffer; width: number; height: number; channels: 3 }> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 3 };
}

describe('ghostnet segment', () => {
  it('prints the shares of the classes, the largest first', async () => {
    const { stdout, stderr, code } = await segment(two);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(lines(stdout).slice(1, -1)).toEqual([
      expect.stringMatching(/^ {2}dark {3}9\d\.\d %$/),
      expect.stringMatching(/^ {2}lamp {4}\d\.\d %$/),
    ]);
    const several = await segment(two, none);
    expect(lines(several.stdout).map((line) => line.replace(/^.* ms {2}/, ''))).toEqual([
      expect.stringMatching(/^dark 9\d\.\d %; lamp \d\.\d %$/),
      'dark 100.0 %',
    ]);
  });

  it('prints JSON and CSV of what segment() tells', async () => {
    await using segmenter = await load(model);
    const { width, height, classes } = await segmenter.segment(two);
    const [found] = parsed(await segment('--json', two));
    expect(found).toMatchObject({ image: two, width, height });
    expect(found!.classes).toEqual(classes.map((one) => ({ ...one, share: expect.closeTo(one.share, 5) as number })));
    const [head, ...rows] = lines((await segment('--csv', two)).stdout);
    expect(head).toBe('image,index,label,pixels,share');
    expect(rows).toEqual(
      found!.classes.map(({ index, label, pixels, share }) => [two, index, label, pixels, share].join(',')),
    );
  });

  it('draws the colours over the picture, and writes the labels', async () => {
    const [overlay, mask] = [join(folder, 'overlay.png'), join(folder, 'mask.png')];
    const { stderr, code } = await segment(two, '-o', overlay, '--mask', mask, '--opacity', '0.25');
    expect([stderr, code]).toEqual(['', 0]);
    await using segmenter = await load(model);
    const found = await segmenter.segment(two);
    const expected = colorize(found, { image: await pixelsOf(two), opacity: 0.25 });
    expect((await pixelsOf(overlay)).data.equals(expected.data)).toBe(true);
    expect(await sharp(mask).metadata()).toMatchObject({
      width: lampWidth,
      height: lampHeight,
      channels: 1,
      depth: 'uchar',
    });
    const data = await sharp(mask).toColourspace('b-w').raw().toBuffer();
    expect(data.equals(Buffer.from(found.labels))).toBe(true);
    const again = await segment(two, '--mask', mask);
    expect([again.stdout, again.code]).toEqual(['', 1]);
    expect(again.stderr).toMatch(/mask\.png exists already/);
  });

  it('draws a region by itself', async () => {
    const overlay = join(folder, 'region.png');
    expect((await segment(two, '--region', '60,60,80,96', '-o', overlay)).code).toBe(0);
    expect(await sharp(overlay).metadata()).toMatchObject({ width: 80, height: 96 });
  });

  it('keeps the names of several; labels are always PNG', async () => {
    const [drawn, masks] = [join(folder, 'drawn'), join(folder, 'masks')];
    const { stderr, code } = await segment(photos, '--json', '-o', `${drawn}/`, '--mask', `${masks}/`);
    expect([stderr, code]).toEqual(['', 0]);
    expect(readdirSync(drawn).sort()).toEqual(['none.jpg', 'two.png']);
    expect(readdirSync(masks).sort()).toEqual(['none.png', 'two.png']);
  });

  it('writes labels of more than 256 classes in 16 bits', async () => {
    const labels = Uint16Array.of(0, 255, 256, 40000, 65535, 1);
    const file = await labelPicture(labels, 3, 2);
    expect(await sharp(file).metadata()).toMatchObject({ format: 'png', depth: 'ushort', channels: 1 });
    const raw = await sharp(file).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
    expect([...new Uint16Array(raw.buffer, raw.byteOffset, 6)]).toEqual([...labels]);
  });

  it('reads a stream, and writes one', async () => {
    const { stdout, stderr, code } = await startCommand(['segment', ...own, '--json', '-'], film).ended;
    expect([stderr, code]).toEqual([[], 0]);
    const found = stdout.map((line) => JSON.parse(line) as Line);
    expect(found.map(({ frame, classes }) => [frame, classes.length])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    const { child, ended } = startCommand(['segment', ...own, '-o', '-', '-'], film);
    const shown: Uint8Array[] = [];
    for await (const frame of mjpegFrames(child.stdout!, { latest: false })) shown.push(frame);
    expect((await ended).code).toBe(0);
    expect(shown).toHaveLength(2);
    expect(await sharp(shown[1]).metadata()).toMatchObject({ width: lampWidth, height: lampHeight });
  });

  it.each<[string, string[], number, RegExp]>([
    ['labels in another format', [two, '--mask', 'a.jpg'], 2, /--mask should end in \.png/],
    ['labels of a stream', ['-', '--mask', 'a.png'], 2, /--mask is for files/],
    ['one picture of labels for several', [two, none, '--mask', 'a.png'], 1, /a\.png is one picture/],
    ['labels and colours in one file', [two, '-o', 'a.png', '--mask', './a.png'], 2, /-o and --mask are two pictures/],
    ['labels and colours in one folder', [two, '-o', 'a/', '--mask', 'a/../a/'], 2, /name two files or folders/],
    ['an opacity of nothing', [two, '--opacity', '0.5'], 2, /--opacity is that of the colours that -o draws/],
    ['an opacity beyond 1', [two, '--opacity', '3'], 2, /from 0 to 1/],
  ])('refuses %s', async (_, args, expected, words) => {
    const { stdout, stderr, code } = await segment(...args);
    expect([stdout, code], stderr).toEqual(['', expected]);
    expect(stderr).toMatch(words);
  });

  it('asks for a model, and says that a detector is none', async () => {
    const without = await runNode([builtCommand, 'segment', two]);
    expect([without.stdout, without.code]).toEqual(['', 2]);
    expect(without.stderr).toMatch(/required option '-m, --model <path or name>' not specified/);
    const detector = join(folder, 'detector');
    saveLampDetector(detector);
    const { stdout, stderr, code } = await runNode([builtCommand, 'segment', '-m', detector, two]);
    expect([stdout, code]).toEqual(['', 1]);
    expect(stderr).toMatch(/made for detection: ask detect\(\) of it, not segment\(\)\.\n$/);
  });
});
