import { getEventListeners, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, mjpegFrames, type MjpegOptions, type SkippedFrame } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { inPieces, jpegOfNoise, randomBytes, randomNumbers, segment, withThumbnail } from '../../testing/frames.js';

interface Found {
  readonly frames: Buffer[];
  readonly skipped: SkippedFrame[];
}

async function framesOf(chunks: readonly Uint8Array[], options: MjpegOptions = {}): Promise<Found> {
  const found: Found = { frames: [], skipped: [] };
  const stream = Readable.from(chunks, { objectMode: true });
  for await (const frame of mjpegFrames(stream, { onSkipped: (skipped) => found.skipped.push(skipped), ...options })) {
    found.frames.push(Buffer.from(frame));
  }
  return found;
}

async function lengthsOf(frames: AsyncIterable<Uint8Array>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const frame of frames) lengths.push(frame.length);
  return lengths;
}

const startOfImage = Uint8Array.of(0xff, 0xd8);
const endOfImage = Uint8Array.of(0xff, 0xd9);

/** Nothing to decode, but whole: restarts, stuffed bytes and fill bytes in the data, two scans. */
const madeByHand = Buffer.concat([
  startOfImage,
  segment(0xe0, Buffer.from('JFIF\0'), endOfImage, startOfImage),
  Uint8Array.of(0xff, 0xff, 0xff),
  segment(0xdb, randomBytes(65, 1)),
  segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
  Uint8Array.of(1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xd7, 0xd9, 0xff, 0xff, 0),
  Uint8Array.of(0xff),
  segment(0xc4, endOfImage),
  segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
  Uint8Array.of(4, 0xff, 0xff),
  endOfImage,
]);

let plain: Buffer;
let small: Buffer;
let pictures: Buffer[];
beforeAll(async () => {
  plain = await jpegOfNoise(64, 48, 1);
  small = await jpegOfNoise(16, 16, 2);
  pictures = [
    plain,
    withThumbnail(plain, small),
    await jpegOfNoise(200, 150, 3, true),
    small,
    madeByHand,
    withThumbnail(await jpegOfNoise(320, 240, 4), plain),
  ];
});

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

describe('the latest frame', () => {
  it('is all that a slow reader gets', async () => {
    const stream = new PassThrough();
    const skipped: SkippedFrame[] = [];
    const frames = mjpegFrames(stream, { latest: true, onSkipped: (frame) => skipped.push(frame) });
    const first = frames.next();
    for (let i = 0; i < 5; i++) {
      stream.write(pictures[i]!);
      await nextTurn();
    }
    expect(Buffer.from((await first).value!).equals(pictures[0]!)).toBe(true);
    expect(skipped.map(({ reason, sizeBytes }) => [reason, sizeBytes])).toEqual(
      [1, 2, 3].map((i) => ['older', pictures[i]!.length]),
    );
    // The one under way is not whole, and so is not the newest yet.
    stream.write(plain.subarray(0, 500));
    await nextTurn();
    expect(Buffer.from((await frames.next()).value!).equals(pictures[4]!)).toBe(true);
    stream.end(plain.subarray(500));
    expect(Buffer.from((await frames.next()).value!).equals(plain)).toBe(true);
    expect((await frames.next()).done).toBe(true);
    expect(skipped).toHaveLength(3);
  });

  it('is the last one of many in a chunk', async () => {
    const { frames, skipped } = await framesOf([Buffer.concat(pictures)], { latest: true });
    expect(frames).toEqual([pictures.at(-1)]);
    expect(skipped).toHaveLength(pictures.length - 1);
  });

  it('is never followed by an older one, and none is lost from the count', async () => {
    const numbered = Array.from({ length: 300 }, (_, i) =>
      Buffer.concat([startOfImage, segment(0xfe, Buffer.from(String(i))), madeByHand.subarray(2)]),
    );
    let skipped = 0;
    const seen: number[] = [];
    async function* camera(): AsyncGenerator<Uint8Array> {
      for (const piece of inPieces(Buffer.concat(numbered), 900)) {
        await nextTurn();
        yield piece;
      }
    }
    for await (const frame of mjpegFrames(camera(), { latest: true, onSkipped: () => skipped++ })) {
      const number = Number(Buffer.from(frame.subarray(6, 6 + frame[5]! - 2)).toString());
      expect(number).toBe(seen.length + skipped);
      seen.push(number);
      for (let turn = 0; turn < seen.length % 7; turn++) await nextTurn();
    }
    expect(seen.at(-1)).toBe(299);
    expect(seen.length + skipped).toBe(300);
    expect(skipped).toBeGreaterThan(20);
    expect(seen.length).toBeGreaterThan(20);
  });
});

describe('frames of a camera', () => {
  it('are classified as the pictures they are', async () => {
    await using model = await load();
    const sources = [plain, withThumbnail(plain, small), small];
    const { frames } = await framesOf(inPieces(Buffer.concat(sources), 1000));
    expect(await model.classify(frames)).toEqual(await model.classify(sources));
  });

  it('may lack the usual Huffman tables, as those of many webcams do', async () => {
    await using model = await load();
    const whole = await sharp(await jpegOfNoise(64, 48, 9))
      .jpeg({ optimiseCoding: false })
      .toBuffer();
    let webcam = whole;
    for (let at = 2; webcam[at + 1] !== 0xda;) {
      const end = at + 2 + webcam.readUInt16BE(at + 2);
      if (webcam[at + 1] === 0xc4) webcam = Buffer.concat([webcam.subarray(0, at), webcam.subarray(end)]);
      else at = end;
    }
    expect(webcam.length).toBeLessThan(whole.length - 400);
    const { frames } = await framesOf([webcam]);
    expect(await model.classify(frames[0]!)).toEqual(await model.classify(whole));
  });
});

describe("fetch()'s body", () => {
  /** Sends one frame and says no more; how its connection ends. */
  async function silentCamera(): Promise<{ url: string; closed: Promise<unknown>; server: Server }> {
    const server = createServer((_, response) => {
      response.write(plain);
    });
    const closed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, closed, server };
  }

  it.each([true, false])(
    'of a camera that has fallen silent is closed by whoever stops reading, latest: %s',
    async (latest) => {
      const { url, closed, server } = await silentCamera();
      for await (const frame of mjpegFrames((await fetch(url)).body!, { latest })) {
        expect(frame).toHaveLength(plain.length);
        break;
      }
      await closed;
      server.close();
    },
  );

  it.each([true, false])('is closed by an aborted signal, latest: %s', async (latest) => {
    const { url, closed, server } = await silentCamera();
    const controller = new AbortController();
    const reading = (async () => {
      for await (const frame of mjpegFrames((await fetch(url)).body!, { latest, signal: controller.signal })) {
        expect(frame).toHaveLength(plain.length);
        setTimeout(() => controller.abort('enough'), 20);
      }
    })();
    await expect(reading).rejects.toBe('enough');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await closed;
    server.close();
  });
});
