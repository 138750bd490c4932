import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Reconnection } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { randomBytes } from '../../testing/frames.js';
import { answers, breaksOff, camera, multipart, parts, sends, staysSilent } from '../../testing/camera-server.js';
import { a, b, c, look, faultOf } from './looking.js';

describe('cameraFrames of a stream', () => {
  const crlf = Buffer.from('\r\n');
  it.each<[string, string, () => Buffer]>([
    ['with lengths', multipart, () => parts([a!, b!, c!])],
    [
      'whose boundary is quoted',
      'multipart/x-mixed-replace;boundary="--my boundary"',
      () =>
        Buffer.concat(
          [a!, b!, c!].flatMap((frame) => [
            Buffer.from('----my boundary\r\ncontent-type:image/jpeg\r\n\r\n'),
            frame,
            crlf,
          ]),
        ),
    ],
    [
      'whose boundary has its dashes in the header',
      'multipart/x-mixed-replace; boundary=--frame',
      () => parts([a!, b!, c!]),
    ],
    ['without a boundary', 'multipart/x-mixed-replace', () => parts([a!, b!, c!])],
    [
      'whose lengths are wrong',
      multipart,
      () => Buffer.concat([a!, b!, c!].flatMap((frame) => [Buffer.from('--frame\nContent-Length: 7\n\n'), frame])),
    ],
    ['of frames alone', 'video/x-motion-jpeg', () => Buffer.concat([a!, b!, c!])],
    [
      'without a type, with garbage between',
      '',
      () => Buffer.concat([randomBytes(500, 1), a!, randomBytes(500, 2), b!, Buffer.from([0xff]), c!]),
    ],
  ])('%s', async (_, contentType, content) => {
    const { origin } = await camera(sends(content(), contentType, staysSilent));
    expect((await look(origin, 3)).frames).toEqual([a, b, c]);
  });

  it('takes it up again when it breaks off, even within a frame', async () => {
    const half = Buffer.concat([parts([a!]), parts([b!]).subarray(0, -b!.length / 2)]);
    const { origin, requests } = await camera(
      sends(half, multipart, breaksOff),
      sends(parts([b!, c!]), multipart, staysSilent),
    );
    const { frames, reconnections } = await look(origin, 3);
    expect([frames, requests.length]).toEqual([[a, b, c], 2]);
    expect(reconnections).toEqual([
      { reason: expect.stringMatching(/^the connection broke off \(/), failures: 1, waitMs: expect.any(Number) },
    ]);
  });

  it('takes it up again when the camera ends it', async () => {
    const { origin } = await camera(sends(parts([a!])), sends(parts([b!])));
    const { frames, reconnections } = await look(origin, 3);
    expect(frames).toEqual([a, b, b]);
    expect(reconnections.map(({ reason, failures }) => [reason, failures])).toEqual([
      ['the camera ended the stream', 1],
      ['the camera ended the stream', 1],
    ]);
  });

  it('takes it up again when nothing comes', async () => {
    const { origin } = await camera(
      sends(parts([a!]), multipart, staysSilent),
      () => undefined,
      sends(parts([b!]), multipart, staysSilent),
    );
    const { frames, reconnections } = await look(origin, 2, { stallTimeoutMs: 300 });
    expect(frames).toEqual([a, b]);
    expect(reconnections.map(({ reason, failures }) => [reason, failures])).toEqual([
      ['nothing has come for 0.3 s', 1],
      ['nothing has come for 0.3 s', 2],
    ]);
  });

  it('is patient with a camera that is slow but goes on', async () => {
    const { origin, requests } = await camera(async (response) => {
      response.writeHead(200, { 'content-type': multipart });
      const content = parts([a!, b!]);
      for (let from = 0; from < content.length; from += Math.ceil(content.length / 20)) {
        response.write(content.subarray(from, from + Math.ceil(content.length / 20)));
        await delay(100);
      }
    });
    expect(await look(origin, 2, { stallTimeoutMs: 1500 })).toMatchObject({ frames: [a, b], reconnections: [] });
    expect(requests).toHaveLength(1);
  });

  it('goes on with a camera that is starting anew', async () => {
    const { origin } = await camera(
      sends(parts([a!]), multipart, breaksOff),
      answers(404),
      answers(503, { 'retry-after': '0' }),
      sends(parts([b!]), multipart, staysSilent),
    );
    const { frames, reconnections } = await look(origin, 2);
    expect(frames).toEqual([a, b]);
    expect(reconnections.map(({ failures }) => failures)).toEqual([1, 2, 3]);
  });

  it('waits twice as long each time, less up to half, and gives up', async () => {
    const { origin, requests } = await camera(answers(500));
    const reconnections: Reconnection[] = [];
    const error = await errorOf(
      look(origin, Infinity, { retries: 4, retryDelayMs: 8, onReconnect: (one) => reconnections.push(one) }),
    );
    expect(error.code).toBe('ERR_GHOST_STREAM');
    expect(error.message).toBe(`${origin}/ cannot be read: it answered with status 500. It was tried 5 times.`);
    expect(requests).toHaveLength(5);
    for (const [i, { waitMs }] of reconnections.entries()) {
      expect(waitMs).toBeLessThanOrEqual(8 * 2 ** i);
      expect(waitMs).toBeGreaterThanOrEqual(4 * 2 ** i);
    }
  });

  it('passes over frames that are too long', async () => {
    const { origin } = await camera(sends(parts([a!, b!, c!]), multipart, staysSilent));
    const longest = Math.max(a!.length, c!.length);
    expect(b!.length).toBeGreaterThan(longest);
    expect(await look(origin, 2, { maxFrameBytes: longest })).toMatchObject({
      frames: [a, c],
      skipped: [{ reason: 'too long', sizeBytes: b!.length }],
    });
  });

  it('gives up a stream that has no frame', async () => {
    const { origin } = await camera((response) => {
      response.writeHead(200, { 'content-type': multipart });
      const chunk = Buffer.alloc(2 ** 20, 0x80);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    expect((await faultOf(origin)).message).toMatch(
      / cannot be read: its 6\d{7} bytes hold no whole JPEG frame \(multipart\/x-mixed-replace\)\.$/,
    );
  });

  it('gives the newest frame when told, and reads on meanwhile', async () => {
    const { origin } = await camera(sends(parts([a!, a!, a!, b!]), multipart, staysSilent));
    const { frames, skipped } = await look(origin, 1, { latest: true });
    expect(frames.length + skipped.length).toBeGreaterThan(0);
    expect(skipped.every(({ reason }) => reason === 'older')).toBe(true);
  });

  it.each<[string, boolean]>([
    ['every frame', false],
    ['the newest', true],
  ])('ends the connection when nobody wants more (%s)', async (_, latest) => {
    const { origin, requests } = await camera(sends(parts([a!]), multipart, staysSilent));
    const { frames } = await look(origin, 1, { latest });
    expect(frames).toEqual([a]);
    const { socket } = requests[0]!;
    if (!socket.destroyed) await once(socket, 'close');
  });

  it('ends at once when aborted, wherever it is', async () => {
    const stages = [
      () => undefined,
      sends(Buffer.alloc(0), multipart, staysSilent),
      sends(parts([a!]).subarray(0, 200), multipart, staysSilent),
      answers(500),
    ];
    for (const latest of [false, true]) {
      for (const answer of stages) {
        const stop = new AbortController();
        const { origin, requests } = await camera(answer);
        const looking = look(origin, Infinity, { latest, signal: stop.signal, retryDelayMs: 1e6, stallTimeoutMs: 1e6 });
        await vi.waitUntil(() => requests.length > 0);
        setTimeout(() => stop.abort(new Error('enough')), 50);
        await expect(looking).rejects.toThrow('enough');
      }
    }
  });
});
