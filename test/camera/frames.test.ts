import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  cameraFrames,
  GhostNetError,
  type CameraOptions,
  type Reconnection,
  type SkippedFrame,
} from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { jpegOfNoise, randomBytes } from '../../testing/frames.js';
import { answers, breaksOff, camera, multipart, parts, sends, staysSilent } from '../../testing/camera-server.js';

let [a, b, c]: Buffer[] = [];
let png: Buffer;
beforeAll(async () => {
  [a, b, c] = await Promise.all(
    [
      [64, 48],
      [80, 80],
      [33, 50],
    ].map(([width, height], i) => jpegOfNoise(width!, height!, i + 1)),
  );
  png = await sharp(a).png().toBuffer();
});

interface Seen {
  readonly frames: Buffer[];
  readonly reconnections: Reconnection[];
  readonly skipped: SkippedFrame[];
}

/** As many frames as are asked for, or all, and what was told meanwhile. */
async function look(address: string, count = Infinity, options: CameraOptions = {}): Promise<Seen> {
  const seen: Seen = { frames: [], reconnections: [], skipped: [] };
  const told = {
    onReconnect: (one: Reconnection) => seen.reconnections.push(one),
    onSkipped: (one: SkippedFrame) => seen.skipped.push(one),
  };
  for await (const frame of cameraFrames(address, { retryDelayMs: 1, ...told, ...options })) {
    seen.frames.push(Buffer.from(frame));
    if (seen.frames.length === count) break;
  }
  return seen;
}

const faultOf = (address: string, options: CameraOptions = {}): Promise<GhostNetError> =>
  errorOf(look(address, Infinity, { retries: 0, ...options }));

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

describe('cameraFrames of a single picture', () => {
  it.each<[string, string, () => Buffer]>([
    ['JPEG', 'image/jpeg', () => a!],
    ['PNG', 'image/png', () => png],
  ])('gives it once: %s', async (_, type, content) => {
    const { origin, requests } = await camera(sends(content(), type));
    expect((await look(origin)).frames).toEqual([content()]);
    expect(requests).toHaveLength(1);
  });

  it('gives it again and again with an interval', async () => {
    const { origin, requests } = await camera(
      sends(a!, 'image/jpeg'),
      answers(503),
      sends(png, 'image/png'),
      sends(c!, 'image/jpeg'),
    );
    expect((await look(origin, 3, { intervalMs: 1 })).frames).toEqual([a, png, c]);
    expect(requests).toHaveLength(4);
  });

  it('ends with a film that has a length', async () => {
    const film = Buffer.concat([a!, b!]);
    const { origin } = await camera(
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'video/x-motion-jpeg', 'content-length': film.length })
          .end(film),
    );
    expect((await look(origin)).frames).toEqual([a, b]);
  });

  it.each<[string, () => Buffer, string, RegExp]>([
    ['too large', () => png, 'image/png', /its picture has more than 100 bytes/],
    ['empty', () => Buffer.alloc(0), 'image/png', /its picture is empty/],
    ['no picture', () => Buffer.from('text'), 'image/jpeg', /its 4 bytes hold no whole JPEG frame \(image\/jpeg\)/],
    ['cut off', () => a!.subarray(0, -10), 'image/jpeg', /hold no whole JPEG frame/],
  ])('says what is wrong with it: %s', async (_, content, type, words) => {
    const { origin } = await camera(sends(content(), type));
    const error = await faultOf(origin, { maxFrameBytes: content() === png ? 100 : 1e6 });
    expect([error.code, error.message]).toEqual(['ERR_GHOST_STREAM', expect.stringMatching(words)]);
  });
});

