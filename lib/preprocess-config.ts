export const interpolations = ['bicubic', 'bilinear', 'nearest', 'lanczos', 'box', 'hamming', 'warp'] as const;
export const cropModes = ['center', 'squash', 'border'] as const;
export const resizes = ['crop', 'stretch', 'fit', 'shorter'] as const;
export const roundings = ['half_up', 'half_even', 'down'] as const;
export const pads = ['top_left', 'center'] as const;
export const channelOrders = ['rgb', 'bgr'] as const;

/** Of a side that preprocessing makes, in pixels: native/preprocess/preprocess.h's kMaxInputSize. */
export const maxPreprocessedSide = 2 ** 14;

const maxPadMultiple = 1024;

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

/** How an image becomes the network's input: in timm's terms, and beyond them in those of {@link inputRules}. */
export interface PreprocessConfig {
  /** Pixels. With {@link resize} `fit` and `shorter` the input's own size depends on the image. */
  readonly inputSize: readonly [height: number, width: number];
  /** Pillow's filters, equal to the byte; `warp` is bilinear as OpenCV 4's warpPerspective, without half a pixel. */
  readonly interpolation: (typeof interpolations)[number];
  /** Of `crop`: the crop's side over the resized image's, in (0, 2]; above 1 the image gets a rim. */
  readonly cropPct: number;
  /** Of `crop`. */
  readonly cropMode: (typeof cropModes)[number];
  /**
   * Of each channel of the input, in [0, 1]: three are those of R, G and B, one is that of grey, which Pillow calls `L`.
   * A network may have other channels, of which there are no pictures.
   */
  readonly mean: readonly number[];
  /** The same, as many. */
  readonly std: readonly number[];
  /**
   * How large the image becomes. `crop`: as `cropPct` and `cropMode` say; `stretch`: as `inputSize`, whatever its ratio;
   * `fit`: it keeps its ratio and lies within `inputSize`, the rest is padding; `shorter`: its shorter side becomes the shorter one of
   * `inputSize`, the longer one follows and nothing is cropped or padded.
   */
  readonly resize: (typeof resizes)[number];
  /** Of `fit`: how a side becomes a whole number; `half_up` is floor(side + 0.5), `half_even` Python's `round`. */
  readonly rounding: (typeof roundings)[number];
  /** Of `fit`: where the image lies. In the `center` an odd pixel of padding is to its right and below. */
  readonly pad: (typeof pads)[number];
  /** Of `fit`: a byte from 0 to 255 before normalisation, or `mean`: the mean colour, which is 0 after it. */
  readonly padValue: number | 'mean';
  /** Of `fit`: the input's sides are padded up to the next multiples of this; 0: to `inputSize`. */
  readonly padMultiple: number;
  /** Whether filters widen where they reduce, as Pillow's do. `false`: `bilinear` as OpenCV's resize, equal to the byte. */
  readonly antialias: boolean;
  /** Of the input. `mean` and `std` are those of R, G and B all the same. */
  readonly channelOrder: (typeof channelOrders)[number];
}

/** What GhostNet's published ImageNet weights were evaluated with, and most networks' are. */
export const defaultPreprocessConfig: PreprocessConfig = {
  inputSize: [224, 224],
  interpolation: 'bicubic',
  cropPct: 0.875,
  cropMode: 'center',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  resize: 'crop',
  rounding: 'half_up',
  pad: 'top_left',
  padValue: 'mean',
  padMultiple: 32,
  antialias: true,
  channelOrder: 'rgb',
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
  resize: oneOf(resizes),
  rounding: oneOf(roundings),
  pad: oneOf(pads),
  padValue: {
    expected: 'a whole number from 0 to 255, or mean',
    accepts: (value): value is number | 'mean' => value === 'mean' || isWhole(value, 255),
  },
  padMultiple: {
    expected: `a whole number from 0 to ${maxPadMultiple}`,
    accepts: (value): value is number => isWhole(value, maxPadMultiple),
  },
  antialias: { expected: 'true or false', accepts: (value) => typeof value === 'boolean' },
  channelOrder: oneOf(channelOrders),
};

export const preprocessSettings = Object.keys(preprocessRules) as readonly (keyof PreprocessConfig)[];

/** Settings that only one way of resizing has. */
const ownSettings: { readonly [K in PreprocessConfig['resize']]: readonly (keyof PreprocessConfig)[] } = {
  crop: ['cropPct', 'cropMode'],
  stretch: [],
  fit: ['rounding', 'pad', 'padValue', 'padMultiple'],
  shorter: [],
};

/** Whether a setting changes anything beside the others. */
export function counts(setting: keyof PreprocessConfig, { resize }: PreprocessConfig): boolean {
  return ownSettings[resize].includes(setting) || !Object.values(ownSettings).flat().includes(setting);
}

/** Settings that {@link contradiction} compares. */
export const relatedSettings = ['interpolation', 'antialias', 'resize', 'padValue'] as const;

/** Why settings, each of which may be, cannot be together; undefined if they can. Continues "preprocess: ". */
export function contradiction(config: Pick<PreprocessConfig, (typeof relatedSettings)[number]>): string | undefined {
  const { interpolation, antialias, resize, padValue } = config;
  if (!antialias && !['bilinear', 'nearest', 'warp'].includes(interpolation))
    return `without antialiasing there is interpolation bilinear, not ${interpolation}`;
  if (interpolation !== 'warp' || resize === 'stretch') return undefined;
  if (resize !== 'fit') return `interpolation warp goes with resize stretch or fit, not ${resize}`;
  return padValue === 0 ? undefined : `interpolation warp pads with black: padValue should be 0, not ${padValue}`;
}

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

function isWhole(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function isPositive(number: number): boolean {
  return Number.isFinite(number) && number > 0;
}

function isCropPct(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= maxCropPct;
}
