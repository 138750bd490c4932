import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GhostNetErrorCode } from '../../lib/errors.js';
import { decodeImage, type ImageInput, type RawImage } from '../../lib/pixels/image.js';

const width = 7;
const height = 5;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ghostnet-image-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Values of a small picture, all different, none of them 0. */
function values(channels: number): Uint8Array {
  return Uint8Array.from({ length: width * height * channels }, (_, i) => 1 + ((i * 61) % 251));
}

function picture(channels: 1 | 2 | 3 | 4): Sharp {
  const made = sharp(values(channels), { raw: { width, height, channels } });
  return channels < 3 ? made.toColourspace('b-w') : made;
}

/** Each value of a grey picture three times. */
function tripled(grey: Uint8Array): number[] {
  return [...grey].flatMap((value) => [value, value, value]);
}

/** `pixels` without every fourth value. */
function withoutAlpha(pixels: Uint8Array): number[] {
  return [...pixels].filter((_, i) => i % 4 !== 3);
}

function expectPixels(image: RawImage, expected: ArrayLike<number>): void {
  expect([image.width, image.height, image.channels]).toEqual([width, height, 3]);
  expect([...image.data]).toEqual(Array.from(expected));
}

async function expectError(input: unknown, code: GhostNetErrorCode, text: RegExp): Promise<Error> {
  const error: unknown = await decodeImage(input as ImageInput).then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'GhostNetError', code, message: expect.stringMatching(text) });
  return error as Error;
}

async function saved(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe('where an image comes from', () => {
  it('is a path, a file: URL or its text, bytes, or any buffer', async () => {
    const png = await picture(3).png().toBuffer();
    const path = await saved('a picture ü%.png', png);
    const inside = new Uint8Array(png.length + 9);
    inside.set(png, 4);
    const shared = new Uint8Array(new SharedArrayBuffer(png.length));
    shared.set(png);
    const inputs = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      png,
      inside.subarray(4, 4 + png.length),
      inside.buffer.slice(4, 4 + png.length),
      shared,
      runInNewContext('Uint8Array.from(bytes)', { bytes: [...png] }) as Uint8Array, // another realm's class
    ];
    for (const input of inputs) expectPixels(await decodeImage(input), values(3));
  });

  it('is read anew when the file has changed', async () => {
    const path = await saved('changing.png', await picture(3).png().toBuffer());
    await decodeImage(path);
    await saved('changing.png', await picture(3).negate().png().toBuffer());
    expectPixels(
      await decodeImage(path),
      values(3).map((value) => 255 - value),
    );
  });

  it('is a sharp pipeline, which is not used up', async () => {
    const pipeline = sharp(await picture(3).png().toBuffer()).extract({ left: 1, top: 2, width: 2, height: 1 });
    const start = (2 * width + 1) * 3;
    for (let use = 1; use <= 2; use++) {
      const { data, ...size } = await decodeImage(pipeline);
      expect(size).toEqual({ width: 2, height: 1, channels: 3 });
      expect([...data]).toEqual([...values(3).subarray(start, start + 6)]);
    }
    expect((await pipeline.png().toBuffer({ resolveWithObject: true })).info.format).toBe('png');
  });

  it('is a sharp pipeline that gives grey, alpha or 16 bits', async () => {
    const png = await picture(4).png().toBuffer();
    expectPixels(await decodeImage(sharp(png).raw({ depth: 'ushort' })), withoutAlpha(values(4)));
    const grey = await decodeImage(sharp(png).extractChannel(1));
    expect(grey).toMatchObject({ width, height, channels: 1 });
    expect([...grey.data]).toEqual([...values(4)].filter((_, i) => i % 4 === 1));
  });

  it('is raw pixels, which are not copied and need no sharp', async () => {
    for (const channels of [1, 3, 4] as const) {
      const buffers = [values(channels), new Uint8ClampedArray(values(channels)), Buffer.from(values(channels))];
      const shared = new Uint8Array(new SharedArrayBuffer(width * height * channels));
      for (const data of [...buffers, shared]) {
        const image = { data, width, height, channels };
        const decoded = await decodeImage(image);
        expect({ ...decoded, data: [...decoded.data] }).toEqual({ ...image, data: [...data] });
        expect([decoded.data.buffer, decoded.data.byteOffset]).toEqual([data.buffer, data.byteOffset]);
      }
    }
  });
});

