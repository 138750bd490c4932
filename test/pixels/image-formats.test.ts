import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../lib/pixels/image.js';
import { recogniseImage } from '../../lib/pixels/format.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
/** Takes a second or more to draw, and more with every octave. */
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="2000"><filter id="f" x="0" y="0" width="1" height="1"><feTurbulence baseFrequency="0.05" numOctaves="40"/></filter><rect width="2000" height="2000" filter="url(#f)"/></svg>`;
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** The directory of a big-endian TIFF, of single numbers. */
function tiffOf(tags: readonly (readonly [tag: number, value: number])[]): Buffer {
  const entries = tags.map(([tag, value]) => {
    const entry = Buffer.alloc(12);
    entry.writeUInt16BE(tag);
    entry.writeUInt16BE(4, 2);
    entry.writeUInt32BE(1, 4);
    entry.writeUInt32BE(value, 8);
    return entry;
  });
  return Buffer.concat([latin1('MM\0*\0\0\0\x08\0'), Buffer.of(tags.length), ...entries, Buffer.alloc(4)]);
}

describe('a file of another format is refused by its name', () => {
  it.each<[string, Buffer, RegExp]>([
    ['SVG', Buffer.from(svg), /an SVG drawing; render it to PNG first/],
    ['SVG in UTF-8 with its mark', Buffer.from(`\ufeff${svg}`), /an SVG drawing/],
    ['SVG in UTF-16, little-endian', wide(`\ufeff${svg}`), /an SVG drawing/],
    ['SVG in UTF-16, big-endian', wide(`\ufeff${svg}`).swap16(), /an SVG drawing/],
    ['SVG in UTF-16 without a mark', wide(`\n ${svg}`), /an SVG drawing/],
    ['SVG behind white space', Buffer.from(` \r\n\t${svg}`), /an SVG drawing/],
    ['SVG behind a comment', Buffer.from(`<!-- ${'-'.repeat(200)} -->${svg}`), /an SVG drawing/],
    ['SVG behind a long comment', Buffer.from(`<!-- ${'x'.repeat(5000)} -->${svg}`), /XML, perhaps an SVG drawing/],
    ['SVG with an XML declaration', Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${svg}`), /an SVG drawing/],
    [
      'SVG with a DOCTYPE',
      Buffer.from(`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">${svg}`),
      /an SVG drawing/,
    ],
    ['SVG with a prefix', Buffer.from('<s:svg xmlns:s="http://www.w3.org/2000/svg"/>'), /an SVG drawing/],
    ['SVG in capitals', Buffer.from('<SVG >'), /an SVG drawing/],
    ['compressed SVG', gzipSync(svg), /compressed with gzip \(an \.svgz drawing/],
    ['a web page', Buffer.from('<!doctype html><title>404</title><svg/>'), /a web page; check the link/],
    ['PDF', Buffer.from('%PDF-1.7\n'), /a PDF document; render its page/],
    ['HEIC', latin1('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), /an HEIC or HEIF picture.*convert it/],
    ['HEIC by another brand', latin1('\0\0\0\x18ftypmif1\0\0\0\0mif1heic'), /an HEIC or HEIF picture/],
    ['MP4', latin1('\0\0\0\x18ftypisom\0\0\0\0isommp42'), /an MP4 or QuickTime video; take its frames/],
    ['PFM', Buffer.from('PF\n2 2\n-1\n'), /PFM/],
    ['JPEG 2000', latin1('\0\0\0\x0cjP  \r\n\x87\n'), /a JPEG 2000 picture/],
    ['JPEG XL', latin1('\xff\x0a\0\0'), /a JPEG XL picture/],
    ['JPEG XL in a box', latin1('\0\0\0\x0cJXL \r\n\x87\n'), /a JPEG XL picture/],
    ['FITS', Buffer.from('SIMPLE  =                    T'), /a FITS picture/],
    [
      'a Targa picture',
      latin1(`\0\0\x02${'\0'.repeat(9)}\x10\0\x10\0\x18\0\x55\x66`),
      /a Targa picture \(TGA\), as it seems/,
    ],
    ['DICOM', Buffer.concat([Buffer.alloc(128), latin1('DICM')]), /a DICOM picture/],
    ['a raw photograph of Canon', latin1('II*\0\x10\0\0\0CR\x02\0'), /raw photograph of Canon; develop it/],
    ['a raw photograph of Olympus', latin1('IIRO\x08\0\0\0'), /raw photograph of Olympus/],
    [
      'DNG',
      tiffOf([
        [254, 0],
        [50706, 1],
      ]),
      /a raw photograph \(DNG, NEF, ARW/,
    ],
    [
      'a preview before a raw photograph',
      tiffOf([
        [254, 1],
        [330, 99],
      ]),
      /a raw photograph \(DNG, NEF, ARW/,
    ],
    ['Photoshop', latin1('8BPS\0\x01'), /a Photoshop document/],
    ['an icon', latin1('\0\0\x01\0\x01\0'), /a Windows icon/],
    ['AVI', latin1('RIFF\0\0\0\0AVI LIST'), /an AVI video/],
    ['a pointer of Git LFS', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
    [
      'nothing known',
      Buffer.from('\x1b[31mGRAY'),
      /no picture of a known format \(it begins with "\\u001b\[31mGRAY"\)/,
    ],
    ['a single byte', latin1('\xff'), /no picture of a known format/],
  ])('%s', async (name, bytes, words) => {
    const file = join(folder, `${name.replaceAll(/\W/g, '-')}.jpg`);
    writeFileSync(file, bytes);
    for (const input of [bytes, new Uint8Array(bytes).buffer, file]) {
      const error = await errorOf(decodeImage(input));
      expect(error).toMatchObject({
        name: 'GhostNetError',
        code: 'ERR_GHOST_IMAGE',
        message: expect.stringMatching(words) as unknown,
      });
      expect(error.message).toMatch(
        /^[^\n]+ cannot be decoded: [^\n]+\. Expected a sound JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP or Netpbm image\.$/,
      );
    }
  });

  it('but a pipeline of the user draws what it likes', async () => {
    const small = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>';
    expect(await decodeImage(sharp(Buffer.from(small)))).toMatchObject({ width: 8, height: 8, channels: 3 });
  });
});

describe('what is decoded', () => {
  const made = (): Sharp => sharp({ create: { width: 5, height: 4, channels: 3, background: '#c08040' } });

  it.each([
    ['JPEG', () => made().jpeg()],
    ['PNG', () => made().png()],
    ['WebP', () => made().webp()],
    ['AVIF', () => made().avif()],
    ['GIF', () => made().gif()],
    ['TIFF', () => made().tiff()],
    ['TIFF', () => made().tiff({ bigtiff: true })],
  ] as const)('is %s, by its bytes', async (format, encode) => {
    const bytes = await encode().toBuffer();
    expect(recogniseImage(bytes)).toBe(format);
    expect(await decodeImage(bytes)).toMatchObject({ width: 5, height: 4, channels: 3 });
  });

  it('is AVIF that names a general brand first', () => {
    expect(recogniseImage(latin1('\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf'))).toBe('AVIF');
    expect(recogniseImage(latin1('\0\0\0\x14ftypmif1\0\0\0\0miafavif'))).toBeUndefined(); // the brand lies behind the box
  });

  it('is the first page of a TIFF', async () => {
    const pages = await Promise.all(
      ['#ff0000', '#00ff00'].map((background) =>
        sharp({ create: { width: 3, height: 2, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const file = await sharp(pages, { join: { animated: true } })
      .tiff()
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    expect(await decodeImage(file)).toMatchObject({ width: 3, height: 2 });
  });
});
