import { execFileSync } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { getEventListeners } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesToDecode } from '../../lib/pixels/decode.js';
import { maxImagePixels } from '../../lib/pixels/size-limits.js';
import { decodeImage, type ImageInput } from '../../lib/pixels/image.js';
import { load, preprocess, type GhostNet, type ImageOptions } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

/** A pipeline that does not end, which no sharp can make but any object may be. */
function endless(): ImageInput {
  const pipeline: Record<string, unknown> = {};
  for (const name of ['clone', 'autoOrient', 'toColourspace', 'removeAlpha', 'raw']) pipeline[name] = () => pipeline;
  pipeline['toBuffer'] = () => new Promise(() => undefined);
  return pipeline as never;
}

describe('the time that decoding takes', () => {
  let model: GhostNet;
  beforeAll(async () => {
    model = await load();
  });
  afterAll(() => model.dispose());

  const calls: [name: string, call: (image: ImageInput, options: ImageOptions) => Promise<unknown>][] = [
    ['preprocess', (image, options) => preprocess(image, {}, options)],
    ['classify', (image, options) => model.classify(image, options)],
    ['classify of several', (image, options) => model.classify([image], options)],
    ['features', (image, options) => model.features(image, options)],
    ['embed', (image, options) => model.embed(image, options)],
    ['attention', (image, options) => model.attention(image, options)],
  ];

  it.each(calls)('is limited: %s', async (_, call) => {
    const error = await errorOf(call(endless(), { decodeTimeoutMs: 20 }));
    expect(error).toMatchObject({
      name: 'GhostNetError',
      code: 'ERR_GHOST_IMAGE',
      message: expect.stringMatching(/after 20 ms it was not done.*decodeTimeoutMs/) as unknown,
    });
  });

  it.each(calls)('ends with the signal, at once: %s', async (_, call) => {
    const controller = new AbortController();
    const reason = { any: 'value' };
    const called = call(endless(), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    await expect(called).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('is stopped within the decoder too, so that its thread is free again', async () => {
    const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    const slow = sharp(drawing).resize(3000, 3000).blur(60).sharpen({ sigma: 10 }).median(9);
    const error = await errorOf(decodeImage(slow, { timeoutMs: 1000 }));
    expect(error.code).toBe('ERR_GHOST_IMAGE');
    expect(await decodeImage(sharp(drawing))).toMatchObject({ width: 8 });
  });

  it('leaves a shorter time that a pipeline has', async () => {
    const seconds: unknown[] = [];
    const pipeline = endless() as unknown as Record<string, unknown>;
    Object.assign(pipeline, {
      options: { timeoutSeconds: 3 },
      timeout: (given: { seconds: number }) => seconds.push(given.seconds),
    });
    for (const timeoutMs of [2001, 40])
      decodeImage(pipeline as never, { timeoutMs, signal: AbortSignal.timeout(5) }).catch(() => undefined);
    expect(seconds).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seconds).toEqual([3, 1]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, 3_600_001, '9', null, {}])('is refused as %s', async (decodeTimeoutMs) => {
    for (const [, call] of calls) {
      const error = await errorOf(call(new Uint8Array(9), { decodeTimeoutMs: decodeTimeoutMs as never }));
      expect(error).toMatchObject({
        code: 'ERR_GHOST_ARGUMENT',
        message: expect.stringMatching(/^decodeTimeoutMs should be a whole number from 1 to 3600000, found/) as unknown,
      });
    }
  });

  it('does not begin before the turn of a picture, of which a few are decoded at once', async () => {
    const png = await sharp({
      create: {
        width: 1500,
        height: 1000,
        channels: 3,
        background: 'red',
        noise: { type: 'gaussian', mean: 100, sigma: 50 },
      },
    })
      .png()
      .toBuffer();
    const start = performance.now();
    await decodeImage(png);
    const oneMs = performance.now() - start;
    // All of them together take several times as long as each may.
    const pictures = Array.from({ length: 100 }, () => decodeImage(png, { timeoutMs: Math.ceil(20 * oneMs) + 500 }));
    expect(await Promise.all(pictures)).toHaveLength(100);
  });

  it('does not keep others out: what never ends gives its turn up when its time is over', async () => {
    const many = Array.from({ length: 40 }, () => errorOf(decodeImage(endless(), { timeoutMs: 10 })));
    const stopped = new AbortController();
    const aborted = Array.from({ length: 40 }, () =>
      decodeImage(endless(), { timeoutMs: 10, signal: stopped.signal }).catch((error: unknown) => error),
    );
    setTimeout(() => stopped.abort('enough'), 5);
    for (const error of await Promise.all(many)) expect(error.code).toBe('ERR_GHOST_IMAGE');
    await Promise.all(aborted);
    const png = await sharp({ create: { width: 5, height: 4, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    expect(await decodeImage(png)).toMatchObject({ width: 5 });
  });
});

describe.skipIf(process.platform === 'win32')('thousands of files at once', () => {
  it('are not open all at once', () => {
    const command = `ulimit -n 128; exec "${process.execPath}" "${fileURLToPath(new URL('../../testing/programs/many-pictures.mjs', import.meta.url))}" 2000`;
    expect(JSON.parse(execFileSync('sh', ['-c', command], { encoding: 'utf8' }))).toEqual({ preprocessed: 2000 });
  });
});

describe('the memory that decoding takes', () => {
  const picture = {
    width: 12_000,
    height: 11_000,
    channels: 3,
    depth: 'uchar',
    space: 'srgb',
    hasProfile: false,
    hasAlpha: false,
  } as never;
  const bytes = (rest: object): number => bytesToDecode({ ...(picture as object), ...rest } as never);

  it('is that of its pixels where a decoder gives row by row, and more where it must hold the whole', () => {
    const pixels = 12_000 * 11_000;
    expect(bytes({ format: 'jpeg', isProgressive: false })).toBe(3 * pixels);
    expect(bytes({ format: 'jpeg', isProgressive: true, chromaSubsampling: '4:2:0' })).toBe(6 * pixels);
    expect(bytes({ format: 'jpeg', isProgressive: true, chromaSubsampling: '4:4:4' })).toBe(9 * pixels);
    expect(bytes({ format: 'png', isProgressive: true, channels: 4, depth: 'ushort' })).toBe(11 * pixels);
    expect(bytes({ format: 'tiff', channels: 4, depth: 'float' })).toBe(19 * pixels);
    expect(bytes({ format: 'heif', channels: 3, depth: 'ushort' })).toBe(15 * pixels);
  });

  it('is refused above a gibibyte, from the header alone', async () => {
    // 16000 x 16000 pixels of 16 bits, interlaced: nothing follows their header that would have to be read.
    const small = await sharp({ create: { width: 16, height: 16, channels: 4, background: 'red' } })
      .toColourspace('rgb16')
      .png({ progressive: true })
      .toBuffer();
    const error = await errorOf(decodeImage(resized(small, 16_000, 16_000)));
    expect(error).toMatchObject({
      code: 'ERR_GHOST_IMAGE',
      message: expect.stringMatching(
        /16000 x 16000 pixels would take \d+ bytes to decode, more than 1073741824; reduce it first/,
      ) as unknown,
    });
  });

  it('is not needed for one that is too elongated', async () => {
    const small = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    for (const [width, height] of [
      [20_000_000, 1],
      [1, 20_000_000],
      [2_000_000, 30],
    ] as const) {
      const error = await errorOf(decodeImage(resized(small, width, height)));
      expect(error).toMatchObject({
        code: 'ERR_GHOST_IMAGE',
        message: expect.stringMatching(
          /its \d+ x \d+ pixels are too elongated to be resized; crop it first/,
        ) as unknown,
      });
    }
  });

  it('and so is one of more pixels than any may have', async () => {
    const small = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    expect(16_385 * 16_384).toBeGreaterThan(maxImagePixels);
    const error = await errorOf(decodeImage(resized(small, 16_385, 16_384)));
    expect(error).toMatchObject({
      code: 'ERR_GHOST_IMAGE',
      message: expect.stringMatching(/pixel limit \(268435456 /) as unknown,
    });
  });
});

/** The PNG file with another size in its header, and the right checksum for that. */
function resized(png: Buffer, width: number, height: number): Buffer {
  const header = Buffer.from(png);
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  header.writeUInt32BE(checksum(header.subarray(12, 29)), 29);
  return header;
}

/** CRC-32, as PNG has it. */
function checksum(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe.skipIf(process.platform === 'win32')('a named pipe', () => {
  let count = 0;
  function pipe(): string {
    const path = join(folder, `pipe-${count++}`);
    execFileSync('mkfifo', [path]);
    return path;
  }

  it('is read to its end, however long its writer waits', async () => {
    const path = pipe();
    const png = await sharp({
      create: {
        width: 500,
        height: 400,
        channels: 3,
        background: 'red',
        noise: { type: 'gaussian', mean: 100, sigma: 50 },
      },
    })
      .png()
      .toBuffer();
    const decoding = decodeImage(path);
    setTimeout(() => {
      const writer = createWriteStream(path);
      writer.write(png.subarray(0, 50_000), () => setTimeout(() => writer.end(png.subarray(50_000)), 30));
    }, 30);
    expect(await decoding).toMatchObject({ width: 500, height: 400 });
  });

  it('without a writer ends with its time or with the signal, and keeps no thread', async () => {
    const paths = Array.from({ length: 12 }, pipe);
    for (const path of paths)
      expect((await errorOf(decodeImage(path, { timeoutMs: 20 }))).message).toMatch(
        /pipe-\d+ cannot be decoded: after 20 ms/,
      );
    const controller = new AbortController();
    const waiting = paths.map((path) => decodeImage(path, { signal: controller.signal }));
    setTimeout(() => controller.abort('enough'), 20);
    for (const one of await Promise.allSettled(waiting)) expect(one).toMatchObject({ reason: 'enough' });
    // Libuv's threads would all be waiting in open(2).
    const file = join(folder, 'after.png');
    writeFileSync(
      file,
      await sharp({ create: { width: 5, height: 4, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
    expect(await decodeImage(file)).toMatchObject({ width: 5 });
  });

  it('of what is no picture is left after its beginning', async () => {
    const path = pipe();
    const decoding = errorOf(decodeImage(path));
    const writer = createWriteStream(path).on('error', () => undefined); // nobody reads the rest
    const chunk = Buffer.alloc(65_536, 'no picture ');
    const write = (): boolean => !writer.destroyed && writer.write(chunk, (error) => error ?? setImmediate(write));
    write();
    expect((await decoding).message).toMatch(/no picture of a known format/);
    writer.destroy();
  });
});