describe('cameraFrames and the camera that refuses', () => {
  it.each<[string, Parameters<typeof answers>, RegExp]>([
    ['there is nothing', [404], /status 404\. Check the address/],
    ['it is forbidden', [403], /status 403/],
    [
      'it asks for a password',
      [401, { 'www-authenticate': 'Basic realm="camera"' }],
      /asks for a user and a password \(status 401\).*http:\/\/USER:PASSWORD@HOST/,
    ],
    [
      'it asks for Digest',
      [401, { 'www-authenticate': 'Digest realm="camera", nonce="1"' }],
      /asks for Digest authentication.*curl -sN --anyauth/,
    ],
    [
      'it has a page',
      [200, { 'content-type': 'text/html; charset=utf-8' }],
      /answers with text\/html, not with pictures/,
    ],
    ['it has a playlist', [200, { 'content-type': 'application/vnd.apple.mpegurl' }], /not with pictures/],
    ['it leads nowhere', [302], /status 302/],
    ['it leads to no address', [302, { location: 'ftp://elsewhere/' }], /an address that is none/],
    ['it leads in a circle', [302, { location: '/' }], /more than 5 times/],
  ])('is not asked again: %s', async (_, answer, words) => {
    const { origin, requests } = await camera(answers(...answer));
    const error = await faultOf(origin, { retries: 3, retryDelayMs: 1e6 });
    expect([error.code, error.message]).toEqual(['ERR_GHOST_STREAM', expect.stringMatching(words)]);
    expect(requests.length).toBe(/circle/.test(_) ? 6 : 1);
  });

  it('is given user and password, which are in no message', async () => {
    const { origin, requests } = await camera((response, { headers: { authorization } }) => {
      const isRight = authorization === `Basic ${Buffer.from('ann:s@cret%').toString('base64')}`;
      if (isRight) void sends(parts([a!]), multipart, staysSilent)(response, requests[0]!);
      else void answers(401, { 'www-authenticate': 'Basic' })(response, requests[0]!);
    });
    expect((await look(`${origin.replace('//', '//ann:s%40cret%@')}/a?pwd=hidden`, 1)).frames).toEqual([a]);
    const error = await faultOf(`${origin.replace('//', '//ann:wr0ng@')}/a?pwd=hidden#x`);
    expect(error.message).toBe(
      `${origin}/a?… cannot be read: it refuses the user or the password of the address (status 401).`,
    );
  });

  it('is followed where it leads, and the password stays with its origin', async () => {
    const other = await camera(sends(parts([a!]), multipart, staysSilent));
    const { origin, requests } = await camera(
      answers(302, { location: '/there' }),
      answers(307, { location: `${other.origin}/b` }),
    );
    expect((await look(origin.replace('//', '//ann:secret@'), 1)).frames).toEqual([a]);
    expect(requests.map(({ url, headers }) => [url, headers.authorization !== undefined])).toEqual([
      ['/', true],
      ['/there', true],
    ]);
    expect(other.requests[0]!.headers.authorization).toBeUndefined();
  });

  it('or is not there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    expect((await faultOf(`http://user:secret@${host}/`)).message).toBe(
      `http://${host}/ cannot be read: ${host} did not answer (ECONNREFUSED).`,
    );
  });
});

describe('cameraFrames and its arguments', () => {
  it.each<[string, CameraOptions, RegExp]>([
    ['no address', {}, /should be a URL/],
    [{} as never, {}, /should be a URL/],
    ['http://camera/', { retires: 3 } as never, /there is no option "retires"\. Did you mean retries\?/],
    ['http://camera/', { latest: 1 as never }, /latest should be true or false/],
    ['ftp://user:secret@camera/', {}, /http:\/\/ or https:\/\/, found ftp:/],
    [
      'rtsp://user:secret@camera:554/1?pwd=secret',
      {},
      /ffmpeg -i 'rtsp:\/\/camera:554\/1\?…' -f image2pipe -c:v mjpeg - \| ghostnet classify -/,
    ],
    ['http://camera/', { retries: -1 }, /retries should be a whole number from 0/],
    ['http://camera/', { stallTimeoutMs: 0 }, /stallTimeoutMs/],
    ['http://camera/', { intervalMs: 0.5 }, /intervalMs/],
    ['http://camera/', { retryDelayMs: NaN }, /retryDelayMs/],
    ['http://camera/', { maxFrameBytes: 0 }, /maxFrameBytes/],
    ['http://camera/', null as never, /options should be an object/],
  ])('%s %j', (address, options, words) => {
    expect(() => cameraFrames(address, options)).toThrow(
      expect.objectContaining({ code: 'ERR_GHOST_ARGUMENT', message: expect.stringMatching(words) }),
    );
    expect(() => cameraFrames(address, options)).not.toThrow(/secret/);
  });

  it('throws the reason of a signal that is aborted already', () => {
    expect(() => cameraFrames('http://camera/', { signal: AbortSignal.abort(new Error('before')) })).toThrow('before');
  });
});
