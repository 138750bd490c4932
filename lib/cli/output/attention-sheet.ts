import type { PreprocessConfig } from '../../preprocess-config.js';
import { loadSharp } from '../../pixels/sharp.js';
import type { FeatureMap } from '../../tasks/task.js';
import type { PictureFormat } from './picture-file.js';
import type { Tensor4 } from '../../engine/tensor-input.js';

/** Pixels. */
const tileWidth = 192;
const labelHeight = 20;
const gap = 8;
const columns = 5;

/** How much of a tile is heat map; the rest is picture. */
const heatShare = 0.5;

/** Red, green and blue at equal steps from the smallest value to the largest. */
const palette = [
  [26, 35, 126],
  [0, 131, 143],
  [124, 179, 66],
  [253, 216, 53],
  [229, 57, 53],
] as const;

interface Tile {
  readonly label: string;
  /** [height, width, 3] */
  readonly pixels: Uint8Array;
}

/** The picture that a network sees, and under the heat map of each of `maps`: an image file. */
export async function attentionSheet(
  tensor: Tensor4,
  config: PreprocessConfig,
  maps: readonly FeatureMap[],
  format: PictureFormat,
): Promise<Uint8Array> {
  const sharp = loadSharp();
  const [, , height, width] = tensor.shape;
  const tileHeight = Math.max(1, Math.round((tileWidth * height) / width));
  const resized = (pixels: Uint8Array, size: { width: number; height: number; channels: 1 | 3 }): Promise<Uint8Array> =>
    sharp(pixels, { raw: size })
      .resize(tileWidth, tileHeight, { fit: 'fill', kernel: 'cubic' })
      .toColourspace(size.channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();

  const picture = await resized(picturePixels(tensor, config), { width, height, channels: 3 });
  const grey = greyPixels(picture);
  const tiles: Tile[] = [{ label: `${width} x ${height}`, pixels: picture }];
  for (const map of maps) {
    const { levels, smallest, largest } = meanLevels(map);
    const heat = await resized(levels, { width: map.shape[3], height: map.shape[2], channels: 1 });
    tiles.push({ label: `${map.name}: ${smallest.toFixed(2)} to ${largest.toFixed(2)}`, pixels: blended(grey, heat) });
  }

  const place = (i: number) => ({
    left: gap + (i % columns) * (tileWidth + gap),
    top: gap + Math.floor(i / columns) * (tileHeight + labelHeight + gap),
  });
  const size = {
    width: gap + Math.min(columns, tiles.length) * (tileWidth + gap),
    height: gap + Math.ceil(tiles.length / columns) * (tileHeight + labelHeight + gap),
  };
  const layers = tiles.map(({ pixels }, i) => ({
    input: Buffer.from(pixels),
    raw: { width: tileWidth, height: tileHeight, channels: 3 as const },
    ...place(i),
  }));
  const texts = tiles.map(
    ({ label }, i) => `<text x="${place(i).left}" y="${place(i).top + tileHeight + 15}">${label}</text>`,
  );
  const style = 'font-family="DejaVu Sans, Arial, sans-serif" font-size="12" fill="#222"';
  const labels = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" ${style}>${texts.join('')}</svg>`,
  );
  const sheet = sharp({ create: { ...size, channels: 3, background: '#fff' } }).composite([
    ...layers,
    { input: labels, left: 0, top: 0 },
  ]);
  return sheet.removeAlpha().toFormat(format).toBuffer();
}

/** The image before it was normalised: [height, width, 3]. */
function picturePixels(
  { data, shape: [, channels, height, width] }: Tensor4,
  { mean, std }: PreprocessConfig,
): Uint8Array {
  const pixels = new Uint8ClampedArray(height * width * 3);
  for (let c = 0; c < 3; c++) {
    const from = Math.min(c, channels - 1); // grey has but one
    for (let i = 0; i < height * width; i++)
      pixels[i * 3 + c] = 255 * (data[from * height * width + i]! * std[from]! + mean[from]!);
  }
  return new Uint8Array(pixels.buffer);
}

/** The mean over the channels, from 0 at its smallest value to 255 at its largest: [height, width]. */
function meanLevels({ data, shape: [, channels, height, width] }: FeatureMap): {
  levels: Uint8Array;
  smallest: number;
  largest: number;
} {
  const count = height * width;
  const means = Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data[c * count + i]!;
    return sum / channels;
  });
  const [smallest, largest] = [means.reduce((a, b) => Math.min(a, b)), means.reduce((a, b) => Math.max(a, b))];
  // A map that is the same everywhere gets the palette's middle.
  const levels = Uint8Array.from(means, (mean) =>
    largest > smallest ? Math.round((255 * (mean - smallest)) / (largest - smallest)) : 128,
  );
  return { levels, smallest, largest };
}

/** Without colours of its own, that none is mistaken for heat: [height, width]. */
function greyPixels(picture: Uint8Array): Uint8Array {
  return Uint8Array.from(
    { length: picture.length / 3 },
    (_, i) => 0.299 * picture[3 * i]! + 0.587 * picture[3 * i + 1]! + 0.114 * picture[3 * i + 2]!,
  );
}

/** Both [height, width]. */
function blended(grey: Uint8Array, heat: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 3 * grey.length }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return (1 - heatShare) * grey[pixel]! + heatShare * colourOf(heat[pixel]!, i % 3);
  });
}

/** @param level 0 to 255 */
function colourOf(level: number, channel: number): number {
  const position = (level / 255) * (palette.length - 1);
  const step = Math.min(Math.floor(position), palette.length - 2);
  const [from, to] = [palette[step]![channel]!, palette[step + 1]![channel]!];
  return from + (position - step) * (to - from);
}
