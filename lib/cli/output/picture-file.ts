import { extname } from 'node:path';
import type { RawImage } from '../../pixels/image.js';
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
export function encoded({ data, width, height, channels }: Required<RawImage>, format: PictureFormat): Promise<Buffer> {
  const pixels = loadSharp()(data, { raw: { width, height, channels: channels! } });
  // Sharp takes pixels of one channel for a colour picture unless it is told.
  const inColours = channels === 1 ? pixels.toColourspace('b-w') : pixels;
  return inColours.toFormat(format, format === 'png' ? {} : { quality }).toBuffer();
}
