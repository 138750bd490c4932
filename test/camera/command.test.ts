import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { jpegOfNoise } from '../../testing/frames.js';
import { builtCommand, runNode } from '../../testing/programs.js';
import { answers, breaksOff, camera, multipart, parts, sends, staysSilent } from '../../testing/camera-server.js';

interface Ended {
  readonly stdout: string[];
  readonly stderr: string[];
  readonly code: number | null;
}

/** Runs `ghostnet classify args`; `signal` is sent with the first line of results. */
async function classify(args: readonly string[], signal?: NodeJS.Signals): Promise<Ended> {
  const child = spawn(process.execPath, [builtCommand, 'classify', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
  });
  if (signal) child.stdout.once('data', () => child.kill(signal));
  const closed = once(child, 'close');
  const [stdout, stderr] = (await Promise.all([text(child.stdout), text(child.stderr)])).map((all) =>
    all.split('\n').filter(Boolean),
  );
  return { stdout: stdout!, stderr: stderr!, code: ((await closed) as [number | null])[0] };
}

let frame: Buffer;
beforeAll(async () => {
  frame = await jpegOfNoise(64, 48, 1);
});

const withPassword = (origin: string): string => `${origin.replace('//', '//ann:secret@')}/stream?pwd=secret`;

describe('other commands', () => {
  it.each([
    ['embed', ['embed', 'http://ann:secret@camera/a.jpg?secret']],
    ['similar', ['similar', 'http://ann:secret@camera/a.jpg', builtCommand]],
    ['attention', ['attention', 'http://ann:secret@camera/a.jpg', '-o', 'a.png']],
  ])('have no cameras: %s', async (_, args) => {
    const { stderr, code } = await runNode([builtCommand, ...args]);
    expect({ stderr, code }).toEqual({
      stderr: expect.stringMatching(
        /^ghostnet: http:\/\/camera\/a\.jpg\S* is the address of a camera, which classify, detect and segment alone read.*\n$/,
      ),
      code: 1,
    });
    expect(stderr).not.toMatch(/secret/);
  });
});

describe('ghostnet classify http://camera', () => {
  it('prints a line for each frame, across a connection that broke off, and no password', async () => {
    const { origin } = await camera(
      sends(parts([frame]), multipart, breaksOff),
      sends(parts([frame]), multipart, staysSilent),
    );
    const { stdout, stderr, code } = await classify([withPassword(origin), '--json', '--max-frames', '2']);
    expect(code).toBe(0);
    expect(stdout.map((line) => JSON.parse(line) as object)).toMatchObject(
      [1, 2].map((number) => ({ image: `${origin}/stream?…`, frame: number })),
    );
    expect(stderr).toEqual([
      expect.stringMatching(
        /^ghostnet: http:\/\/127\.0\.0\.1:\d+\/stream\?…: the connection broke off \(.*\)\. Trying again in \d\.\d s\.$/,
      ),
    ]);
    expect([...stdout, ...stderr].join()).not.toMatch(/secret/);
  });

  it('gives up with a sentence and 1', async () => {
    const { origin } = await camera(sends(parts([frame]), multipart, breaksOff), answers(500));
    const { stdout, stderr, code } = await classify([withPassword(origin), '--retries', '1']);
    expect([stdout, code]).toEqual([[expect.stringMatching(/^frame +1 /)], 1]);
    expect(stderr[1]).toBe(
      `ghostnet: ${origin}/stream?… cannot be read: it answered with status 500. It was tried 2 times.`,
    );
  });

  it('classifies a single picture once, or as often as it is told', async () => {
    const { origin, requests } = await camera(sends(frame, 'image/jpeg'));
    expect(await classify([origin])).toMatchObject({
      stdout: [expect.stringMatching(/^frame +1 /)],
      stderr: [],
      code: 0,
    });
    expect(requests).toHaveLength(1);
    expect((await classify([origin, '--interval', '0.01', '--max-frames', '3'])).stdout).toHaveLength(3);
  });

  it.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends cleanly on %s', async (signal, expectedCode) => {
    const { origin } = await camera(sends(parts([frame]), multipart, staysSilent));
    expect(await classify([origin], signal)).toEqual({
      stdout: [expect.stringMatching(/^frame +1 /)],
      stderr: [],
      code: expectedCode,
    });
  });

  it.each<[string, number, RegExp]>([
    ['http://ann:secret@127.0.0.1:9x/', 1, /should be a URL/],
    [
      'rtsp://ann:secret@camera/1',
      1,
      /ffmpeg -i 'rtsp:\/\/camera\/1' -f image2pipe -c:v mjpeg - \| ghostnet classify -/,
    ],
  ])('refuses %s', async (address, expectedCode, words) => {
    const { stdout, stderr, code } = await classify([address]);
    expect({ stdout, stderr, code }).toEqual({
      stdout: [],
      stderr: [expect.stringMatching(words)],
      code: expectedCode,
    });
    expect(stderr[0]).not.toMatch(/secret/);
  });

  it.each<[string[], RegExp]>([
    [['http://camera/', 'a.jpg'], /address of a camera must be the only image/],
    [['http://camera/', '--csv'], /--csv is for files/],
    [['http://camera/', '--retries', '-1'], /--retries/],
    [['a.jpg', '--interval', '1'], /--interval is for - \(standard input\) and cameras/],
  ])('ends with 2 on %s', async (args, words) => {
    expect(await classify(args)).toEqual({ stdout: [], stderr: [expect.stringMatching(words)], code: 2 });
  });
});
