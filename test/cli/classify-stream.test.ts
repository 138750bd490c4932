import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { folder, start, run, parse, framesIn, pictures, answers, undecodable } from './stream-process.js';

describe('ghostnet classify -', () => {
  it('prints a line for every frame of a file', async () => {
    const file = join(folder, 'film.mjpeg');
    writeFileSync(file, Buffer.concat(pictures));
    const { stdout, stderr, code } = await start(['-', '--top', '2'], file).ended;
    expect({ stderr, code }).toEqual({ stderr: [], code: 0 });
    expect(stdout).toHaveLength(pictures.length);
    for (const [i, line] of stdout.entries()) {
      const words = answers[i]!.slice(0, 2).map(
        ({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`,
      );
      expect(line).toMatch(/^frame +\d+ {2}decode +\d+\.\d {2}preprocess +\d+\.\d {2}network +\d+\.\d ms {2}/);
      expect(Number(line.slice(6, 12))).toBe(i + 1);
      expect(line.endsWith(` ms  ${words.join('; ')}`)).toBe(true);
    }
  });

  it('prints JSON, one object a line', async () => {
    const parts = pictures.flatMap((picture) => [
      Buffer.from(`--frame\r\nContent-Length: ${picture.length}\r\n\r\n`),
      picture,
    ]);
    const { stdout, stderr, code } = await run(['-', '--json', '--no-latest', '--threads', '1'], Buffer.concat(parts));
    expect({ stderr, code }).toEqual({ stderr: [], code: 0 });
    const expected = answers.map((top, i) => ({
      image: '-',
      frame: i + 1,
      ...Object.fromEntries(
        [
          'latencyMs',
          'decodeMs',
          'preprocessMs',
          'networkMs',
          ...(i === 0 ? ['loadModelMs', 'loadDecoderMs'] : []),
        ].map((name) => [name, expect.any(Number)]),
      ),
      top: top.map((entry) => ({ ...entry, probability: expect.closeTo(entry.probability, 5) as number })),
    }));
    expect(parse(stdout)).toEqual(expected);
  });

  it('takes the newest frame of a pipe', async () => {
    const { child, line, ended } = start(['-', '--json']);
    child.stdin!.write(pictures[0]!);
    expect(framesIn([await line()])).toEqual([1]);
    child.stdin!.write(Buffer.concat(Array.from({ length: 10 }, () => pictures[4]!).concat(pictures[1]!)));
    child.stdin!.end();
    const { stdout, stderr, code } = await ended;
    // A camera has no end: if the pipe has one, something broke off.
    expect({ stderr, code }).toEqual({
      stderr: [expect.stringMatching(/^ghostnet: Standard input ended after frame 12: .*--no-latest.*\.$/)],
      code: 1,
    });
    const frames = framesIn(stdout);
    expect(frames).toEqual([...new Set(frames)].sort((a, b) => a - b));
    expect(frames.length).toBeLessThan(8);
    expect(frames.at(-1)).toBe(12);
    expect(parse(stdout).at(-1)!.top[0]!.label).toBe(answers[1]![0]!.label);
  });

  it.each<[string, string[], number]>([
    ['every frame is wanted', ['--no-latest'], 3],
    ['it is one picture', [], 1],
  ])('has no complaint about a pipe that ends where %s', async (_, args, count) => {
    const { stdout, stderr, code } = await run(['-', ...args], Buffer.concat(pictures.slice(0, count)));
    expect([stdout.length, stderr, code]).toEqual([count, [], 0]);
  });

  it("takes even the first frame for a camera's where the newest was asked for", async () => {
    const { stderr, code } = await run(['-', '--latest'], pictures[0]!);
    expect({ stderr, code }).toEqual({ stderr: [expect.stringMatching(/ended after frame 1: /)], code: 1 });
  });

  it('says that the camera broke off within a frame', async () => {
    const { stderr, code } = await run(['-'], Buffer.concat([pictures[0]!, pictures[1]!.subarray(0, 1000)]));
    expect({ stderr, code }).toEqual({
      stderr: ['ghostnet: Standard input ended in the middle of a frame, after 1000 bytes of it.'],
      code: 1,
    });
  });

  it('ends when nothing has come for as long as it is told', async () => {
    const { child, ended } = start(['-', '--stall', '0.5']);
    child.stdin!.write(pictures[0]!);
    const { stdout, stderr, code } = await ended;
    expect([stdout.length, stderr, code]).toEqual([
      1,
      ['ghostnet: Nothing has come from standard input for 0.5 s.'],
      1,
    ]);
  });

  it('takes the newest frame of a file when told', async () => {
    const file = join(folder, 'latest.mjpeg');
    writeFileSync(file, Buffer.concat(pictures));
    const { stdout, code } = await start(['-', '--json', '--latest'], file).ended;
    expect([framesIn(stdout), code]).toEqual([[5], 0]);
  });

  it('reports bad frames, goes on, and ends with 1', async () => {
    const [a, b, c] = pictures as [Buffer, Buffer, Buffer];
    const { stdout, stderr, code } = await run(
      ['-', '--json', '--no-latest'],
      Buffer.concat([a, b.subarray(0, 2000), b, undecodable, c, a.subarray(0, -1)]),
    );
    expect([framesIn(stdout), code]).toEqual([[1, 2, 4], 1]);
    expect(stderr).toEqual([
      'ghostnet: A frame is skipped: broken, 2000 bytes.',
      expect.stringMatching(/^ghostnet: Frame 3: The image of \d+ bytes cannot be decoded: .*\.$/),
      `ghostnet: Standard input ended in the middle of a frame, after ${a.length - 1} bytes of it.`,
    ]);
  });

  it('ends after as many frames as it is told, though the camera goes on', async () => {
    const { child, ended } = start(['-', '--json', '--no-latest', '--max-frames', '2']);
    child.stdin!.write(Buffer.concat([undecodable, ...pictures]));
    const { stdout, stderr, code } = await ended;
    expect([framesIn(stdout), stderr.length, code]).toEqual([[2, 3], 1, 1]);
  });

  it.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends cleanly on %s', async (signal, expectedCode) => {
    for (const input of [pictures[0]!, Buffer.concat([pictures[0]!, pictures[1]!.subarray(0, 1000)])]) {
      const { child, line, ended } = start(['-']);
      child.stdin!.write(input);
      await line();
      child.kill(signal);
      expect(await ended).toEqual({ stdout: [expect.stringMatching(/^frame +1 /)], stderr: [], code: expectedCode });
    }
  });

  it('says nothing when its reader has left', async () => {
    const { child, line, ended } = start(['-', '--no-latest']);
    child.stdin!.write(pictures[0]!);
    await line();
    child.stdout!.destroy();
    child.stdin!.write(Buffer.concat(pictures));
    const { stderr, code } = await ended;
    expect({ stderr, code }).toEqual({ stderr: [], code: 0 });
  });

  it('classifies a single picture', async () => {
    const pixels = sharp(pictures[1]).clone();
    const files = [
      pictures[1]!,
      await pixels.png().toBuffer(),
      await pixels.webp({ lossless: true }).toBuffer(),
      await pixels.tiff({ compression: 'none' }).toBuffer(),
    ];
    for (const file of files) {
      const { stdout, stderr, code } = await run(['-', '--json'], file);
      expect({ stderr, code }).toEqual({ stderr: [], code: 0 });
      expect(parse(stdout).map(({ frame, top }) => [frame, top.map(({ index }) => index)])).toEqual([
        [1, answers[1]!.map(({ index }) => index)],
      ]);
    }
    for (const file of [await pixels.gif().toBuffer(), await pixels.avif().toBuffer()]) {
      const { stdout, code } = await run(['-'], file);
      expect([stdout.length, code]).toEqual([1, 0]);
    }
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    ['nothing', () => Buffer.alloc(0), /is empty\. Expected a picture/],
    [
      'a damaged picture',
      () => Buffer.from('\x89PNG\r\n\x1a\n and no more', 'latin1'),
      /Frame 1: The image of \d+ bytes cannot be decoded/,
    ],
    [
      'text',
      () => Buffer.from('no picture, but text'),
      /The 20 bytes of standard input hold no whole JPEG frame.*--codec mjpeg/,
    ],
    [
      'an SVG drawing',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>'),
      /no whole JPEG frame: it is an SVG drawing; render it to PNG first\. Expected/,
    ],
    [
      'a BMP picture that is damaged',
      () => Buffer.concat([Buffer.from('BM'), Buffer.alloc(200)]),
      /Frame 1: The image of 202 bytes cannot be decoded: as a BMP picture/,
    ],
    [
      'a BigTIFF picture that is damaged',
      () => Buffer.concat([Buffer.from('II+\0'), Buffer.alloc(200)]),
      /Frame 1: The image of 204 bytes cannot be decoded/,
    ],
    [
      'H.264',
      () => Uint8Array.of(0, 0, 0, 1, 0x27, 0x64, 0, 0x28, 0xac, 0x2b, 0x40, 0x3c),
      /is H\.264 video.*--codec mjpeg/,
    ],
    ['raw video, endless', () => Buffer.alloc(70 * 2 ** 20, 0x80), /hold no whole JPEG frame/],
  ])('ends with 1 on %s', async (_, input, words) => {
    const { stdout, stderr, code } = await run(['-'], input());
    expect({ stdout, code }).toEqual({ stdout: [], code: 1 });
    expect(stderr).toEqual([expect.stringMatching(/^ghostnet: .*\.$/)]);
    expect(stderr[0]).toMatch(words);
  });

  it.each<[string[], RegExp]>([
    [['-', 'a.jpg'], /must be the only image/],
    [['a.jpg', '--latest'], /--(?:no-)?latest is for - \(standard input\)|--max-frames is for -/],
    [['a.jpg', '--stall', '3'], /--stall is for - \(standard input\) and cameras/],
    [['-', '--retries', '3'], /are for cameras/],
    [['-', '--stall', '0'], /--stall/],
    [['a.jpg', '--no-latest'], /--(?:no-)?latest is for - \(standard input\)|--max-frames is for -/],
    [['a.jpg', '--max-frames', '3'], /--(?:no-)?latest is for - \(standard input\)|--max-frames is for -/],
    [['-', '--max-frames', '0'], /--max-frames/],
  ])('ends with 2 on classify %s', async (args, words) => {
    const { stdout, stderr, code } = await run(args, pictures[0]!);
    expect({ stdout, code }).toEqual({ stdout: [], code: 2 });
    expect(stderr).toEqual([expect.stringMatching(words)]);
  });
});
