import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { Follower } from '../../lib/cli/following/follower.js';
import { cameraFrames, mjpegFrames, type TrackedDetection } from '../../lib/index.js';
import { camera, multipart, parts, sends } from '../../testing/camera-server.js';
import { lampHeight, lampPicture, lampWidth, saveLampDetector } from '../../testing/lamps.js';
import { builtCommand, runNode } from '../../testing/programs.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { startCommand } from './running-command.js';

const folder = temporaryFolder();
const [model, photos, film] = ['lamps', 'film', 'film.mjpeg'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const own = ['--model', model, '--threads', '1'];
/** The lamp's box ends 16 pixels below its middle; it comes down from 80 to 152, the other one stays. */
const count = 10;
const line = ['--line', '0,130,320,130'];
const zone = ['--zone', '0,140,320,140,320,161,0,161'];
let frames: Buffer[];

interface Printed {
  readonly event?: string;
  readonly image: string;
  readonly frame?: number;
  readonly detections?: readonly TrackedDetection[];
}

const parsed = (lines: readonly string[]): Printed[] =>
  lines.filter(Boolean).map((each) => JSON.parse(each) as Printed);
const eventsIn = (printed: readonly Printed[]): Printed[] => printed.filter(({ event }) => event !== undefined);

beforeAll(async () => {
  saveLampDetector(model);
  mkdirSync(photos);
  const pictures = await Promise.all(
    Array.from({ length: count }, (_, i) => lampPicture([200, 80 + 8 * i], [60, 208])),
  );
  for (const [i, picture] of pictures.entries()) writeFileSync(join(photos, `${i}.png`), picture);
  frames = await Promise.all(pictures.map((picture) => sharp(picture).jpeg({ quality: 95 }).toBuffer()));
  writeFileSync(film, Buffer.concat(frames));
});

describe('ghostnet detect that follows what it finds', () => {
  it('numbers it over the files of a folder, and tells who crosses a line and visits a zone', async () => {
    const args = ['detect', ...own, '--json', ...line, ...zone, '--dwell', '0.05', photos];
    const { stdout, stderr, code } = await runNode([builtCommand, ...args]);
    expect([stderr, code]).toEqual(['', 0]);
    const printed = parsed(stdout.split('\n'));
    const pictures = printed.filter(({ detections }) => detections);
    expect(pictures).toHaveLength(count);
    for (const { detections } of pictures)
      expect(new Map(detections!.map(({ id, box }) => [id, box.xmin]))).toEqual(
        new Map(
          [
            [1, 168],
            [2, 28],
          ].map(([id, xmin]) => [id, expect.closeTo(xmin!, -1) as number]),
        ),
      );
    const who = { id: 1, index: 0, label: 'lamp' };
    const events = eventsIn(printed);
    expect(events.map(({ image, ...event }) => ({ ...event, image: image.slice(-5) }))).toEqual([
      { event: 'in', line: 0, ...who, image: expect.any(String) as string },
      { event: 'enter', zone: 0, ...who, dwellMs: 0, image: expect.any(String) as string },
      {
        event: 'dwell',
        zone: 0,
        ...who,
        dwellMs: expect.closeTo(66.67, 1) as number,
        image: expect.any(String) as string,
      },
      {
        event: 'leave',
        zone: 0,
        ...who,
        dwellMs: expect.closeTo(66.67, 1) as number,
        image: expect.any(String) as string,
      },
    ]);
    // An event comes right behind the picture on which it was seen.
    for (const event of events) expect(printed[printed.indexOf(event) - 1]).toMatchObject({ image: event.image });
  });

  it('prints events as lines, and the numbers in CSV', async () => {
    const { stdout } = await runNode([builtCommand, 'detect', ...own, ...line, ...zone, photos]);
    const said = stdout.split('\n').filter((each) => /: (?:in|out|enter|leave)/.test(each));
    expect(said.map((each) => each.replace(/^.*png +/, ''))).toEqual([
      'lamp #1: in, line 0',
      'lamp #1: enter, zone 0',
      'lamp #1: leave, zone 0 after 0.1 s',
    ]);
    const csv = await runNode([builtCommand, 'detect', ...own, '--csv', '--track', photos]);
    const rows = csv.stdout.trim().split('\n');
    expect(rows[0]).toBe('image,index,label,score,xmin,ymin,xmax,ymax,id');
    expect(rows.slice(1, 3).map((row) => row.split(',').at(-1))).toEqual(['1', '2']);
  });

  it('counts a recording by its frames, whenever they are read', async () => {
    const { ended } = startCommand(
      ['detect', ...own, '--json', ...zone, '--dwell', '1', '--frame-rate', '2', '-'],
      film,
    );
    const { stdout, stderr, code } = await ended;
    expect([stderr, code]).toEqual([[], 0]);
    const events = eventsIn(parsed(stdout));
    expect(events.map(({ event }) => event)).toEqual(['enter', 'dwell', 'leave']);
    expect(events.map((event) => event as unknown as { dwellMs: number })).toMatchObject([
      { dwellMs: 0, image: '-' },
      { dwellMs: 1000 },
      { dwellMs: 1000 },
    ]);
    expect(
      parsed(stdout)
        .filter(({ detections }) => detections)
        .map(({ frame }) => frame),
    ).toEqual(frames.map((_, i) => i + 1));
  });

  it("reads a camera's address", async () => {
    const { origin } = await camera(sends(parts(frames)));
    const { ended } = startCommand(['detect', ...own, '--json', '--track', '--no-latest', '--max-frames', '3', origin]);
    const { stdout, code } = await ended;
    expect([parsed(stdout).map(({ frame }) => frame), code]).toEqual([[1, 2, 3], 0]);
    expect(parsed(stdout)[2]!.detections!.map(({ id }) => id)).toEqual(expect.arrayContaining([1, 2]));
  });
});

/** What `ghostnet detect` writes to standard output, given the film. */
function annotated(...args: readonly string[]): Promise<Buffer> {
  const command = [builtCommand, 'detect', ...own, ...args, '-o', '-'];
  const settings = { encoding: 'buffer', maxBuffer: 2 ** 26 } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, command, settings, (error, stdout, stderr) => {
      if (error || stderr.length > 0) reject(new Error(`${error?.message}${stderr.toString()}`));
      else resolve(stdout);
    });
    child.stdin!.on('error', () => undefined).end(Buffer.concat(frames));
  });
}