describe('what a file becomes', () => {
  it('is RGB as stored, whatever the lossless format', async () => {
    const files = [
      picture(3).png(),
      picture(3).webp({ lossless: true }),
      picture(3).tiff({ compression: 'lzw' }),
      picture(3).avif({ lossless: true }),
      picture(3).gif({ colours: 256, dither: 0 }),
    ];
    for (const file of files) expectPixels(await decodeImage(await file.toBuffer()), values(3));
  });

  it('is grey three times', async () => {
    expectPixels(await decodeImage(await picture(1).png().toBuffer()), tripled(values(1)));
    const { data } = await decodeImage(await picture(1).jpeg({ quality: 100 }).toBuffer());
    for (let i = 0; i < data.length; i += 3) expect([data[i + 1], data[i + 2]]).toEqual([data[i], data[i]]);
  });

  it('has its alpha removed, not blended', async () => {
    expectPixels(await decodeImage(await picture(4).png().toBuffer()), withoutAlpha(values(4)));
    const grey = values(2).filter((_, i) => i % 2 === 0);
    expectPixels(await decodeImage(await picture(2).png().toBuffer()), tripled(grey));
    const palette = sharp(Buffer.from([9, 90, 200, 255, 250, 40, 3, 0]), { raw: { width: 2, height: 1, channels: 4 } });
    const { data } = await decodeImage(await palette.png({ palette: true, dither: 0 }).toBuffer());
    expect([...data.subarray(0, 3)]).toEqual([9, 90, 200]);
    expect(data).toHaveLength(6);
  });

  it('has the upper 8 of 16 bits', async () => {
    const wide = Uint16Array.from({ length: width * height * 3 }, (_, i) => (i * 40503) % 65536);
    const upper = wide.map((value) => value >> 8);
    const rgb = sharp(wide, { raw: { width, height, channels: 3 } }).toColourspace('rgb16');
    expectPixels(await decodeImage(await rgb.png().toBuffer()), upper);
    const narrow = wide.subarray(0, width * height);
    const grey = sharp(narrow, { raw: { width, height, channels: 1 } }).toColourspace('grey16');
    expect((await sharp(await grey.png().toBuffer()).metadata()).depth).toBe('ushort');
    expectPixels(
      await decodeImage(await grey.png().toBuffer()),
      tripled(Uint8Array.from(upper.subarray(0, width * height))),
    );
  });

  it('is upright', async () => {
    const pixel = (x: number, y: number): number[] => [
      ...values(3).subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
    ];
    const corners: Record<number, number[]> = { 1: pixel(0, 0), 3: pixel(6, 4), 6: pixel(0, 4), 8: pixel(6, 0) };
    for (const [orientation, corner] of Object.entries(corners)) {
      const file = await picture(3)
        .withMetadata({ orientation: Number(orientation) })
        .png()
        .toBuffer();
      const image = await decodeImage(file);
      expect([image.width, image.height]).toEqual(Number(orientation) > 4 ? [height, width] : [width, height]);
      expect([...image.data.subarray(0, 3)]).toEqual(corner);
      expect((await decodeImage(sharp(file))).data).toEqual(image.data);
    }
    const jpeg = await picture(3).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodeImage(jpeg)).toMatchObject({ width: height, height: width });
  });

  it('ignores an embedded colour profile, as timm does', async () => {
    const pixels = await sharp(await picture(3).withIccProfile('p3').png().toBuffer(), { ignoreIcc: true })
      .raw()
      .toBuffer();
    expect([...pixels]).not.toEqual([...values(3)]);
    expectPixels(await decodeImage(await picture(3).withIccProfile('p3').png().toBuffer()), pixels);
  });

  it('is RGB of CMYK', async () => {
    for (const background of ['#c03020', '#ffffff', '#000000', '#2040a0']) {
      const made = sharp({ create: { width, height, channels: 3, background } });
      const file = await made.toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
      expect((await sharp(file).metadata()).space).toBe('cmyk');
      const image = await decodeImage(file);
      expect(image).toMatchObject({ width, height, channels: 3 });
      const want = [1, 3, 5].map((i) => parseInt(background.slice(i, i + 2), 16));
      for (let c = 0; c < 3; c++) expect(Math.abs((image.data[c] ?? NaN) - (want[c] ?? NaN))).toBeLessThan(50);
    }
  });

  it('is the first frame of an animation', async () => {
    const still = (background: string) =>
      sharp({ create: { width, height, channels: 3, background } })
        .png()
        .toBuffer();
    const frames = await Promise.all(['#ff0000', '#00ff00'].map(still));
    for (const format of ['gif', 'webp'] as const) {
      const animation = sharp(frames, { join: { animated: true } });
      const file = await animation[format]({ lossless: true }).toBuffer();
      expect((await sharp(file, { animated: true }).metadata()).pages).toBe(2);
      expectPixels(await decodeImage(file), Array.from({ length: width * height }, () => [255, 0, 0]).flat());
    }
  });
});

