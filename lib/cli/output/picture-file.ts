import { extname } from 'node:path';
import type { Drawing } from '../../drawing/canvas.js';
import { loadSharp } from '../../pixels/sharp.js';

/** Those that are written, by the ending of a file's name. */
const formats = { '.png': 'png', '.jpg': 'jpeg', '.jpeg': 'jpeg', '.webp': 'webp' } as const;
export type PictureFormat = (typeof formats)[keyof typeof formats];

/** `.png, .jpg, …` */
export const pictureEndings = Object.keys(formats).join(', ');

const quality = 90;

/** Undefined for an ending of no such format. */
export function pictureFormatOf(path: string): PictureFormat | undefined {
  return new Map<string, PictureFormat>(Object.entries(formats)).get(extname(path).toLowerCase());
}

/** Pixels as an image file. */
export function encoded({ data, width, height, channels }: Drawing, format: PictureFormat): Promise<Buffer> {
  const pixels = loadSharp()(data, { raw: { width, height, channels } });
  return pixels.toFormat(format, format === 'png' ? {} : { quality }).toBuffer();
}

/** Classes' indices [height, width] as a grey PNG of 8 bits, or of 16. */
export function labelPicture(labels: Uint8Array | Uint16Array, width: number, height: number): Promise<Buffer> {
  const pixels = loadSharp()(labels, { raw: { width, height, channels: 1 } });
  return pixels
    .toColourspace(labels instanceof Uint16Array ? 'grey16' : 'b-w')
    .png()
    .toBuffer();
}
