import { describe, expect, it } from 'vitest';
import { answers, camera, sends } from '../../testing/camera-server.js';
import { a, b, c, png, look, faultOf } from './looking.js';

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
