import sharp from 'sharp';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../lib/pixels/image.js';
import { width, height, values, picture, tripled, withoutAlpha, expectPixels, saved } from './pictures.js';

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
