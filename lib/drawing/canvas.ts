import type { ClassColor } from '../class-color.js';
import { checkRawImage } from '../pixels/raw.js';
import { glyphHeight, glyphOf, glyphWidth } from './font.js';

/** Decoded pixels, as `classify` and sharp take them: `[height, width, channels]`. */
export interface Drawing {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** RGB or RGBA. */
  readonly channels: 3 | 4;
}

/** So many pixels are written faster as a copy of those above them. */
const wide = 16;

/** A picture of one's own to draw on. Whatever lies beyond its borders is left out. */
export class Canvas implements Drawing {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;

  /**
   * A copy of a picture; of a grey one in colours.
   *
   * @throws {GhostNetError} ERR_GHOST_ARGUMENT or ERR_GHOST_IMAGE for what are no pixels
   */
  constructor(image: object) {
    const { data, width, height, channels } = checkRawImage(image, 'The image');
    this.width = width;
    this.height = height;
    this.channels = channels === 4 ? 4 : 3;
    this.data = channels === 1 ? inColours(data) : new Uint8Array(data);
  }

  /** Its pixels from (left, top) to before (right, bottom), which are whole numbers. */
  fill(left: number, top: number, right: number, bottom: number, [red, green, blue]: ClassColor): void {
    const { data, width, height, channels } = this;
    const [start, first] = [Math.max(left, 0), Math.max(top, 0)];
    const [end, last] = [Math.min(right, width), Math.min(bottom, height)];
    if (start >= end) return;
    const [from, to] = [(first * width + start) * channels, (first * width + end) * channels];
    const isWide = end - start >= wide;
    for (let y = first; y < last; y++) {
      const below = (y - first) * width * channels;
      if (isWide && y > first) {
        data.copyWithin(from + below, from, to);
        continue;
      }
      for (let at = from + below; at < to + below; at += channels) {
        data[at] = red;
        data[at + 1] = green;
        data[at + 2] = blue;
        if (channels === 4) data[at + 3] = 255;
      }
    }
  }

  /** A straight line, `thickness` pixels wide. */
  line(fromX: number, fromY: number, toX: number, toY: number, thickness: number, color: ClassColor): void {
    const isSteep = Math.abs(toY - fromY) > Math.abs(toX - fromX);
    const [from, to] = isSteep ? [fromY, toY] : [fromX, toX];
    const [acrossFrom, acrossTo] = isSteep ? [fromX, toX] : [fromY, toY];
    const slope = to === from ? 0 : (acrossTo - acrossFrom) / (to - from);
    const run = Math.max(1, Math.round(thickness * Math.hypot(1, slope)));
    const first = Math.round(Math.min(from, to) - thickness / 2);
    const end = Math.max(first + 1, Math.round(Math.max(from, to) + thickness / 2));
    const last = Math.min(end, isSteep ? this.height : this.width);
    for (let step = Math.max(first, 0); step < last; step++) {
      const start = Math.round(acrossFrom + slope * (step + 0.5 - from) - run / 2);
      if (isSteep) this.fill(start, step, start + run, step + 1, color);
      else this.fill(step, start, step + 1, start + run, color);
    }
  }

  /** One line of text; each pixel of the font is `scale` pixels wide and high. */
  text(text: string, left: number, top: number, scale: number, color: ClassColor): void {
    for (const [i, character] of Array.from(text.normalize('NFC')).entries()) {
      const glyphLeft = left + i * glyphWidth * scale;
      if (glyphLeft >= this.width) return;
      for (const [row, bits] of glyphOf(character).entries())
        for (let column = 0; column < glyphWidth - 1; column++)
          if ((bits >> (glyphWidth - 2 - column)) & 1) {
            const [x, y] = [glyphLeft + column * scale, top + row * scale];
            this.fill(x, y, x + scale, y + scale, color);
          }
    }
  }
}

/** How much room a line of text takes, in pixels. */
export function textSize(text: string, scale: number): { width: number; height: number } {
  const letters = Array.from(text.normalize('NFC')).length;
  return { width: Math.max(0, letters * glyphWidth - 1) * scale, height: glyphHeight * scale };
}

/** [height, width] of grey as [height, width, 3]. */
function inColours(grey: Uint8Array | Uint8ClampedArray): Uint8Array {
  const data = new Uint8Array(3 * grey.length);
  for (let i = 0; i < grey.length; i++) data.fill(grey[i]!, 3 * i, 3 * i + 3);
  return data;
}
