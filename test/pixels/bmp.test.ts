import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../lib/pixels/image.js';
import { bitmapFile, fileHeaderBytes, padded, type Bitmap } from './bitmap.js';
import { expectError, saved } from './pictures.js';

const red = [250, 10, 20];
const green = [30, 240, 40];
const blue = [50, 60, 230];
const grey = [90, 90, 90];
const black = [0, 0, 0];
const palette = [red, green, blue, grey];

async function pixelsOf(bitmap: Bitmap): Promise<number[][]> {
  const { data, width, height, channels } = await decodeImage(bitmapFile(bitmap));
  expect([width, height, channels]).toEqual([bitmap.width, bitmap.height, 3]);
  return Array.from({ length: width * height }, (_, i) => [...data.subarray(3 * i, 3 * i + 3)]);
}

/** 5 bits of 31, or 6 of 63, as eighths of a byte: cut off, as Pillow does. */
const of31 = (value: number): number => Math.floor((255 * value) / 31);
const of63 = (value: number): number => Math.floor((255 * value) / 63);
const pair = (value: number): number[] => [value & 255, value >> 8];

describe('a BMP picture', () => {
  it('of 24 bits is read from the last row to the first, or as its height says', async () => {
    const rows = [
      [...[...red].reverse(), ...[...green].reverse()],
      [...[...blue].reverse(), ...[...grey].reverse()],
    ];
    const bitmap = { width: 2, height: 2, bits: 24, pixels: padded(rows) };
    const bottomUp = [blue, grey, red, green];
    expect(await pixelsOf(bitmap)).toEqual(bottomUp);
    expect(await pixelsOf({ ...bitmap, headerBytes: 124 })).toEqual(bottomUp);
    expect(await pixelsOf({ ...bitmap, headerBytes: 12 })).toEqual(bottomUp);
    expect(await pixelsOf({ ...bitmap, isTopDown: true })).toEqual([red, green, blue, grey]);
    const file = await saved('named.jpg', bitmapFile(bitmap));
    expect([...(await decodeImage(file)).data]).toEqual(bottomUp.flat());
  });

  it('of 1, 4 and 8 bits is looked up in its palette', async () => {
    const two = palette.slice(0, 2);
    const bits1 = { width: 10, height: 1, bits: 1, palette: two, pixels: padded([[0b0110_0001, 0b0100_0000]]) };
    const wanted = [0, 1, 1, 0, 0, 0, 0, 1, 0, 1].map((i) => two[i]);
    expect(await pixelsOf(bits1)).toEqual(wanted);
    expect(await pixelsOf({ ...bits1, headerBytes: 12 })).toEqual(wanted);
    const bits4 = { width: 3, height: 1, bits: 4, palette, colours: 4, pixels: padded([[0x13, 0x20]]) };
    expect(await pixelsOf(bits4)).toEqual([green, grey, blue]);
    const bits8 = { width: 3, height: 1, bits: 8, palette, colours: 4, pixels: padded([[3, 0, 9]]) };
    expect(await pixelsOf(bits8)).toEqual([grey, red, black]);
    expect(await pixelsOf({ ...bits8, offset: 0 })).toEqual([grey, red, black]);
    expect(await pixelsOf({ ...bits8, offset: fileHeaderBytes + 40 })).toEqual([grey, red, black]);
    const greys = [0, 1, 2, 3].map((value) => [value, value, value]);
    expect(await pixelsOf({ ...bits8, palette: greys })).toEqual([3, 0, 9].map((value) => [value, value, value]));
  });

  it('of 16 and 32 bits has its colours where it says', async () => {
    const pixel15 = (3 << 10) | (17 << 5) | 31;
    const bits16 = { width: 1, height: 1, bits: 16, pixels: padded([pair(pixel15)]) };
    expect(await pixelsOf(bits16)).toEqual([[of31(3), of31(17), 255]]);
    const pixel16 = (3 << 11) | (45 << 5) | 7;
    const masked = { ...bits16, compression: 3, masks: [0xf800, 0x7e0, 0x1f], pixels: padded([pair(pixel16)]) };
    expect(await pixelsOf(masked)).toEqual([[of31(3), of63(45), of31(7)]]);
    expect(await pixelsOf({ ...masked, headerBytes: 56, masks: [...masked.masks, 0] })).toEqual([
      [of31(3), of63(45), of31(7)],
    ]);
    const bits32 = { width: 1, height: 1, bits: 32, pixels: [1, 2, 3, 4] };
    expect(await pixelsOf(bits32)).toEqual([[3, 2, 1]]);
    for (const [masks, wanted] of [
      [
        [0xff, 0xff00, 0xff0000, 0xff000000],
        [1, 2, 3],
      ],
      [
        [0xff000000, 0xff0000, 0xff00, 0xff],
        [4, 3, 2],
      ],
      [
        [0xff0000, 0xff00, 0xff, 0xff000000],
        [3, 2, 1],
      ],
      [
        [0xff000000, 0, 0xff, 0],
        [4, 0, 1],
      ],
      [
        [0, 0, 0, 0],
        [3, 2, 1],
      ],
    ] as const)
      expect(await pixelsOf({ ...bits32, headerBytes: 108, compression: 3, masks })).toEqual([wanted]);
  });

  it('in runs is unrolled, with jumps, ends of rows and what is in no run', async () => {
    const one = { width: 6, height: 3, palette, colours: 4, isTopDown: true };
    const runs8 = [4, 1, 0, 0, 0, 2, 2, 0, 0, 3, 3, 2, 1, 0, 9, 3, 0, 0, 2, 2, 4, 3, 0, 1];
    const rows = [
      [1, 1, 1, 1, 0, 0],
      [0, 0, 3, 2, 1, 3],
      [2, 2, 3, 3, 3, 3],
    ];
    const wanted = rows.flat().map((index) => palette[index]);
    expect(await pixelsOf({ ...one, bits: 8, compression: 1, pixels: runs8 })).toEqual(wanted);
    const runs4 = [4, 0x11, 0, 0, 0, 2, 2, 0, 0, 3, 0x32, 0x10, 9, 0x33, 0, 0, 2, 0x22, 4, 0x33, 0, 1];
    expect(await pixelsOf({ ...one, bits: 4, compression: 2, pixels: runs4 })).toEqual(wanted);
    const mixed = { width: 5, height: 1, palette, colours: 4, bits: 4, compression: 2, pixels: [5, 0x31] };
    expect(await pixelsOf(mixed)).toEqual([grey, green, grey, green, grey]);
  });

  it('that is damaged or of another kind is refused, and told why', async () => {
    const good = { width: 2, height: 1, bits: 8, palette, colours: 4, pixels: padded([[0, 1]]) };
    const refused = (bitmap: object, words: RegExp): Promise<Error> =>
      expectError(bitmapFile({ ...good, ...bitmap }), 'ERR_GHOST_IMAGE', words);
    await expectError(Buffer.from('BM and some text'), 'ERR_GHOST_IMAGE', /header of 12, 40, .* found 0 and 16 in all/);
    const short = bitmapFile(good);
    short[fileHeaderBytes] = 16;
    await expectError(short, 'ERR_GHOST_IMAGE', /found 16/);
    await refused({ width: 0 }, /0 x 1 pixels/);
    await refused({ bits: 2 }, /2 bits a pixel/);
    await refused({ compression: 4 }, /compressed as JPEG at 8 bits/);
    await refused({ compression: 2 }, /compressed as number 2 at 8 bits/);
    await refused({ colours: 1 << 20 }, /palette has 1048576 colours/);
    await refused({ height: 7 }, /it ends after 74 bytes, its 2 x 7 pixels only after 96/);
    await refused({ width: 1 << 30, height: 9 }, /exceed the pixel limit/);
    await refused({ width: 1 << 20, height: 1 }, /too elongated/);
    await refused({ compression: 1, pixels: [1, 0, 0, 1] }, /runs end after 74 of 74 bytes, within its 2 x 1 pixels/);
    await refused({ compression: 1, pixels: [0, 7, 1] }, /runs end/);
    const masked = { bits: 16, palette: [], compression: 3, masks: [0b101, 2, 8] };
    await refused(masked, /mask has holes \(0x5\)/);
    await refused({ ...masked, masks: [], pixels: [1, 2, 3] }, /header ends within its masks/);
  });
});
