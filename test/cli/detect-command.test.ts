import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawDetections, load, type Detection } from '../../lib/index.js';
import { lampHeight, lampPicture, lampWidth, saveLampDetector } from '../../testing/lamps.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const [model, photos] = [join(folder, 'lamps'), join(folder, 'photos')];
const [two, one, none] = ['two.png', 'one.jpg', 'deep/none.gif'].map((name) => join(photos, name)) as [
  string,
  string,
  string,
];
const broken = join(folder, 'broken.jpg');
const classifier = fileURLToPath(new URL('../../weights/ghostnetv2-tiny', import.meta.url));
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const ghostnet = (...args: string[]): Promise<Ended> => runNode([builtCommand, ...args]);
const detect = (...args: string[]): Promise<Ended> => ghostnet('detect', '--model', model, '--threads', '1', ...args);

beforeAll(async () => {
  saveLampDetector(model);
  mkdirSync(join(photos, 'deep'), { recursive: true });
  writeFileSync(two, await lampPicture([100, 100], [240, 180]));
  await sharp(await lampPicture([200, 60]))
    .jpeg({ quality: 100 })
    .toFile(one);
  await sharp(await lampPicture())
    .gif()
    .toFile(none);
  writeFileSync(broken, 'no picture');
});

interface Line {
  readonly image: string;
  readonly detections: readonly Detection[];
}

const parsed = ({ stdout }: Ended): Line[] => lines(stdout).map((line) => JSON.parse(line) as Line);
const asPrinted = (detections: readonly Detection[]): unknown =>
  detections.map(({ index, label, score, box }) => ({
    index,
    label,
    score: expect.closeTo(score, 5) as number,
    box: Object.fromEntries(Object.entries(box).map(([side, at]: [string, number]) => [side, Number(at.toFixed(2))])),
  }));

async function pixelsOf(file: string | Buffer): Promise<{ data: Buffer; width: number; height: number; channels: 3 }> {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 3 };
}

describe('ghostnet detect', () => {
  it('prints a table for one image', async () => {
    const { stdout, stderr, code } = await detect(two);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const [head, ...rows] = lines(stdout);
    expect(head).toMatch(/two\.png {2}\(decode \d+\.\d ms, preprocess \d+\.\d ms, network \d+\.\d ms\)$/);
    expect(rows).toEqual([
      expect.stringMatching(/^ {2}lamp {3}8\d\.\d % {2}72,72 to 120,120$/),
      expect.stringMatching(/^ {2}lamp {3}8\d\.\d % {2}208,152 to 256,200$/),
      expect.stringMatching(/^before it: model loaded in \d+\.\d ms, decoder in \d+\.\d ms$/),
    ]);
    expect(lines((await detect(none)).stdout)[1]).toBe('  nothing');
  });

  it('prints a line for each image of a folder, a bad one passed over, and ends with 1', async () => {
    const { stdout, stderr, code } = await detect(photos, broken);
    expect(code).toBe(1);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^ghostnet: .*broken\.jpg cannot be decoded/)]);
    expect(lines(stdout).map((line) => line.replace(/ms {2}/, '|').split('|')[1])).toEqual([
      'nothing',
      expect.stringMatching(/^lamp 8\d\.\d % \(\d+,\d+ to \d+,\d+\)$/),
      expect.stringMatching(/^lamp 8\d\.\d % \(72,72 to 120,120\); lamp 8\d\.\d % \(208,152 to 256,200\)$/),
    ]);
  });

  it('prints JSON and CSV of what detect() finds', async () => {
    const images = [two, one, none];
    await using detector = await load(model);
    const expected = await detector.detect(images);
    const json = await detect('--json', ...images);
    expect([json.stderr, json.code]).toEqual(['', 0]);
    expect(parsed(json).map(({ image, detections }) => [image, detections])).toEqual(
      images.map((image, i) => [image, asPrinted(expected[i]!)]),
    );
    const [head, ...rows] = lines((await detect('--csv', ...images)).stdout);
    expect(head).toBe('image,index,label,score,xmin,ymin,xmax,ymax');
    expect(rows.map((row) => row.split(','))).toEqual(
      parsed(json).flatMap(({ image, detections }) =>
        detections.map(({ index, label, score, box }) => [
          image,
          ...[index, label, score, box.xmin, box.ymin, box.xmax, box.ymax].map(String),
        ]),
      ),
    );
  });

  it('looks for what it is told to', async () => {
    const count = async (...args: string[]): Promise<number> =>
      parsed(await detect('--json', two, ...args))[0]!.detections.length;
    expect(await count()).toBe(2);
    expect(await count('--max', '1')).toBe(1);
    expect(await count('--threshold', '0.95')).toBe(0);
    expect(await count('--iou', '1')).toBeGreaterThan(2);
    expect(await count('--classes', 'ghost')).toBe(0);
    expect(await count('--classes', 'ghost,0')).toBe(2);
    expect(await count('--classes', 'ghost', '--classes', 'lamp')).toBe(2);
    const all = ['--threshold', '0', '--iou', '1', '--max', '1000', '--size', '48x64'];
    expect(await count(...all)).toBe(6 * 8);
    expect(await count(...all, '--multi-label')).toBe(2 * 6 * 8);
    const unknown = await detect('--classes', 'lump', photos);
    expect([unknown.stdout, unknown.code]).toEqual(['', 1]);
    expect(unknown.stderr).toBe('ghostnet: classes: the model has no class "lump". Did you mean lamp?\n');
  });

  it('tells a label with a comma from two', async () => {
    const other = join(folder, 'other labels');
    saveLampDetector(other, ['lamp, lit', 'ghost']);
    const { stdout, stderr } = await ghostnet('detect', '-m', other, two, '--json', '--classes', 'lamp, lit');
    expect([stderr, JSON.parse(stdout)]).toMatchObject(['', { detections: [{ label: 'lamp, lit' }, { index: 0 }] }]);
  });
});

