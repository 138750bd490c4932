import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../lib/pixels/image.js';
import { expectError } from './pictures.js';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** [width, height, channels] and the values. */
async function read(text: string): Promise<[number[], number[]]> {
  const { data, width, height, channels } = await decodeImage(latin1(text));
  return [[width, height, channels], [...data]];
}

describe('a Netpbm picture', () => {
  it('of bits is black where they are 1', async () => {
    const wanted = [
      [3, 2, 1],
      [0, 255, 0, 255, 255, 0],
    ];
    for (const text of ['P1\n3 2\n1 0 1\n0 0 1\n', 'P1 3 2 101001', 'P1\n# made by hand\n3 # wide\n2\n10#1\n1\n001'])
      expect(await read(text)).toEqual(wanted);
    expect(await read('P4\n3 2\n\xa0\x3f')).toEqual(wanted);
    expect((await read('P4 9 1\n\x7f\x80'))[1]).toEqual([255, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('of grey is one channel, of colours three, in text and in bytes', async () => {
    expect(await read('P2\n2 2\n255\n0 7\n250\t255')).toEqual([
      [2, 2, 1],
      [0, 7, 250, 255],
    ]);
    expect(await read('P5\n2 1\n255\n\n#')).toEqual([
      [2, 1, 1],
      [10, 35],
    ]);
    expect(await read('P3 1 2 255 1 2 3 # one\n4 5 6\n')).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(await read('P6\r1 1\r255\r\x01\x02\xff and more')).toEqual([
      [1, 1, 3],
      [1, 2, 255],
    ]);
  });

  it('of other largest values is scaled, rounded half to even', async () => {
    // 127.5 becomes 128, of 1 in 2; 0.5 becomes 0, of 1 in 510.
    expect((await read('P5\n3 1\n2\n\0\x01\x02'))[1]).toEqual([0, 128, 255]);
    expect((await read('P2\n4 1\n510\n0 1 3 510'))[1]).toEqual([0, 0, 2, 255]);
    expect((await read('P6\n1 1\n100\n\x32\x64\xc8'))[1]).toEqual([128, 255, 255]);
    const wide = await read('P6\n1 1\n65535\n\x80\0\x12\x34\xff\xff');
    expect(wide[1]).toEqual([0x8000, 0x1234, 0xffff].map((value) => Math.round((255 * value) / 65535)));
    expect((await read('P5\n2 1\n65535\n\x80\0\x12\x34'))[1]).toEqual([128, 18]);
  });

  it('that is damaged is refused, and told why', async () => {
    for (const [text, words] of [
      ['P6\n', /should begin with its width, height and largest value/],
      ['P6\nwide 2 255\n', /should begin with/],
      ['P5\n12345678901 1 255\n', /should begin with/],
      ['P5\n0 1\n255\n', /0 x 1 pixels/],
      ['P5\n1 1\n65536\n', /largest value is 65536, not from 1 to 65535/],
      ['P5\n1 1\n0\n', /largest value is 0/],
      ['P5\n3 3\n255\n12345678', /it ends after 19 bytes, its 3 x 3 pixels only after 20/],
      ['P5\n3 1\n256\n12345', /only after 17/],
      ['P4\n9 1\n1', /only after 9/],
      ['P2\n2 1\n9\n1 10', /2 numbers from 0 to 9 in text; number 2 is none/],
      ['P2\n2 1\n9\n1', /number 2 is none/],
      ['P2\n2 1\n9\n1 -1', /number 2 is none/],
      ['P1\n2 1\n12', /number 2 is none/],
      ['P1\n2 1\n1', /number 2 is none/],
      ['P6\n99999 99999 255\n', /exceed the pixel limit/],
      ['P6\n99999 1 255\n', /too elongated/],
      [`P2\n1 1\n#${'x'.repeat(2 ** 20)}\n9 1`, /should begin with/],
      ['P7\nWIDTH 2\n', /PAM or PFM/],
    ] as const)
      await expectError(latin1(text), 'ERR_GHOST_IMAGE', words);
  });
});
