import type { Tensor4 } from './tensor-input.js';
import {
  defaultPreprocessConfig,
  imageChannels,
  preprocessRules,
  type Geometry,
  type PreprocessConfig,
  type Rule,
} from '../preprocess-config.js';
import { imageOptions, checkLimits, type ImageOptions } from '../pixels/options.js';
import { GhostNetError } from '../errors.js';
import { decodeImage, isRawImage, isSharpLike, type ImageInput } from '../pixels/image.js';
import { checkRawImage } from '../pixels/raw.js';
import { tooLarge } from '../input-limits.js';
import { cpu, preprocessPixels } from '../native/native.js';
import { argumentError, readOptions } from '../arguments/options.js';
import { forcedIsa } from './options.js';
import type { Limits } from '../waiting/limits.js';
import { readArray } from '../arguments/untyped.js';
import { shapeText } from '../messages/quoted.js';

/**
 * What {@link GhostNet.classify} feeds to the network: the image decoded, resized and cropped as Pillow does it
 * (equal to the byte), divided by 255, `mean` subtracted and divided by `std`; [1, 3, h, w] of `config.inputSize`.
 * What `config` leaves out is as in the published ImageNet weights.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_ARGUMENT, ERR_GHOST_BUSY or ERR_GHOST_NATIVE
 * @throws `signal.reason` once the signal is aborted.
 */
export async function preprocess(
  image: ImageInput,
  config: Partial<PreprocessConfig> = {},
  options: ImageOptions = {},
): Promise<Tensor4> {
  const limits = checkLimits(readOptions(options, imageOptions));
  const { tensor } = await preprocessed(image, checkPreprocessConfig(config), limits);
  return tensor;
}

/** Called at the end of what is done to an image before the network is run. */
export type StageEnded = (stage: 'decoding' | 'preprocessing') => void;

/** The same once the arguments have been checked, but for the image, and where the tensor lies on it. */
export async function preprocessed(
  image: ImageInput,
  config: PreprocessConfig,
  limits: Limits,
  ended?: StageEnded,
): Promise<{ tensor: Tensor4; geometry: Geometry }> {
  const pixels = await decodeImage(isRawImage(image) ? ownPixels(image) : image, limits);
  ended?.('decoding');
  const isa = forcedIsa(() => cpu().isas);
  // A pipeline's answer may be kept by whoever made the pipeline; the others are ours alone.
  const spent = !isSharpLike(image);
  const { data, geometry } = await preprocessPixels(pixels, config, isa, { signal: limits.signal, spent });
  ended?.('preprocessing');
  return { tensor: { data, shape: [1, imageChannels, ...config.inputSize] }, geometry };
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

/** One for each channel. */
const maxSettingNumbers = imageChannels;

const settings = Object.keys(preprocessRules) as (keyof PreprocessConfig)[];

/** Names and numbers as untyped code may pass them, what is left out added. */
function checkPreprocessConfig(config: unknown): PreprocessConfig {
  const given = readOptions(config, settings, 'config');
  const read = <K extends keyof PreprocessConfig>(key: K): PreprocessConfig[K] => {
    const value = given[key];
    if (value === undefined) return defaultPreprocessConfig[key];
    const own = typeof value === 'object' ? readArray(value, maxSettingNumbers, 'config') : value;
    const { accepts, expected }: Rule<PreprocessConfig[K]> = preprocessRules[key];
    if (accepts(own)) return own;
    throw argumentError(`preprocess: ${key} should be ${expected}`, value);
  };
  const checked: PreprocessConfig = {
    inputSize: read('inputSize'),
    interpolation: read('interpolation'),
    cropPct: read('cropPct'),
    cropMode: read('cropMode'),
    mean: read('mean'),
    std: read('std'),
  };
  const large = tooLarge(imageChannels, ...checked.inputSize);
  if (large)
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `preprocess: inputSize ${shapeText(checked.inputSize)} ${large}.`);
  return checked;
}
