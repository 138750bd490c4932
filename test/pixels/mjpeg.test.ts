import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mjpegFrames, type MjpegOptions, type SkippedFrame } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { inPieces, randomBytes, randomNumbers, segment, withThumbnail } from '../../testing/frames.js';
import { framesOf, lengthsOf, startOfImage, endOfImage, madeByHand, plain, small, pictures } from './motion-jpeg.js';

describe('mjpegFrames', () => {
  it.each([1, 2, 3, 7, 100, 5000, 100_000, 10_000_000])(
    'finds every frame in chunks of up to %i bytes',
    async (mostBytes) => {
      const { frames, skipped } = await framesOf(inPieces(Buffer.concat([...pictures, ...pictures]), mostBytes));
      expect(skipped).toEqual([]);
      expect(frames.length).toBe(2 * pictures.length);
      for (const [i, frame] of frames.entries())
        expect(frame.equals(pictures[i % pictures.length]!), `frame ${i}`).toBe(true);
    },
  );

  it('passes over what lies between frames', async () => {
    const garbage = [
      Buffer.from('--boundary\r\nContent-Type: image/jpeg\r\nContent-Length: 1234\r\n\r\n'),
      Uint8Array.of(0xff),
      Uint8Array.of(0xff, 0xff, 0xd8, 0, 0xff, 0xd9, 0xff),
      new Uint8Array(70_000),
      // Without 0xff, lest it hold the start of a frame.
      randomBytes(50_000, 5).map((byte) => Math.min(byte, 0xfe)),
    ];
    const parts = garbage.flatMap((bytes, i) => [bytes, pictures[i]!]);
    for (const mostBytes of [1, 50, 3000, 1_000_000]) {
      const { frames, skipped } = await framesOf(inPieces(Buffer.concat([...parts, ...garbage]), mostBytes));
      expect(frames.map((frame, i) => frame.equals(pictures[i]!))).toEqual(garbage.map(() => true));
      expect(skipped).toEqual([]);
    }
  });

  it('finds the frame after one that is cut off, wherever that is', async () => {
    // More follows than any segment's length, though it be made of the next frame's first bytes, can reach over.
    const rest = Array.from({ length: 30 }, () => plain);
    for (let cut = 3; cut < small.length; cut++) {
      const { frames, skipped } = await framesOf([small.subarray(0, cut), small, ...rest]);
      expect(
        frames.map(({ length }) => length),
        `cut at ${cut}`,
      ).toEqual([small, ...rest].map(({ length }) => length));
      expect(skipped, `cut at ${cut}`).toEqual([{ reason: 'broken', sizeBytes: expect.any(Number) }]);
    }
  });

  it('goes on after a frame that is cut off in a segment with a thumbnail', async () => {
    const picture = withThumbnail(plain, small);
    const rest = Array.from({ length: 30 }, () => plain);
    let lost = 0;
    for (let cut = 3; cut < small.length; cut++) {
      const { frames } = await framesOf([picture.subarray(0, cut), picture, ...rest]);
      expect(
        frames.slice(-30).every((frame) => frame.equals(plain)),
        `cut at ${cut}`,
      ).toBe(true);
      if (!frames.at(-31)?.equals(picture)) lost++;
    }
    // As many as the thumbnail has markers that a wrong length may lead to.
    expect(lost).toBeLessThan(10);
  });

  it('gives no part of a frame that the end of the stream cuts off', async () => {
    const picture = withThumbnail(plain, small);
    for (let cut = 3; cut < picture.length; cut += 5) {
      const { frames, skipped } = await framesOf([small, picture.subarray(0, cut)]);
      expect(frames.map(({ length }) => length)).toEqual([small.length]);
      expect(skipped).toEqual([{ reason: 'cut off', sizeBytes: cut }]);
    }
    expect(await framesOf([])).toEqual({ frames: [], skipped: [] });
    expect(await framesOf([plain.subarray(0, 2)])).toEqual({ frames: [], skipped: [] });
  });

  it('takes a file of tables alone for no frame', async () => {
    const tables = Buffer.concat([startOfImage, segment(0xdb, randomBytes(65, 1)), endOfImage]);
    const { frames, skipped } = await framesOf([tables, small]);
    expect(frames).toEqual([small]);
    expect(skipped).toEqual([{ reason: 'broken', sizeBytes: tables.length - 2 }]);
  });

  it('skips what is longer than allowed and nothing else', async () => {
    const stream = Buffer.concat([small, withThumbnail(plain, small), small]);
    const longBytes = withThumbnail(plain, small).length;
    for (const mostBytes of [1, 300, 1_000_000]) {
      const short = await framesOf(inPieces(stream, mostBytes), { maxFrameBytes: longBytes - 1 });
      expect(short).toEqual({ frames: [small, small], skipped: [{ reason: 'too long', sizeBytes: longBytes }] });
      expect((await framesOf(inPieces(stream, mostBytes), { maxFrameBytes: longBytes })).skipped).toEqual([]);
    }
  });

  it('keeps no more of an endless frame than is allowed', async () => {
    const chunk = new Uint8Array(2 ** 20).fill(0x55);
    const beforeBytes = process.memoryUsage().arrayBuffers;
    let mostBytes = 0;
    let sentBytes = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield madeByHand.subarray(0, -4);
      for (let i = 0; i < 300; i++) {
        yield chunk;
        sentBytes += chunk.length;
        mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - beforeBytes);
        if (i % 32 === 0) await nextTurn();
      }
      yield endOfImage;
      yield small;
    }
    const skipped: SkippedFrame[] = [];
    const frames = mjpegFrames(endless(), { maxFrameBytes: 2 ** 20, onSkipped: (frame) => skipped.push(frame) });
    expect(await lengthsOf(frames)).toEqual([small.length]);
    expect(skipped).toEqual([{ reason: 'too long', sizeBytes: sentBytes + madeByHand.length - 2 }]);
    expect(mostBytes).toBeLessThan(8 * 2 ** 20);
  });

  it('finds the same in damaged streams, however they are cut into chunks', async () => {
    const stream = Buffer.concat(pictures.map((picture) => picture.subarray(0, 4000)));
    for (let seed = 1; seed <= 30; seed++) {
      const random = randomNumbers(seed);
      const damaged = Buffer.from(stream);
      // Mostly bytes that mean something.
      for (let i = 0; i < 30; i++)
        damaged[random(damaged.length)] = [0xff, 0xd8, 0xd9, 0xda, 0xe0, 0xc4, 0][random(8)] ?? random(256);
      const maxFrameBytes = seed % 3 === 0 ? 1500 : 1_000_000;
      const whole = await framesOf([damaged], { maxFrameBytes });
      for (const mostBytes of [1, 40, 900])
        expect(await framesOf(inPieces(damaged, mostBytes, seed), { maxFrameBytes }), `seed ${seed}`).toEqual(whole);
      for (const frame of whole.frames) {
        expect([frame.readUInt16BE(0), frame[2], frame.readUInt16BE(frame.length - 2)]).toEqual([0xffd8, 0xff, 0xffd9]);
        expect(frame.length).toBeLessThanOrEqual(maxFrameBytes);
      }
    }
  });

  it('takes time in proportion to the bytes, whatever they are', async () => {
    // Walks that go on for long and overlap: from every one of these starts, all later segments are in place.
    const nested = Buffer.alloc(6 * 700_000, Uint8Array.of(0xff, 0xe0, 0, 4, 0xff, 0xd8));
    const starts = Buffer.alloc(4_000_000, startOfImage);
    const { frames } = await framesOf([startOfImage, nested, starts, small]);
    expect(frames.at(-1)).toEqual(small);
  });

  it('takes a web stream, and ends it with the iteration', async () => {
    const body = new Response(new Blob([plain, small, plain])).body!;
    for await (const frame of mjpegFrames(body)) {
      expect(Buffer.from(frame).equals(plain)).toBe(true);
      break;
    }
    expect(await body.getReader().read()).toEqual({ done: true, value: undefined });
  });

  it.each([false, true])('ends the stream when the iteration ends (latest: %s)', async (latest) => {
    const stream = new PassThrough();
    stream.write(plain);
    for await (const frame of mjpegFrames(stream, { latest })) {
      expect(frame.length).toBe(plain.length);
      break;
    }
    expect(stream.destroyed).toBe(true);
  });

  it.each([false, true])('hands on what the stream throws, after the frames before it (latest: %s)', async (latest) => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield plain;
      await nextTurn();
      throw new Error('the camera is gone');
    }
    const seen: number[] = [];
    await expect(async () => {
      for await (const frame of mjpegFrames(failing(), { latest })) seen.push(frame.length);
    }).rejects.toThrow('the camera is gone');
    expect(seen).toEqual([plain.length]);
  });

  it.each([false, true])(
    'ends at once when the signal is aborted, though the stream is silent (latest: %s)',
    async (latest) => {
      const stream = new PassThrough();
      const abort = new AbortController();
      const frames = mjpegFrames(stream, { latest, signal: abort.signal });
      stream.write(plain);
      expect((await frames.next()).value).toHaveLength(plain.length);
      const waiting = frames.next();
      await nextTurn();
      abort.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      expect(stream.destroyed).toBe(true);
      expect(await frames.next()).toEqual({ done: true, value: undefined });
      expect(() => mjpegFrames(stream, { signal: abort.signal })).toThrow('enough');
    },
  );

  it('refuses what it cannot read', async () => {
    const strings = Readable.from(['text']) as unknown as AsyncIterable<Uint8Array>;
    const error = await errorOf(lengthsOf(mjpegFrames(strings)));
    expect([error.code, error.message]).toEqual(['ERR_GHOST_ARGUMENT', expect.stringMatching(/Uint8Array.*string/)]);
    const calls: [unknown, unknown][] = [
      [undefined, {}],
      [plain, {}],
      [Readable.from([]), 5],
      [Readable.from([]), { maxFrameBytes: 0 }],
      [Readable.from([]), { maxFrameBytes: 1.5 }],
      [Readable.from([]), { signal: 1 }],
    ];
    for (const [stream, options] of calls) {
      expect(() => mjpegFrames(stream as Readable, options as MjpegOptions)).toThrow(
        expect.objectContaining({ code: 'ERR_GHOST_ARGUMENT' }),
      );
    }
  });
});
