import { isUint8Array, isUint8ClampedArray } from 'node:util/types';
import { defaultPreprocessConfig, type PreprocessConfig } from './checkpoints/config.js';
import { GhostNetError } from './errors.js';
import { decodeImage, type ImageInput } from './image.js';
import { cpu, preprocessPixels } from './native.js';
import { checkOptions, checkSignal, forcedIsa } from './options.js';

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
  options: { signal?: AbortSignal } = {},
): Promise<Tensor4> {
  const signal = checkSignal(checkOptions(options).signal);
  const full = checkPreprocessConfig({ ...defaultPreprocessConfig, ...checkOptions(config, 'config') });
  const isa = forcedIsa(() => cpu().isas);
  const pixels = await decodeImage(ownPixels(image), { signal });
  const data = await preprocessPixels(pixels, full, isa);
  signal?.throwIfAborted();
  return { data, shape: [1, 3, ...full.inputSize] };
}

/** Raw pixels are the caller's memory, who may write into it or transfer it away as soon as the call has returned. */
function ownPixels(image: ImageInput): ImageInput {
  if (typeof image !== 'object' || (image as unknown) === null || !('data' in image)) return image;
  const { data, width, height, channels } = image;
  const isPixels = isUint8Array(data) || isUint8ClampedArray(data);
  // Memory that was transferred away before has no length, which decodeImage reports.
  return isPixels && data.length > 0 ? { data: new Uint8Array(data), width, height, channels } : image;
}

const sideLimit = 16384;

function checkPreprocessConfig(config: PreprocessConfig): PreprocessConfig {
  const wrong = (key: keyof PreprocessConfig, expected: string): never => {
    const message = `preprocess: ${key} should be ${expected}, found ${JSON.stringify(config[key])}.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  };
  const isArrayOf = (value: unknown, count: number, test: (x: unknown) => boolean): boolean =>
    Array.isArray(value) && value.length === count && value.every(test);
  const isSide = (x: unknown): boolean => Number.isInteger(x) && (x as number) >= 1 && (x as number) <= sideLimit;
  if (!isArrayOf(config.inputSize, 2, isSide)) wrong('inputSize', `[height, width], each a whole number from 1 to ${sideLimit}`);
  if (!['bicubic', 'bilinear', 'nearest', 'lanczos', 'box', 'hamming'].includes(config.interpolation)) {
    wrong('interpolation', 'bicubic, bilinear, nearest, lanczos, box or hamming');
  }
  if (!['center', 'squash', 'border'].includes(config.cropMode)) wrong('cropMode', 'center, squash or border');
  if (!(Number.isFinite(config.cropPct) && config.cropPct > 0 && config.cropPct <= 2)) wrong('cropPct', 'a number above 0 and at most 2');
  if (!isArrayOf(config.mean, 3, Number.isFinite)) wrong('mean', 'three numbers, for R, G and B');
  if (!isArrayOf(config.std, 3, (x) => Number.isFinite(x) && (x as number) > 0)) wrong('std', 'three numbers above 0, for R, G and B');
  return config;
}
