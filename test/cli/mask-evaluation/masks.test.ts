import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readLabelImage } from '../../../lib/cli/mask-evaluation/label-image.js';
import { masksOf, readMask } from '../../../lib/cli/mask-evaluation/masks-folder.js';
import { errorOf } from '../../../testing/error-of.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
}

interface Png {
  readonly width: number;
  readonly height: number;
  readonly bits?: number;
  readonly color?: number;
  readonly interlaced?: number;
  /** Of all rows, each behind its filter. */
  readonly rows: readonly number[];
}

/** Without checksums, which nobody reads. */
function png({ width, height, bits = 8, color = 3, interlaced = 0, rows }: Png): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, color, 0, 0, interlaced], 8);
  const data = deflateSync(Uint8Array.from(rows));
  const parts = [data.subarray(0, 5), data.subarray(5)].map((part) => chunk('IDAT', part));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', new Uint8Array(768)),
    ...parts,
    chunk('IEND', new Uint8Array()),
  ]);
}

describe('a mask', () => {
  it('of a palette has its indices, whatever the filters of its rows', () => {
    const rows = [
      [0, 10, 20, 30],
      [1, 5, 1, 255], // left: 5, 6, 5
      [2, 1, 1, 1], // above: 6, 7, 6
      [3, 1, 2, 3], // their mean: 4, 7, 9
      [4, 1, 1, 1], // Paeth: 5, 8, 10
    ].flat();
    const { width, height, labels } = readLabelImage(png({ width: 3, height: 5, rows }));
    expect([width, height]).toEqual([3, 5]);
    expect([...labels]).toEqual([10, 20, 30, 5, 6, 5, 6, 7, 6, 4, 7, 9, 5, 8, 10]);
  });

  it.each<[bits: number, rows: number[], labels: number[]]>([
    [1, [0, 0b10110000, 0, 0b01000000], [1, 0, 1, 0, 1, 0]],
    [2, [0, 0b11100100, 0, 0b00011011], [3, 2, 1, 0, 1, 2]],
    [4, [0, 0x12, 0x30, 0, 0xab, 0xc0], [1, 2, 3, 10, 11, 12]],
    [16, [0, 1, 2, 0, 5, 255, 255, 0, 0, 0, 0, 1, 0, 2], [258, 5, 65535, 0, 1, 2]],
  ])('may have %i bits a pixel', (bits, rows, labels) => {
    expect([...readLabelImage(png({ width: 3, height: 2, bits, rows })).labels]).toEqual(labels);
  });

  it('of grey is read as others write it', async () => {
    const labels = Uint8Array.from({ length: 60 * 41 }, (_, i) => (i * i) % 251);
    const raw = { width: 60, height: 41, channels: 1 } as const;
    const file = await sharp(labels, { raw }).toColourspace('b-w').png({ adaptiveFiltering: true }).toBuffer();
    expect(readLabelImage(file)).toEqual({ width: 60, height: 41, labels });
  });

  it.each<[string, Uint8Array, string]>([
    ['no PNG', Buffer.from('GIF89a'), 'it is no PNG'],
    ['colours', png({ width: 1, height: 1, color: 2, rows: [0, 1, 2, 3] }), 'and are colours'],
    ['interlaced', png({ width: 1, height: 1, interlaced: 1, rows: [0, 1] }), 'it is interlaced'],
    ['cut off', png({ width: 3, height: 2, rows: [0, 1, 2, 3] }), 'its pixels are cut off'],
    ['too large', png({ width: 1e6, height: 1e6, rows: [] }), 'should have 1 to 268435456 pixels'],
    ['an unknown filter', png({ width: 1, height: 1, rows: [9, 1] }), 'its pixels are damaged'],
    ['a bomb', png({ width: 1, height: 1, rows: Array<number>(1e6).fill(0) }), ''],
    ['no header', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'it has no header'],
  ])('is refused: %s', async (name, bytes, words) => {
    const file = join(folder, `${name}.png`);
    writeFileSync(file, bytes);
    const error = await errorOf(readMask(file));
    expect(error.code).toBe('ERR_GHOST_FILE');
    expect(error.message).toContain(`${file} is no mask: `);
    expect(error.message).toContain(words);
  });
});

describe('the masks of pictures', () => {
  const place = join(folder, 'masks');
  mkdirSync(place);
  for (const name of ['street.png', 'park.PNG', 'notes.txt']) writeFileSync(join(place, name), '');

  it('are called as these are', async () => {
    const pictures = ['photos/street.jpg', 'photos/more/park.webp', 'photos/lake.jpg'];
    expect(await masksOf(pictures, place)).toEqual({
      pairs: [
        { picture: 'photos/street.jpg', mask: join(place, 'street.png') },
        { picture: 'photos/more/park.webp', mask: join(place, 'park.PNG') },
      ],
      left: ['photos/lake.jpg'],
    });
  });

  it('may lie among them', async () => {
    const pictures = [join(place, 'street.jpg'), join(place, 'street.png')];
    expect(await masksOf(pictures, place)).toEqual({
      pairs: [{ picture: join(place, 'street.jpg'), mask: join(place, 'street.png') }],
      left: [],
    });
  });

  it('are missed', async () => {
    expect((await errorOf(masksOf(['a/lake.jpg'], place))).message).toMatch(
      /called as it is \(lake\.png\), and has none\.$/,
    );
    expect((await errorOf(masksOf(['lake.jpg'], join(folder, 'nowhere')))).message).toMatch(
      /nowhere does not exist\.$/,
    );
  });
});
