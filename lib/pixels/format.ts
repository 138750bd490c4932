import { quoted } from '../messages/quoted.js';
import { isRawPhotograph } from './raw-photograph.js';

/** What is decoded. */
export const imageFormats = ['JPEG', 'PNG', 'WebP', 'AVIF', 'GIF', 'TIFF', 'BMP', 'Netpbm'] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** A file's format is told by so many bytes, or by fewer if it has no more. */
export const headBytes = 1024;

/** What is at a place in a file, byte for byte as Latin-1. */
type Mark = readonly [at: number, mark: string];

const decoded: readonly (readonly [ImageFormat, ...Mark[]])[] = [
  ['JPEG', [0, '\xff\xd8\xff']],
  ['PNG', [0, '\x89PNG\r\n\x1a\n']],
  ['WebP', [0, 'RIFF'], [8, 'WEBP']],
  ['GIF', [0, 'GIF87a']],
  ['GIF', [0, 'GIF89a']],
  ['TIFF', [0, 'II*\0']],
  ['TIFF', [0, 'MM\0*']],
  ['TIFF', [0, 'II+\0']],
  ['TIFF', [0, 'MM\0+']],
  ['BMP', [0, 'BM']],
];

const convert = 'convert it to PNG or JPEG first';
const develop = 'develop it to JPEG or TIFF first';
const frames = 'take its frames out first, for instance with ffmpeg';

/** Files that people take for pictures that are decoded, and what to do with them. */
const others: readonly (readonly [name: string, advice: string, ...Mark[]])[] = [
  ['a PDF document', 'render its page to PNG first', [0, '%PDF']],
  ['a PostScript document', 'render its page to PNG first', [0, '%!PS']],
  ['a JPEG 2000 picture', convert, [0, '\0\0\0\x0cjP  ']],
  ['a JPEG 2000 picture', convert, [0, '\xff\x4f\xff\x51']],
  ['a JPEG XL picture', convert, [0, '\xff\x0a']],
  ['a JPEG XL picture', convert, [0, '\0\0\0\x0cJXL ']],
  ['a FITS picture', convert, [0, 'SIMPLE  =']],
  ['an OpenEXR picture', convert, [0, '\x76\x2f\x31\x01']],
  ['a Radiance HDR picture', convert, [0, '#?RADIANCE']],
  ['a Photoshop document', convert, [0, '8BPS']],
  ['a GIMP picture', convert, [0, 'gimp xcf']],
  ['a DirectDraw surface', convert, [0, 'DDS ']],
  ['a QOI picture', convert, [0, 'qoif']],
  ['a Windows icon', convert, [0, '\0\0\x01\0']],
  ['an icon of macOS', convert, [0, 'icns']],
  ['a PCX picture', convert, [0, '\x0a\x05\x01']],
  ['an SGI picture', convert, [0, '\x01\xda']],
  ['an XPM picture', convert, [0, '/* XPM']],
  ['a DICOM picture', convert, [128, 'DICM']],
  ['a raw photograph of Fujifilm', develop, [0, 'FUJIFILMCCD-RAW']],
  ['a raw photograph of Olympus', develop, [0, 'IIRO']],
  ['a raw photograph of Olympus', develop, [0, 'IIRS']],
  ['a raw photograph of Panasonic', develop, [0, 'IIU\0']],
  ['a raw photograph of Canon', develop, [0, 'II*\0'], [8, 'CR']],
  ['a raw photograph of Sigma', develop, [0, 'FOVb']],
  ['a raw photograph of Minolta', develop, [0, '\0MRM']],
  ['an AVI video', frames, [0, 'RIFF'], [8, 'AVI ']],
  ['a Matroska or WebM video', frames, [0, '\x1aE\xdf\xa3']],
  ['a zip archive', 'unpack it first', [0, 'PK\x03\x04']],
  [
    'compressed with gzip (an .svgz drawing, or another file)',
    'unpack it, and render a drawing to PNG first',
    [0, '\x1f\x8b'],
  ],
  ['a pointer of Git LFS', 'run git lfs pull', [0, 'version https://git-lfs']],
];

