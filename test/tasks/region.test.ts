import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { preprocessed } from '../../lib/engine/preprocess.js';
import { load, preprocess, type Region } from '../../lib/index.js';
import { defaultPreprocessConfig } from '../../lib/preprocess-config.js';

/** 40 x 30 pixels, all different. */
const [width, height] = [40, 30];
const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + (i >> 5)) % 256);
const picture = { data, width, height, channels: 3 } as const;
const config = { ...defaultPreprocessConfig, inputSize: [24, 24] as const };

function part({ left, top, width: w, height: h }: Region) {
  const rows = Array.from({ length: h }, (_, y) => data.subarray(((top + y) * width + left) * 3).subarray(0, 3 * w));
  return { data: new Uint8Array(Buffer.concat(rows)), width: w, height: h, channels: 3 } as const;
}

describe('a region of an image', () => {
  it.each<Region>([
    { left: 5, top: 3, width: 20, height: 25 },
    { left: 39, top: 29, width: 1, height: 1 },
    { left: 0, top: 0, width, height },
  ])('is as if it were the image: %j', async (region) => {
    const expected = await preprocess(part(region), config);
    expect(await preprocess(picture, config, { region })).toEqual(expected);
    const png = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    expect(await preprocess(png, config, { region })).toEqual(expected);
  });

  it('is what every question is asked of', async () => {
    await using model = await load();
    const region = { left: 5, top: 3, width: 20, height: 25 };
    const alone = part(region);
    expect(await model.classify(picture, { region })).toEqual(await model.classify(alone));
    expect(await model.classify([picture, picture], { region })).toEqual(await model.classify([alone, alone]));
    expect(await model.embed(picture, { region })).toEqual(await model.embed(alone));
    expect(await model.features(picture, { region })).toEqual(await model.features(alone));
    expect(await model.attention(picture, { region })).toEqual(await model.attention(alone));
    const tensor = await preprocess(picture, model.config.preprocess);
    await expect(model.embed(tensor, { region })).rejects.toThrow(/region is of an image, and the input is a tensor/);
  });

  it('has its place on the whole image', async () => {
    const region = { left: 5, top: 3, width: 20, height: 25 };
    const reading = { signal: undefined, timeoutMs: 1000, orient: true };
    const { geometry: alone } = await preprocessed(part(region), config, { ...reading, region: undefined });
    const { geometry } = await preprocessed(picture, config, { ...reading, region });
    expect(geometry.imageSize).toEqual([height, width]);
    expect(geometry.scale).toEqual(alone.scale);
    expect(geometry.scale[0] * 3 + geometry.offset[0]).toBeCloseTo(alone.offset[0], 9);
    expect(geometry.scale[1] * 5 + geometry.offset[1]).toBeCloseTo(alone.offset[1], 9);
  });

  it.each<[region: unknown, message: RegExp]>([
    [{ left: 30, top: 0, width: 11, height: 5 }, /within the image of 40 x 30 pixels, found 11 x 5 at \(30, 0\)/],
    [{ left: 0, top: 30, width: 1, height: 1 }, /within the image of 40 x 30 pixels/],
    [{ left: -1, top: 0, width: 1, height: 1 }, /region\.left should be a whole number of at least 0/],
    [{ left: 0, top: 0, width: 0, height: 1 }, /region\.width should be a whole number of at least 1/],
    [{ left: 0, top: 0, width: 1.5, height: 1 }, /region\.width should be a whole number/],
    [{ left: 0, top: 0, width: 1 }, /region\.height should be a whole number/],
    [{ x: 0 }, /region: there is no option "x"/],
    ['0,0,1,1', /region should be \{ left, top, width, height \}/],
  ])('is refused where it is none: %j', async (region, message) => {
    await expect(preprocess(picture, config, { region: region as Region })).rejects.toMatchObject({
      code: 'ERR_GHOST_ARGUMENT',
      message: expect.stringMatching(message) as unknown,
    });
  });
});

describe('the orientation of a file', () => {
  it.each(['jpeg', 'tiff'] as const)('is left as it is stored where that is asked for: %s', async (format) => {
    const stored = sharp(data, { raw: { width, height, channels: 3 } });
    const file = await stored.clone().withMetadata({ orientation: 6 }).toFormat(format, { quality: 100 }).toBuffer();
    const plain = await stored.clone().toFormat(format, { quality: 100 }).toBuffer();
    const unturned = await preprocess(plain, config);
    expect(await preprocess(file, config, { orient: false })).toEqual(unturned);
    expect(await preprocess(sharp(file), config, { orient: false })).toEqual(unturned);
    expect(await preprocess(file, config)).not.toEqual(unturned);
    expect(await preprocess(file, config, { orient: true })).toEqual(await preprocess(file, config));
  });

  it('should be true or false', async () => {
    await expect(preprocess(picture, config, { orient: 1 as unknown as boolean })).rejects.toThrow(
      /orient should be true or false/,
    );
  });
});
