import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { cameraFrames, type CameraOptions } from '../../lib/index.js';
import { answers, camera, multipart, parts, sends, staysSilent } from '../../testing/camera-server.js';
import { a, look, faultOf } from './looking.js';

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