/** The format of a file that begins with `head`, if it is one that is decoded. */
export function recogniseImage(head: Uint8Array): ImageFormat | undefined {
  const bytes = asLatin1(head);
  const marked = decoded.find(([, ...marks]) => has(bytes, marks))?.[0];
  if (marked === 'TIFF' && (has(bytes, [[8, 'CR']]) || isRawPhotograph(head))) return undefined;
  if (marked) return marked;
  if (/^P[1-6][\t-\r ]/.test(bytes)) return 'Netpbm';
  return brandsOf(bytes)?.isAvif ? 'AVIF' : undefined;
}

/**
 * What can be said of a file that is not decoded: what it is, and what to do. Continues "the file … cannot be decoded:
 * ".
 */
export function remarkOn(head: Uint8Array): string {
  const bytes = asLatin1(head);
  const [name, advice] =
    others.find(([, , ...marks]) => has(bytes, marks)) ??
    (isRawPhotograph(head) ? (['a raw photograph (DNG, NEF, ARW or another one)', develop] as const) : undefined) ??
    netpbm(bytes) ??
    brandsOf(bytes)?.remark ??
    markup(bytes) ??
    targa(head) ??
    [];
  if (name !== undefined) return `it is ${name}; ${advice}`;
  return `it is no picture of a known format (it begins with ${quoted(bytes.slice(0, 16))})`;
}

function asLatin1(head: Uint8Array): string {
  return Buffer.from(head.subarray(0, headBytes)).toString('latin1');
}

function has(bytes: string, marks: readonly Mark[]): boolean {
  return marks.every(([at, mark]) => bytes.startsWith(mark, at));
}

type Remark = readonly [name: string, advice: string];

function netpbm(bytes: string): Remark | undefined {
  return /^P[7Ff]\s/.test(bytes) ? ['a Netpbm picture of a kind that is not decoded (PAM or PFM)', convert] : undefined;
}

/** Of an ISO media file, which begins with the brands that it keeps to: the major one, a version, and others. */
function brandsOf(bytes: string): { isAvif: boolean; remark: Remark } | undefined {
  if (!bytes.startsWith('ftyp', 4)) return undefined;
  const sizeBytes = Buffer.from(bytes.slice(0, 4), 'latin1').readUInt32BE();
  const brands = bytes.slice(8, sizeBytes).match(/.{4}/gs) ?? [];
  const [major = '', , ...compatible] = brands;
  const isAvif = (brand: string): boolean => brand === 'avif' || brand === 'avis';
  const isStill = major === 'mif1' || major === 'msf1';
  const found = (...remark: Remark) => ({ isAvif: isAvif(major) || (isStill && compatible.some(isAvif)), remark });
  if (isStill || /^he[iv][cxms]$/.test(major)) return found('an HEIC or HEIF picture, as iPhones take them', convert);
  if (major === 'crx ') return found('a raw photograph of Canon', develop);
  return found('an MP4 or QuickTime video', frames);
}

/** A drawing or a page. In whatever encoding: its marks are ASCII, between which UTF-16 and UTF-32 put zeros. */
function markup(bytes: string): Remark | undefined {
  const text = bytes
    .replaceAll('\0', '')
    .replace(/^(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe)/, '')
    .trimStart();
  if (!text.startsWith('<')) return undefined;
  if (/<!doctype\s+html|<html/i.test(text)) return ['a web page', 'check the link that it was downloaded from'];
  if (/<(?:\w+:)?svg[\s>]|<!doctype\s+(?:\w+:)?svg/i.test(text)) return ['an SVG drawing', 'render it to PNG first'];
  return ['XML, perhaps an SVG drawing', 'render a drawing to PNG first'];
}

/** It has no mark; what its header says must make sense. */
function targa(head: Uint8Array): Remark | undefined {
  const [, hasPalette = 2, kind = 0] = head;
  const [bits = 0, flags = 255] = head.subarray(16);
  const isKind = hasPalette === 0 ? [2, 3, 10, 11].includes(kind) : hasPalette === 1 && [1, 9].includes(kind);
  const hasSides = head.length > 18 && (head[12]! | head[13]!) > 0 && (head[14]! | head[15]!) > 0;
  const isTarga = isKind && hasSides && [8, 15, 16, 24, 32].includes(bits) && flags < 64;
  return isTarga ? ['a Targa picture (TGA), as it seems', convert] : undefined;
}
