import { isUint16Array, isUint8Array, isUint8ClampedArray } from 'node:util/types';
import { placeOf } from '../arguments/intrinsics.js';
import { argumentError, checkWholeNumber, readOptions } from '../arguments/options.js';
import { readArray, readFields } from '../arguments/untyped.js';
import { classColor, type ClassColor } from '../class-color.js';
import { GhostNetError } from '../errors.js';
import type { RawImage } from '../pixels/image.js';
import type { Segmentation } from '../tasks/segmentation.js';
import { Canvas, type Drawing } from './canvas.js';

export interface ColorizeOptions {
  /** The picture under the colours: decoded pixels of the segmentation's size, which stay as they are. Default: none. */
  image?: RawImage;
  /** How much of a pixel is colour, 0 to 1; the rest is picture. Default 0.5. */
  opacity?: number;
}

const mostClasses = 65_536;
const maxSide = 2 ** 31 - 1;

/**
 * A segmentation as a picture: every pixel in its class's colour, alone or over the picture that it is of. Needs no sharp.
 *
 * @returns new pixels, RGB (RGBA if the image is), of the segmentation's size
 * @throws GhostNetError `ERR_GHOST_ARGUMENT` also for an image of another size; `ERR_GHOST_IMAGE` for pixels that are not as
 *   many as its width and height say
 */
export function colorize(segmentation: Segmentation, options: ColorizeOptions = {}): Drawing {
  const { image, opacity: asked } = readOptions(options, ['image', 'opacity']);
  const opacity = checkOpacity(asked);
  const { width, height, labels, colors } = checkSegmentation(segmentation);
  if (image === undefined) {
    const data = new Uint8Array(3 * width * height);
    blend(data, 3, labels, colors, 1);
    return { data, width, height, channels: 3 };
  }
  if (typeof image !== 'object' || image === null) throw argumentError('image should be decoded pixels', image);
  const canvas = new Canvas(image);
  if (canvas.width !== width || canvas.height !== height)
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `image should have the segmentation's ${width} x ${height} pixels, found ${canvas.width} x ${canvas.height}.`,
    );
  blend(canvas.data, canvas.channels, labels, colors, opacity);
  return { data: canvas.data, width, height, channels: canvas.channels };
}

/** @param data [height, width, channels], which is changed */
function blend(
  data: Uint8Array,
  channels: 3 | 4,
  labels: Uint8Array | Uint16Array,
  colors: (index: number) => ClassColor,
  opacity: number,
): void {
  const kept = Float64Array.from({ length: 256 }, (_, byte) => (1 - opacity) * byte + 0.5);
  const parts = new Map<number, ClassColor>();
  for (let i = 0, at = 0; i < labels.length; i++, at += channels) {
    const index = labels[i]!;
    let part = parts.get(index);
    if (!part) {
      const [red, green, blue] = colors(index);
      parts.set(index, (part = [red * opacity, green * opacity, blue * opacity]));
    }
    data[at] = kept[data[at]!]! + part[0];
    data[at + 1] = kept[data[at + 1]!]! + part[1];
    data[at + 2] = kept[data[at + 2]!]! + part[2];
  }
}

function checkOpacity(opacity: unknown): number {
  if (opacity === undefined) return 0.5;
  if (typeof opacity === 'number' && opacity >= 0 && opacity <= 1) return opacity;
  throw argumentError('opacity should be a number from 0 to 1', opacity);
}

/** A segmentation as untyped code may pass it; colours of classes that it does not name are those of their indices. */
function checkSegmentation(value: unknown) {
  if (typeof value !== 'object' || value === null)
    throw argumentError('The segmentation should be what segment() gives', value);
  const given = readFields(value, ['width', 'height', 'labels', 'classes'], 'The segmentation');
  const width = checkWholeNumber("The segmentation's width", given.width, { from: 1, to: maxSide });
  const height = checkWholeNumber("The segmentation's height", given.height, { from: 1, to: maxSide });
  const labels = checkLabels(given.labels);
  if (labels.length !== width * height)
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `The segmentation's labels should be ${width} x ${height} = ${width * height}, found ${labels.length}.`,
    );
  const classes = readArray(given.classes, mostClasses, "The segmentation's classes");
  if (!classes) throw argumentError("The segmentation's classes should be an array", given.classes);
  const named = new Map(classes.map((one, i) => checkColor(one, `The segmentation's classes[${i}]`)));
  return { width, height, labels, colors: (index: number) => named.get(index) ?? classColor(index) };
}

/** A view of our own on them. */
function checkLabels(value: unknown): Uint8Array | Uint16Array {
  const isBytes = isUint8Array(value) || isUint8ClampedArray(value);
  if (!isBytes && !isUint16Array(value))
    throw argumentError("The segmentation's labels should be a Uint8Array or a Uint16Array", value);
  const { buffer, byteOffset, byteLength } = placeOf(value);
  return isBytes ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint16Array(buffer, byteOffset, byteLength / 2);
}

function checkColor(value: unknown, name: string): [index: number, color: ClassColor] {
  if (typeof value !== 'object' || value === null) throw argumentError(`${name} should be { index, color }`, value);
  const { index, color } = readFields(value, ['index', 'color'], name);
  const bytes = readArray(color, 3, `${name}.color`);
  const isByte = (byte: unknown): boolean => Number.isInteger(byte) && (byte as number) >= 0 && (byte as number) <= 255;
  if (bytes?.length !== 3 || !bytes.every(isByte))
    throw argumentError(`${name}.color should be three whole numbers from 0 to 255`, color);
  return [checkWholeNumber(`${name}.index`, index, { from: 0 }), bytes as unknown as ClassColor];
}
