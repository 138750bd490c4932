import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../lib/pixels/image.js';
import { inkTiff } from './ink-tiff.js';

/** Cyan, magenta, yellow and black, at every end of the range. */
const inks = [
  [0, 0, 0, 0],
  [255, 128, 3, 64],
  [20, 200, 90, 0],
  [10, 20, 30, 255],
  [255, 255, 255, 255],
  [1, 254, 127, 1],
];

/** What light the inks leave, to the nearest whole number. */
function rgbOf([c, m, y, k]: number[]): number[] {
  return [c, m, y].map((ink) => Math.round(((255 - ink!) * (255 - k!)) / 255));
}

/** Four fields of 8 x 8 pixels, as Pillow writes them; of an Adobe marker with the transform 0, inverted. */
const jpeg = Buffer.from(
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB' +
    '/8AAFAgACAAgBEMRAE0RAFkRAEsRAP/EABgAAQEAAwAAAAAAAAAAAAAAAAoLBQcJ/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwB/' +
    'B/B/B/CAOn/sOP8ArrA34o5ADaCtA7wIA7//2Q==',
  'base64',
);
const adobeBytes = 16;

async function fields(file: Uint8Array): Promise<number[][]> {
  const { data, width, channels } = await decodeImage(file);
  expect([width, channels]).toEqual([32, 3]);
  return [0, 1, 2, 3].map((field) => [...data.subarray(3 * (4 * 32 + 8 * field + 4)).subarray(0, 3)]);
}

describe('a picture of four inks is converted as Pillow does', () => {
  it('from a TIFF, of 8 and of 16 bits, with and without a fifth sample', async () => {
    for (const options of [{}, { bits: 16 }, { extra: true }] as const) {
      const file = inkTiff(inks, options);
      expect((await sharp(file).metadata()).space).toBe('cmyk');
      const { data, ...size } = await decodeImage(file);
      expect(size).toEqual({ width: inks.length, height: 1, channels: 3 });
      expect([...data]).toEqual(inks.flatMap(rgbOf));
    }
  });

  it('from a JPEG, with Adobe’s marker and without', async () => {
    const bare = Buffer.concat([jpeg.subarray(0, 2), jpeg.subarray(2 + adobeBytes)]);
    for (const file of [jpeg, bare]) expect(await fields(file)).toEqual(inks.slice(0, 4).map(rgbOf));
  });

  it('from a JPEG whose inks are stored as luminance and colour differences (YCCK)', async () => {
    const file = Buffer.from(jpeg);
    file[2 + adobeBytes - 1] = 2;
    // By the formulae of JFIF, from the same samples: they give the light of inverted inks, which are the inks.
    const ycck = inks.slice(0, 4).map(([a, b, c, k]) => {
      const [luma, blue, red] = [255 - a!, 255 - b! - 128, 255 - c! - 128];
      const light = [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue];
      const stored = light.map((value) => Math.max(0, Math.min(255, Math.round(value))));
      return rgbOf([...stored, k!]);
    });
    expect(await fields(file)).toEqual(ycck);
  });

  it('whatever colour profile it has', async () => {
    const file = await sharp(jpeg).toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer();
    const { hasProfile, space } = await sharp(file).metadata();
    expect([hasProfile, space]).toEqual([true, 'cmyk']);
    const stored = await sharp(file, { ignoreIcc: true })
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .raw()
      .toBuffer();
    const pixels = Array.from({ length: stored.length / 4 }, (_, i) => [...stored.subarray(4 * i, 4 * i + 4)]);
    const { data } = await decodeImage(file);
    expect([...data]).toEqual(pixels.flatMap(rgbOf));
  });

  it('upright', async () => {
    const tall = await decodeImage(inkTiff(inks, { orientation: 6 }));
    expect([tall.width, tall.height]).toEqual([1, inks.length]);
    expect([...tall.data]).toEqual(inks.flatMap(rgbOf));
  });
});
