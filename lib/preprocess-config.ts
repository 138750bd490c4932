export const interpolations = ['bicubic', 'bilinear', 'nearest', 'lanczos', 'box', 'hamming'] as const;
export const cropModes = ['center', 'squash', 'border'] as const;

/** Of a side that preprocessing makes, in pixels: native/preprocess/preprocess.h's kMaxInputSize. */
export const maxPreprocessedSide = 2 ** 14;

/** The rim is as wide as the image then; what is more would be rim for the most part. */
const maxCropPct = 2;

/** Of the inputs that a picture can become: red, green and blue, or grey. */
export const pictureChannels: readonly number[] = [3, 1];

/** Of any input, more than any network has. */
const maxChannels = 1024;

/**
 * How an input lies on the image that it was made of: position p of the image, in pixels from its upper or left edge,
 * is `scale * p + offset` of the input, on each axis.
 */
export interface Geometry {
  /** Of the image, in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly scale: readonly [y: number, x: number];
  /** Below 0 where the image is cropped, above it where it has a rim. */
  readonly offset: readonly [y: number, x: number];
}

/** How an image becomes the network's input, in timm's terms. */
export interface PreprocessConfig {
  /** Pixels. */
  readonly inputSize: readonly [height: number, width: number];
  readonly interpolation: (typeof interpolations)[number];
  /** The crop's side over the resized image's, in (0, 2]; above 1 the image gets a rim. */
  readonly cropPct: number;
  readonly cropMode: (typeof cropModes)[number];
  /**
   * Of each channel of the input, in [0, 1]: three are those of R, G and B, one is that of grey, which Pillow calls `L`.
   * A network may have other channels, of which there are no pictures.
   */
  readonly mean: readonly number[];
  /** The same, as many. */
  readonly std: readonly number[];
}

/** What GhostNet's published ImageNet weights were evaluated with, and most networks' are. */
export const defaultPreprocessConfig: PreprocessConfig = {
  inputSize: [224, 224],
  interpolation: 'bicubic',
  cropPct: 0.875,
  cropMode: 'center',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** What a setting may be. */
export interface Rule<T> {
  /** Continues "should be ". */
  readonly expected: string;
  readonly accepts: (value: unknown) => value is T;
}

/** Wherever a setting comes from: a call or a file. Only arrays of our own are asked, since another may change its mind. */
export const preprocessRules: { readonly [K in keyof PreprocessConfig]: Rule<PreprocessConfig[K]> } = {
  inputSize: {
    expected: `[height, width], each a whole number from 1 to ${maxPreprocessedSide}`,
    accepts: (value) => isNumbers<readonly [number, number]>(value, 2, isSide),
  },
  interpolation: oneOf(interpolations),
  cropPct: { expected: `a number above 0 and at most ${maxCropPct}`, accepts: (value) => isCropPct(value) },
  cropMode: oneOf(cropModes),
  mean: {
    expected: 'three numbers, for R, G and B, or one, for grey',
    accepts: (value) => isChannels(value, Number.isFinite),
  },
  std: {
    expected: 'three numbers above 0, for R, G and B, or one, for grey',
    accepts: (value) => isChannels(value, isPositive),
  },
};

export const preprocessSettings = Object.keys(preprocessRules) as readonly (keyof PreprocessConfig)[];

/** A setting of another count of channels as timm takes it: the mean of them all for each. */
export function forChannels(values: readonly number[], channels: number): readonly number[] {
  if (values.length === channels) return values;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Array.from({ length: channels }, () => mean);
}

export function oneOf<const T extends readonly string[]>(names: T): Rule<T[number]> {
  return {
    expected: `one of ${names.join(', ')}`,
    accepts: (value): value is T[number] => names.some((name) => name === value),
  };
}

function isChannels(value: unknown, passes: (number: number) => boolean): value is readonly number[] {
  return (
    Array.isArray(value) && value.length <= maxChannels && value.length >= 1 && isNumbers(value, value.length, passes)
  );
}

/** So many numbers, all of which pass. */
function isNumbers<T extends readonly number[]>(
  value: unknown,
  count: T['length'],
  passes: (number: number) => boolean,
): value is T {
  return (
    Array.isArray(value) &&
    value.length === count &&
    value.every((number) => typeof number === 'number' && passes(number))
  );
}

function isSide(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= maxPreprocessedSide;
}

function isPositive(number: number): boolean {
  return Number.isFinite(number) && number > 0;
}

function isCropPct(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= maxCropPct;
}
