import { cropModes, defaultPreprocessConfig, interpolations, type PreprocessConfig } from '../checkpoints/config.js';
import { GhostNetError } from '../errors.js';
import { decodeImage, isRawImage, isSharpLike, type ImageInput, type RawImage } from './image.js';
import { checkRawImage } from './raw.js';
import { maxPreprocessedSide, tooLarge } from '../engine/input-limits.js';
import { cpu, preprocessPixels } from '../native/native.js';
import { checkDecodeTimeout, checkSignal, forcedIsa, readOptions, type ImageOptions } from '../arguments/options.js';
import type { Limits } from '../arguments/signals.js';
import { readArray, shown } from '../arguments/untyped.js';

/** A tensor [n, c, h, w] in C order. */
export interface Tensor4 {
  readonly data: Float32Array;
  readonly shape: readonly [n: number, c: number, h: number, w: number];
}

/**
 * What {@link GhostNet.classify} feeds to the network: the image decoded, resized and cropped as Pillow does it
 * (equal to the byte), divided by 255, `mean` subtracted and divided by `std`; [1, 3, h, w] of `config.inputSize`.
 * What `config` leaves out is as in the published ImageNet weights.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_IMAGE or ERR_GHOST_ARGUMENT
 * @throws `signal.reason` once the signal is aborted.
 */
export async function preprocess(
  image: ImageInput,
  config: Partial<PreprocessConfig> = {},
  options: ImageOptions = {},
): Promise<Tensor4> {
  const limits = checkLimits(readOptions(options, imageOptions));
  return preprocessed(image, checkPreprocessConfig(config), limits);
}

/** The options of whatever begins with an image. */
export const imageOptions = ['signal', 'decodeTimeoutMs'] as const;

export function checkLimits({ signal, decodeTimeoutMs }: Record<(typeof imageOptions)[number], unknown>): Limits {
  const timeoutMs = checkDecodeTimeout(decodeTimeoutMs);
  return { signal: checkSignal(signal), timeoutMs };
}

/** The same once the arguments have been checked, but for the image. */
export async function preprocessed(image: ImageInput, config: PreprocessConfig, limits: Limits): Promise<Tensor4> {
  const pixels = await decodeImage(isRawImage(image) ? ownPixels(image) : image, limits);
  // A pipeline's answer may be kept by whoever made the pipeline; the others are ours alone.
  return preprocessedPixels(pixels, config, { signal: limits.signal, spent: !isSharpLike(image) });
}

/**
 * The half of it that follows decoding; the pixels must stay as they are meanwhile. `spent`: nobody looks at them
 * afterwards.
 */
export async function preprocessedPixels(
  pixels: RawImage,
  config: PreprocessConfig,
  options: { signal: AbortSignal | undefined; spent: boolean },
): Promise<Tensor4> {
  const data = await preprocessPixels(
    pixels,
    config,
    forcedIsa(() => cpu().isas),
    options,
  );
  return { data, shape: [1, 3, ...config.inputSize] };
}

/** Raw pixels are the caller's memory, who may write into it or transfer it away as soon as the call has returned. */
function ownPixels(image: object): ImageInput {
  const { data, ...size } = checkRawImage(image);
  try {
    return { data: new Uint8Array(data), ...size };
  } catch (cause) {
    throw new GhostNetError(
      'ERR_GHOST_NATIVE',
      `There is no memory for a copy of the ${data.length} bytes of raw pixels.`,
      { cause },
    );
  }
}

/** Names and numbers as untyped code may pass them, what is left out added. */
function checkPreprocessConfig(config: unknown): PreprocessConfig {
  const given = readOptions(config, ['inputSize', 'interpolation', 'cropPct', 'cropMode', 'mean', 'std'], 'config');
  const wrong = (key: keyof PreprocessConfig, expected: string): GhostNetError =>
    new GhostNetError('ERR_GHOST_ARGUMENT', `preprocess: ${key} should be ${expected}, found ${shown(given[key])}.`);
  const read = <K extends keyof PreprocessConfig>(
    key: K,
    accept: (value: unknown) => unknown,
    expected: string,
  ): PreprocessConfig[K] => {
    if (given[key] === undefined) return defaultPreprocessConfig[key];
    const accepted = accept(given[key]);
    if (accepted === undefined) throw wrong(key, expected);
    return accepted as PreprocessConfig[K];
  };
  const numbers = (count: number, test: (number: number) => boolean) => (value: unknown) => {
    const array = readArray(value, count, 'config');
    return array?.length === count && array.every((number) => typeof number === 'number' && test(number))
      ? array
      : undefined;
  };
  const oneOf = (names: readonly string[]) => (value: unknown) => names.find((name) => name === value);
  const isCropPct = (value: unknown): boolean => typeof value === 'number' && value > 0 && value <= 2;
  const isSide = (side: number): boolean => Number.isInteger(side) && side >= 1 && side <= maxPreprocessedSide;
  const checked: PreprocessConfig = {
    inputSize: read(
      'inputSize',
      numbers(2, isSide),
      `[height, width], each a whole number from 1 to ${maxPreprocessedSide}`,
    ),
    interpolation: read('interpolation', oneOf(interpolations), interpolations.join(', ')),
    cropPct: read('cropPct', (value) => (isCropPct(value) ? value : undefined), 'a number above 0 and at most 2'),
    cropMode: read('cropMode', oneOf(cropModes), cropModes.join(', ')),
    mean: read('mean', numbers(3, Number.isFinite), 'three numbers, for R, G and B'),
    std: read(
      'std',
      numbers(3, (number) => Number.isFinite(number) && number > 0),
      'three numbers above 0, for R, G and B',
    ),
  };
  const [height, width] = checked.inputSize;
  const large = tooLarge(height, width);
  if (large)
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `preprocess: inputSize ${shown(checked.inputSize)} ${large}.`);
  return checked;
}