describe('what is refused', () => {
  it('is a file that cannot be read', async () => {
    const error = await expectError(join(folder, 'missing.jpg'), 'ERR_GHOST_FILE', /missing\.jpg does not exist/);
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
    await expectError(folder, 'ERR_GHOST_FILE', /is a folder/);
    await expectError(`${folder}\0`, 'ERR_GHOST_FILE', /cannot be read/);
    if (process.platform === 'linux') await expectError('/dev/zero', 'ERR_GHOST_FILE', /is not a file/);
  });

  it('is a file that is no image', async () => {
    await expectError(
      await saved('empty.jpg', ''),
      'ERR_GHOST_IMAGE',
      /empty\.jpg cannot be decoded: it is empty \(0 bytes\)/,
    );
    await expectError(
      await saved('text.jpg', 'not a picture'),
      'ERR_GHOST_IMAGE',
      /text\.jpg cannot be decoded: .*begins with "not a picture"/,
    );
    await expectError(new Uint8Array(0), 'ERR_GHOST_IMAGE', /empty/);
    await expectError(new ArrayBuffer(64), 'ERR_GHOST_IMAGE', /image of 64 bytes cannot be decoded/);
    await expectError(sharp(Buffer.from('not a picture')), 'ERR_GHOST_IMAGE', /sharp pipeline cannot be decoded/);
  });

  it('is a truncated file, however little is missing', async () => {
    const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 };
    const made = sharp({ create: { width: 64, height: 64, channels: 3, background: '#808080', noise } });
    for (const file of [await made.clone().jpeg().toBuffer(), await made.clone().png().toBuffer()]) {
      for (const length of [20, file.length >> 1, file.length - 20]) {
        const error = await expectError(
          file.subarray(0, length),
          'ERR_GHOST_IMAGE',
          /cannot be decoded: .+\. Expected a sound JPEG/,
        );
        expect(error.message).not.toContain('\n');
        expect(error.cause).toBeInstanceOf(Error);
      }
    }
  });

  it('is raw pixels that do not fit their size', async () => {
    const data = values(3);
    for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 31, '7', undefined]) {
      await expectError(
        { data, width: size, height, channels: 3 },
        'ERR_GHOST_IMAGE',
        /whole width and height from 1 to 2147483647/,
      );
      await expectError(
        { data, width, height: size, channels: 3 },
        'ERR_GHOST_IMAGE',
        /whole width and height from 1 to 2147483647/,
      );
    }
    for (const channels of [0, 2, 5, '3', undefined]) {
      await expectError(
        { data, width, height, channels },
        'ERR_GHOST_IMAGE',
        /1 \(grey\), 3 \(RGB\) or 4 \(RGBA\) channels/,
      );
    }
    await expectError(
      { data, width: 8, height, channels: 3 },
      'ERR_GHOST_IMAGE',
      /8 x 5 x 3 = 120 values .* which has 105/,
    );
    await expectError(
      { data, width: 2 ** 31 - 1, height: 2 ** 31 - 1, channels: 4 },
      'ERR_GHOST_IMAGE',
      /which has 105/,
    );
    const moved = new Uint8Array(105);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    await expectError({ data: moved, width, height, channels: 3 }, 'ERR_GHOST_IMAGE', /which has 0/);
  });

  it('is anything else', async () => {
    const others = [
      undefined,
      null,
      7,
      true,
      {},
      [],
      Symbol('image'),
      () => 1,
      new Uint16Array(4),
      new DataView(new ArrayBuffer(8)),
    ];
    for (const other of others)
      await expectError(other, 'ERR_GHOST_ARGUMENT', /An image must be a path, .*, not .+\.$/);
    await expectError(new Float32Array(4), 'ERR_GHOST_ARGUMENT', /class Float32Array/);
    for (const data of [new Float32Array(105), [...values(3)], 'text', null]) {
      await expectError(
        { data, width, height, channels: 3 },
        'ERR_GHOST_ARGUMENT',
        /Uint8Array or Uint8ClampedArray, not/,
      );
    }
    await expectError('', 'ERR_GHOST_ARGUMENT', /empty string/);
  });

  it('is a URL that is not a file', async () => {
    const link = 'https://example.com/cat.jpg';
    for (const url of [
      link,
      new URL(link),
      'HTTP://example.com/',
      'data:image/png;base64,AAAA',
      's3://bucket/cat.jpg',
    ]) {
      await expectError(url, 'ERR_GHOST_ARGUMENT', /not downloaded: .*Fetch it first and pass the bytes/);
    }
    const long = await expectError(`data:${'a'.repeat(1e6)}`, 'ERR_GHOST_ARGUMENT', /…/);
    expect(long.message.length).toBeLessThan(400);
    await expectError('file:///a%2Fb.jpg', 'ERR_GHOST_ARGUMENT', /names no file here/);
  });
});

describe('an abort', () => {
  it('rejects with its reason before anything is read', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const raw = { data: values(3), width, height, channels: 3 as const };
    for (const input of ['/missing.jpg', new Uint8Array(0), raw, picture(3)]) {
      await expect(decodeImage(input, { signal })).rejects.toBe(reason);
    }
  });

  it('rejects with its reason in the middle', async () => {
    const png = await picture(3).png().toBuffer();
    for (const input of [await saved('aborted.png', png), png, sharp(png), sharp(Buffer.from('no picture'))]) {
      const controller = new AbortController();
      const decoding = decodeImage(input, { signal: controller.signal });
      controller.abort('changed my mind');
      await expect(decoding).rejects.toBe('changed my mind');
    }
  });
});