async function framesOf(stream: Buffer): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const frame of mjpegFrames(Readable.from([stream]), { latest: false })) found.push(frame);
  return found;
}

describe('ghostnet detect -o -', () => {
  it('writes a stream that cameras send, with the boxes on it', async () => {
    const stream = await annotated('-', '--no-latest', '--line', '0,20,320,20');
    expect(stream.toString('latin1')).toMatch(
      /^--frame\r\nContent-Type: image\/jpeg\r\nContent-Length: \d+\r\n\r\n\xff\xd8/,
    );
    const { origin } = await camera(sends(stream, multipart));
    const shown: Uint8Array[] = [];
    for await (const frame of cameraFrames(origin, { latest: false })) if (shown.push(frame) === count) break;
    const cut = await framesOf(stream);
    expect(cut.map((frame) => Buffer.from(frame))).toEqual(shown.map((frame) => Buffer.from(frame)));
    const { data, info } = await sharp(cut[0]).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([lampWidth, lampHeight]);
    const redAt = (x: number, y: number): number => data[3 * (y * lampWidth + x)]!;
    // The line, the upper side of the lamp's box, and what lies below each.
    expect([redAt(100, 20), redAt(180, 48)].map((red) => red > 100)).toEqual([true, true]);
    expect([redAt(100, 32), redAt(180, 60)].map((red) => red > 40)).toEqual([false, false]);
  });

  it('writes the pictures of a folder as one, in their order', async () => {
    expect(await framesOf(await annotated(photos))).toHaveLength(count);
  });
});

describe('Follower', () => {
  const picture = { name: '', json: {}, number: 1 };
  const detection = (score: number): Parameters<Follower['follow']>[0] => [
    { index: 0, label: 'a', score, box: { xmin: 0, ymin: 0, xmax: 10, ymax: 10 } },
  ];

  it('begins with what is surer than the threshold, and asks for what is less sure', () => {
    expect(new Follower({}).threshold).toBe(0.1);
    expect(new Follower({}, 0.05).threshold).toBe(0.05);
    const found = (threshold: number | undefined, score: number): number =>
      new Follower({}, threshold).follow(detection(score), picture).tracked.length;
    expect([found(undefined, 0.55), found(undefined, 0.65), found(0.3, 0.45), found(0.8, 0.85)]).toEqual([0, 1, 1, 0]);
  });

  it('takes the time at which a frame came for its time', () => {
    const follower = new Follower({
      zone: [
        [
          [0, 0],
          [20, 0],
          [20, 20],
          [0, 20],
        ],
      ],
      dwell: 1,
    });
    const events = [100, 600, 1200].flatMap((arrivedMs, i) =>
      follower.follow(detection(0.9), { ...picture, number: i + 1, arrivedMs }).events.map(({ event }) => event),
    );
    expect(events).toEqual(['enter', 'dwell']);
  });
});
