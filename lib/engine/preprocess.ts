import type { Tensor4 } from './tensor-input.js';
import {
  contradiction,
  defaultPreprocessConfig,
  pictureChannels,
  preprocessRules,
  preprocessSettings,
  type Geometry,
  type PreprocessConfig,
  type Rule,
} from '../preprocess-config.js';
import { imageOptions, checkReading, type ImageOptions, type Reading } from '../pixels/options.js';
import { GhostNetError } from '../errors.js';
import { decodeImage, isRawImage, isSharpLike, type ImageInput } from '../pixels/image.js';
import { checkRawImage } from '../pixels/raw.js';
import { cropped, type Region } from '../pixels/region.js';
import { tooLarge } from '../input-limits.js';
import { cpu } from '../native/native.js';
import { preprocessPixels } from '../native/pictures.js';
import { argumentError, readOptions } from '../arguments/options.js';
import { forcedIsa } from './options.js';
import { readArray } from '../arguments/untyped.js';
import { shapeText } from '../messages/quoted.js';

/**
 * What {@link GhostNet.classify} feeds to the network: the image decoded, resized and cropped as Pillow does it
 * (equal to the byte), divided by 255, `mean` subtracted and divided by `std`; [1, 3, h, w] of `config.inputSize`, or
 * [1, 1, h, w] where `mean` and `std` are one number each: then it becomes grey before it is resized, as Pillow's
 * `convert('L')` makes it. With `config.resize` `fit` and `shorter` h and w depend on the image.
 * What `config` leaves out is as in the published ImageNet weights; {@link inputRules} has what other frameworks do.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_ARGUMENT, ERR_GHOST_BUSY or ERR_GHOST_NATIVE
 * @throws `signal.reason` once the signal is aborted.
 */
export async function preprocess(
  image: ImageInput,
  config: Partial<PreprocessConfig> = {},
  options: ImageOptions = {},
): Promise<Tensor4> {
  const reading = checkReading(readOptions(options, imageOptions));
  const { tensor } = await preprocessed(image, checkPreprocessConfig(config), reading);
  return tensor;
}

/** Called at the end of what is done to an image before the network is run. */
export type StageEnded = (stage: 'decoding' | 'preprocessing') => void;

/**
 * The same once the arguments have been checked, but for the image, and where the tensor lies on it.
 *
 * @throws {GhostNetError} what {@link preprocess} throws; ERR_GHOST_ARCHITECTURE for a network of other channels
 */
export async function preprocessed(
  image: ImageInput,
  config: PreprocessConfig,
  reading: Reading,
  ended?: StageEnded,
): Promise<{ tensor: Tensor4; geometry: Geometry }> {
  const channels = config.mean.length;
  if (!pictureChannels.includes(channels)) {
    const message = `The network takes inputs of ${channels} channels, which no picture has: it becomes 3 (RGB) or 1 (grey). Make the tensor [n, ${channels}, h, w] and pass it to infer(), features(), embed() or attention().`;
    throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
  }
  const { region, signal } = reading;
  const whole = await decodeImage(isRawImage(image) ? ownPixels(image) : image, reading);
  const pixels = region ? cropped(whole, region) : whole;
  ended?.('decoding');
  const isa = forcedIsa(() => cpu().isas);
  // A pipeline's answer may be kept by whoever made the pipeline; the others are ours alone.
  const spent = region !== undefined || !isSharpLike(image);
  const { data, inputSize, geometry } = await preprocessPixels(pixels, config, isa, { signal, spent });
  ended?.('preprocessing');
  return {
    tensor: { data, shape: [1, config.mean.length, ...inputSize] },
    geometry: region ? ofWhole(geometry, whole, region) : geometry,
  };
}

/** Where an input that was made of a region lies on the whole image. */
function ofWhole(
  { scale, offset }: Geometry,
  { height, width }: { readonly height: number; readonly width: number },
  { top, left }: Region,
): Geometry {
  return { imageSize: [height, width], scale, offset: [offset[0] - scale[0] * top, offset[1] - scale[1] * left] };
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
const maxSettingNumbers = Math.max(...pictureChannels);

/**
 * Those settings that are given, as untyped code may pass them.
 *
 * @param name begins the messages
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT
 */
export function checkPreprocessSettings(config: unknown, name: string): Partial<PreprocessConfig> {
  const given = readOptions(config, preprocessSettings, name);
  const read = <K extends keyof PreprocessConfig>(key: K): { readonly [key in K]?: PreprocessConfig[K] } => {
    const value = given[key];
    if (value === undefined) return {};
    const own = typeof value === 'object' ? readArray(value, maxSettingNumbers, name) : value;
    const { accepts, expected }: Rule<PreprocessConfig[K]> = preprocessRules[key];
    if (accepts(own) && isOfPictures(key, own)) return { [key]: own } as { [key in K]: PreprocessConfig[K] };
    throw argumentError(`preprocess: ${key} should be ${expected}`, value);
  };
  return {
    ...read('inputSize'),
    ...read('interpolation'),
    ...read('cropPct'),
    ...read('cropMode'),
    ...read('mean'),
    ...read('std'),
    ...read('resize'),
    ...read('rounding'),
    ...read('pad'),
    ...read('padValue'),
    ...read('padMultiple'),
    ...read('antialias'),
    ...read('channelOrder'),
  };
}

function isOfPictures<K extends keyof PreprocessConfig>(key: K, value: PreprocessConfig[K]): boolean {
  return (key !== 'mean' && key !== 'std') || pictureChannels.includes((value as PreprocessConfig['mean']).length);
}

/** Names and numbers as untyped code may pass them, what is left out added. */
function checkPreprocessConfig(config: unknown): PreprocessConfig {
  const checked = { ...defaultPreprocessConfig, ...checkPreprocessSettings(config, 'config') };
  const { mean, std } = checked;
  if (mean.length !== std.length || !pictureChannels.includes(mean.length)) {
    const message = `preprocess: mean and std should be three numbers each, for R, G and B, or one each, for grey, found ${mean.length} and ${std.length}.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  const fault = contradiction(checked);
  if (fault) throw new GhostNetError('ERR_GHOST_ARGUMENT', `preprocess: ${fault}.`);
  const large = tooLarge(mean.length, ...checked.inputSize);
  if (large)
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `preprocess: inputSize ${shapeText(checked.inputSize)} ${large}.`);
  return checked;
}
