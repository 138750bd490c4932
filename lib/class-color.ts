/** Red, green and blue, 0 to 255. */
export type ClassColor = readonly [red: number, green: number, blue: number];

/** More than any network has. */
const maxClasses = 100_000;

/** What {@link areClassColors} takes, as messages say it. */
export const expectedClassColors = 'for each class [red, green, blue], whole numbers from 0 to 255';

/** Of each class in their order, as somebody may say them: a file or a call. Only arrays of our own are asked. */
export function areClassColors(value: unknown): value is readonly ClassColor[] {
  const isByte = (byte: unknown): boolean => Number.isInteger(byte) && (byte as number) >= 0 && (byte as number) <= 255;
  const isColor = (color: unknown): boolean => Array.isArray(color) && color.length === 3 && color.every(isByte);
  return Array.isArray(value) && value.length >= 1 && value.length <= maxClasses && value.every(isColor);
}

/** Degrees from the hue of one class to that of the next: the golden angle, so that neighbours are far apart and no hue comes again. */
const hueStep = 360 * (1 - (Math.sqrt(5) - 1) / 2);
const firstHue = 25;

/** After so many classes the hue is nearly the same again, so the tones move on by one. */
const nearlyRound = 21;

/** Lightness and chroma of OKLCH, in turn: classes of nearly the same hue differ in these. */
const tones = [
  [0.65, 0.2],
  [0.8, 0.15],
  [0.5, 0.17],
] as const;

/**
 * The colour that stands for a class: the same for the same index, whatever the model. Hues that look equally far apart in OKLCH
 * (Ottosson, A perceptual color space for image processing, 2020).
 *
 * @param index of the class, from 0
 */
export function classColor(index: number): ClassColor {
  const [lightness, chroma] = tones[(index + Math.floor(index / nearlyRound)) % tones.length]!;
  const hue = ((firstHue + hueStep * index) * Math.PI) / 180;
  return fromOklab(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue));
}

/** What no screen shows is cut off at the nearest byte. */
function fromOklab(lightness: number, a: number, b: number): ClassColor {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    byteOf(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
    byteOf(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
    byteOf(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short),
  ];
}

/** A linear share of light as sRGB has it. */
function byteOf(light: number): number {
  const share = Math.min(1, Math.max(0, light));
  return Math.round(255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055));
}
