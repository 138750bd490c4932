import type { ImageFormat } from './format.js';
import type { DecodedImage } from './image.js';

/**
 * Whether a file may have four inks; what a TIFF has, and a JPEG without a sound header, only its decoder tells. The
 * other formats know no inks.
 */
export function mayBeCmyk(bytes: Uint8Array, format: ImageFormat): boolean {
  return format === 'TIFF' || (format === 'JPEG' && (jpegComponents(bytes) ?? 4) === 4);
}

/** Of the first frame header that there is: marker, length, precision, height, width, components. */
function jpegComponents(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(0xff, 2); at >= 0; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1];
    if (marker === undefined || marker === 0xda) return undefined;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return bytes[at + 9];
    const isBare = marker === 0 || marker === 1 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd8);
    at += isBare ? 1 : 2 + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
  }
  return undefined;
}

/**
 * RGB of inks as Pillow's `convert('RGB')` makes it, whatever profile the file has: (255 - C)(255 - K) / 255, rounded.
 * Yields after each row.
 *
 * @param data `[height, width, 4]` of cyan, magenta, yellow and black; of 16 bits the upper 8 count
 */
export function* rgbOfCmyk(
  data: Uint8Array | Uint16Array,
  width: number,
  height: number,
): Generator<void, DecodedImage> {
  const rgb = new Uint8Array(3 * width * height);
  const shift = data.BYTES_PER_ELEMENT === 2 ? 8 : 0;
  for (let y = 0, at = 0, to = 0; y < height; y++) {
    for (const end = at + 4 * width; at < end; at += 4) {
      const light = 255 - (data[at + 3]! >> shift);
      rgb[to++] = lessInk(light, data[at]! >> shift);
      rgb[to++] = lessInk(light, data[at + 1]! >> shift);
      rgb[to++] = lessInk(light, data[at + 2]! >> shift);
    }
    yield;
  }
  return { data: rgb, width, height, channels: 3 };
}

/** light - ink * light / 255, the quotient rounded half up without a division. */
function lessInk(light: number, ink: number): number {
  const product = ink * light + 128;
  return light - ((product + (product >> 8)) >> 8);
}
