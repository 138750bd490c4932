import sharp from 'sharp';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../lib/pixels/image.js';
import { width, height, folder, values, picture, expectError, saved } from './pictures.js';

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
    for (const zeros of [new ArrayBuffer(64), new Uint16Array(32), new DataView(new ArrayBuffer(64))])
      await expectError(zeros, 'ERR_GHOST_IMAGE', /image of 64 bytes cannot be decoded/);
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
    for (const channels of [0, 2, 5, '3', null]) {
      await expectError(
        { data, width, height, channels },
        'ERR_GHOST_IMAGE',
        channels === 2 ? /7 x 5 x 2 = 70 values/ : /1 \(grey\), 2 \(grey, alpha\), 3 \(RGB\) or 4 \(RGBA\) channels/,
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
    const others = [undefined, null, 7, true, {}, [], Symbol('image'), () => 1, new Float64Array(4)];
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
    for (const url of [link, new URL(link), 'HTTP://example.com/', 's3://bucket/cat.jpg']) {
      await expectError(url, 'ERR_GHOST_ARGUMENT', /not downloaded: .*Fetch it first and pass the answer: await fetch/);
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