describe('ghostnet detect -o', () => {
  it('draws what was found, in any format', async () => {
    await using detector = await load(model);
    const expected = drawDetections(await pixelsOf(two), await detector.detect(two));
    const file = join(folder, 'boxes.png');
    const { stdout, stderr, code } = await detect(two, '-o', file);
    expect([lines(stdout).length, stderr, code]).toEqual([4, '', 0]);
    expect((await pixelsOf(file)).data.equals(expected.data)).toBe(true);
    for (const [name, format] of [
      ['boxes.jpg', 'jpeg'],
      ['boxes.webp', 'webp'],
    ] as const) {
      expect((await detect(two, '-o', join(folder, name))).code).toBe(0);
      expect(await sharp(join(folder, name)).metadata()).toMatchObject({
        format,
        width: lampWidth,
        height: lampHeight,
      });
    }
  });

  it('draws on the whole picture, upright, where a region was looked at', async () => {
    const turned = join(folder, 'turned.jpg');
    const stored = await sharp(await lampPicture([240, 180]))
      .rotate(-90)
      .toBuffer();
    await sharp(stored).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toFile(turned);
    const file = join(folder, 'upright.png');
    const region = '--region=160,120,160,120';
    const [{ detections }] = parsed(await detect(turned, region, '--max', '1', '--json', '-o', file)) as [Line];
    expect(detections).toHaveLength(1);
    const { xmin, ymin, xmax, ymax } = detections[0]!.box;
    expect([xmin < 240, 240 < xmax, ymin < 180, 180 < ymax]).toEqual([true, true, true, true]);
    const drawn = await pixelsOf(file);
    expect([drawn.width, drawn.height]).toEqual([lampWidth, lampHeight]);
    const red = drawn.data[3 * (Math.round((ymin + ymax) / 2) * lampWidth + Math.round(xmin))]!;
    expect(red).toBeGreaterThan(128);
  });

  it('keeps the names of several in a folder', async () => {
    const out = join(folder, 'out', 'put');
    const { stderr, code } = await detect(photos, '--json', '-o', `${out}/`);
    expect([stderr, code]).toEqual(['', 0]);
    expect(readdirSync(out, { recursive: true }).map(String).sort()).toEqual([
      'deep',
      join('deep', 'none.gif.png'),
      'one.jpg',
      'two.png',
    ]);
  });

  it('makes the folder of the picture', async () => {
    const file = join(folder, 'made', 'for', 'two.png');
    expect((await detect(two, '-o', file)).code).toBe(0);
    expect(await sharp(file).metadata()).toMatchObject({ format: 'png', width: lampWidth });
  });

  it('overwrites nothing without --force, and says so before it begins', async () => {
    const file = join(folder, 'there.png');
    writeFileSync(file, 'mine');
    const { stdout, stderr, code } = await detect(two, '-o', file);
    expect([stdout, code, readFileSync(file, 'utf8')]).toEqual(['', 1, 'mine']);
    expect(stderr).toMatch(/there\.png exists already\..*--force/);
    expect((await detect(two, '-o', file, '--force')).code).toBe(0);
    expect(await sharp(file).metadata()).toMatchObject({ format: 'png' });
  });

  it.each<[string, () => string[], number, RegExp]>([
    [
      'one picture for several',
      () => [two, one, '-o', 'a.png'],
      1,
      /a\.png is one picture, and there are 2\. Name a folder, as a\/\./,
    ],
    ['two of one name', () => [two, join(photos, '*.png'), '-o', 'a/'], 1, /would both be written to a.two\.png/],
    ['another format', () => [two, '-o', 'a.gif'], 2, /should end in \.png, .*, be a folder/],
    ['JSON beside the stream', () => [two, '--json', '-o', '-'], 2, /--json and -o - both/],
    ['CSV beside the stream', () => [two, '--csv', '-o', '-'], 2, /--csv and -o - both/],
    ['a file of a stream', () => ['-', '-o', 'a.png'], 2, /of a stream, -o is -/],
    ['CSV of events', () => [two, '--csv', '--line', '0,0,1,1'], 2, /--csv has boxes alone/],
    ['a threshold beyond 1', () => [two, '--threshold', '2'], 2, /from 0 to 1/],
    ['half a line', () => [two, '--line', '0,0,1'], 2, /Expected two points/],
    ['a line without length', () => [two, '--line', '5,5,5,5'], 2, /Expected two points/],
    ['a zone of two corners', () => [two, '--zone', '0,0,1,1'], 2, /Expected three corners/],
    ['a file below a file', () => [two, '-o', join(two, 'a.png')], 1, /a\.png cannot be written \(ENOTDIR/],
    ['a dwell without a zone', () => [two, '--track', '--dwell', '5'], 2, /--dwell is for --zone/],
    ['a frame rate of nothing', () => [two, '--frame-rate', '5'], 2, /--frame-rate is for --track, --line and --zone/],
    ['a zone of nothing', () => [two, '--zone', '0,0,1,1,2,2'], 2, /three corners or more around an area/],
    ['no frame rate', () => [two, '--track', '--frame-rate', '0'], 2, /above 0/],
  ])('refuses %s', async (_, args, expected, words) => {
    const { stdout, stderr, code } = await detect(...args());
    expect([stdout, code], stderr).toEqual(['', expected]);
    expect(stderr).toMatch(words);
  });
});

describe('a detector in other commands', () => {
  it.each([
    [
      'classify',
      () => ['classify', '-m', model, two],
      /made for detection: ask detect\(\) of it, not classify\(\)\.\n$/,
    ],
    ['check', () => ['check', model], /made for detection, and what is compared are the logits of classifiers/],
  ] as const)('%s says what it is made for', async (_, args, words) => {
    const { stdout, stderr, code } = await ghostnet(...args());
    expect([stdout, code]).toEqual(['', 1]);
    expect(stderr).toMatch(words);
  });

  it('a classifier says so to detect, which looks for none by itself', async () => {
    const { stdout, stderr, code } = await ghostnet('detect', two, '--classes', 'person', '-m', classifier);
    expect([stdout, code]).toEqual(['', 1]);
    expect(stderr).toMatch(/made for classification: ask classify\(\) of it, not detect\(\)\.\n$/);
    const without = await ghostnet('detect', two);
    expect([without.stdout, without.code]).toEqual(['', 2]);
    expect(without.stderr).toMatch(/required option '-m, --model <path or name>' not specified/);
  });

  it('info shows its task, its head and who says so', async () => {
    const { stdout, code } = await ghostnet('info', '-m', model);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '\ntask        detection\nhead        upsampling bilinear (assumed)\n            levels 4 (assumed)\n            strides 8 (assumed)\n            scoreThreshold 0.3 (assumed)\n            iouThreshold 0.5 (assumed)\nlabels      lamp; ghost (config.json)\nfile ',
    );
    const anchors = join(folder, 'strides');
    saveLampDetector(anchors);
    const config = JSON.parse(readFileSync(join(anchors, 'config.json'), 'utf8')) as object;
    writeFileSync(join(anchors, 'config.json'), JSON.stringify({ ...config, strides: [16] }));
    expect((await ghostnet('info', '-m', anchors)).stdout).toContain('strides 16 (config.json)');
  });

  it("takes the model's own threshold where it is told none, followed or not", async () => {
    const sure = join(folder, 'sure');
    saveLampDetector(sure);
    const config = JSON.parse(readFileSync(join(sure, 'config.json'), 'utf8')) as object;
    writeFileSync(join(sure, 'config.json'), JSON.stringify({ ...config, score_threshold: 0.95 }));
    const found = async (...args: string[]): Promise<number> => {
      const ended = await ghostnet('detect', two, two, '--json', '-m', sure, ...args);
      return parsed(ended).reduce((sum, { detections }) => sum + detections.length, 0);
    };
    expect([await found(), await found('--threshold', '0.5')]).toEqual([0, 4]);
    expect([await found('--track'), await found('--track', '--threshold', '0.5')]).toEqual([0, 4]);
  });

  it('bench measures it', async () => {
    const { stdout, stderr, code } = await ghostnet('bench', '-m', model, '-t', '1', '--seconds', '0.05');
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toMatch(/^model +\S+_nanodetplus, detection, 2 classes, fp32$/m);
  });
});
