// Pictures that are read here and not by sharp: whatever the bytes, there are as many pixels as promised, or a refusal.
import { readBmp } from '../../dist/pixels/bmp.js';
import { readNetpbm } from '../../dist/pixels/netpbm.js';

const reading = (reader) => async (bytes) => {
  // What the format is told by stands before.
  const steps = reader(bytes, 'fuzz');
  for (;;) {
    const { done, value } = steps.next();
    if (!done) continue;
    const { data, width, height, channels } = value;
    if (data.length !== width * height * channels)
      throw new Error(`${width} x ${height} x ${channels} have ${data.length} values`);
    return;
  }
};

/** A bitmap of 5 x 3 pixels. */
function bmp(bits, { compression = 0, headerBytes = 40, extra = [], pixels = Array(96).fill(0x5a) } = {}) {
  const file = Buffer.alloc(14 + headerBytes);
  const offset = file.length + extra.length;
  file.write('BM');
  file.writeUInt32LE(offset + pixels.length, 2);
  file.writeUInt32LE(offset, 10);
  file.writeUInt32LE(headerBytes, 14);
  if (headerBytes === 12) for (const [i, value] of [5, 3, 1, bits].entries()) file.writeUInt16LE(value, 18 + 2 * i);
  else {
    file.writeInt32LE(5, 18);
    file.writeInt32LE(bits === 24 ? -3 : 3, 22);
    file.writeUInt16LE(1, 26);
    file.writeUInt16LE(bits, 28);
    file.writeUInt32LE(compression, 30);
  }
  return Buffer.concat([file, Buffer.from(extra), Buffer.from(pixels)]);
}

const palette = (entries) => Array.from({ length: 4 * entries }, (_, i) => (i * 37) % 256);
const masks = [0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0];
const runs = [5, 1, 0, 0, 0, 2, 1, 1, 0, 3, 1, 2, 3, 0, 4, 7, 0, 0, 5, 9, 0, 1];
const words = (texts) => texts.map((text) => Buffer.from(text, 'latin1'));

export const bitmapParsers = {
  bmp: {
    read: reading(readBmp),
    seeds: [
      bmp(1, { extra: palette(2) }),
      bmp(4, { extra: palette(16) }),
      bmp(8, { extra: palette(256) }),
      bmp(8, { compression: 1, extra: palette(256), pixels: runs }),
      bmp(4, { compression: 2, extra: palette(16), pixels: runs }),
      bmp(16),
      bmp(16, { compression: 3, extra: masks }),
      bmp(24),
      bmp(24, { headerBytes: 12 }),
      bmp(32, { headerBytes: 124, compression: 3 }),
    ],
    words: words([
      '\x01\0\0\0',
      '\x02\0\0\0',
      '\x03\0\0\0',
      '\xff\xff\xff\xff',
      '\0\0\xff\0',
      '\0\x01',
      '\0\x02\xff\xff',
      '\x7c\0\0\0',
    ]),
  },
  netpbm: {
    read: reading(readNetpbm),
    seeds: words([
      'P1\n# c\n3 2\n101 0#\n10',
      'P2 3 2 15\n1 2 3 15 0 7\n',
      'P3 1 2 255\n1 2 3\n4 5 6\n',
      'P4\n9 2\n\xaa\x80\x55\0',
      'P5 2 2 255\nabcd',
      'P5 2 1 65535\n\x12\x34\xff\xff',
      'P6 1 1 100\nabc',
    ]),
    words: words(['P1 ', 'P6\n', '#', '\n', ' ', '16384 ', '65535\n', '9999999999 ', '0 ']),
  },
};
