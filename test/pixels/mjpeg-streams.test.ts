import { getEventListeners, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { load, mjpegFrames, type SkippedFrame } from '../../lib/index.js';
import { inPieces, jpegOfNoise, segment, withThumbnail } from '../../testing/frames.js';
import { framesOf, startOfImage, madeByHand, plain, small, pictures } from './motion-jpeg.js';

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
