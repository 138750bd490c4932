import { join } from 'node:path';
import { GhostNetError } from '../errors.js';
import { shortened } from '../messages/quoted.js';
import { preprocessRules, type PreprocessConfig } from '../preprocess-config.js';
import { parseHubConfig, readHubConfig, readJson } from './config.js';
import { isRecord } from './untyped-values.js';

type Setting = keyof PreprocessConfig;

/** What the `preprocessor_config.json` beside the weights says, in our terms. */
export interface ProcessorConfig {
  readonly preprocess: Partial<PreprocessConfig>;
  /** Of what it says and nobody computes here: why not, by the settings that would have to be said instead. */
  readonly faults: Partial<Record<Setting, string>>;
}

type Values = Readonly<Record<string, unknown>>;
type Size = PreprocessConfig['inputSize'];

/** Continues the name of the file. */
class Fault extends Error {}

/** What there are words for at transformers and at timm. */
const settings = ['inputSize', 'interpolation', 'cropPct', 'cropMode', 'mean', 'std'] as const;
const geometry = ['inputSize', 'cropPct', 'cropMode'] as const;
const normalisation = ['mean', 'std'] as const;

export const processorFile = 'preprocessor_config.json';

/**
 * Reads the `preprocessor_config.json` in a folder, as transformers pushes it to the Hugging Face hub; undefined if there is none.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for what is no JSON object
 */
export async function readProcessorConfig(folder: string): Promise<ProcessorConfig | undefined> {
  const file = join(folder, processorFile);
  const config = await readJson(file);
  return config && parseProcessorConfig(config.value, file);
}

/** Whether the `config.json` in a folder leaves anything to say of preprocessing. One that cannot be read says so when it is. */
export async function wantsProcessorConfig(folder: string): Promise<boolean> {
  try {
    const said = (await readHubConfig(join(folder, 'config.json')))?.preprocess ?? {};
    // timm leaves out the crop's mode where it is the usual one.
    return settings.some((setting) => setting !== 'cropMode' && said[setting] === undefined);
  } catch {
    return false;
  }
}

/**
 * Translates what transformers' image processors save. `file` is for messages.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for what is no JSON object
 */
export function parseProcessorConfig(config: unknown, file: string): ProcessorConfig {
  if (!isRecord(config))
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', `${file} should hold a JSON object. Repair or remove it.`);
  // The one around timm's networks has timm's own words.
  if (isRecord(config['pretrained_cfg']))
    return { preprocess: parseHubConfig({ pretrained_cfg: config['pretrained_cfg'] }, file).preprocess, faults: {} };
  const values = new Map(Object.entries(config).filter(([, value]) => value !== null));
  const given: Values = Object.fromEntries(values);
  const preprocess: Partial<PreprocessConfig> = {};
  const faults: Partial<Record<Setting, string>> = {};
  const translate = (settings: readonly Setting[], read: () => Partial<PreprocessConfig>): void => {
    try {
      Object.assign(preprocess, read());
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      for (const setting of settings) faults[setting] ??= error.message;
    }
  };
  translate(settings, () => {
    const foreign = foreignSteps.find((step) => given[step] !== undefined && given[step] !== false);
    if (foreign !== undefined) throw fault(given, foreign, 'is not computed here');
    return {};
  });
  translate(geometry, () => readGeometry(given));
  translate(['interpolation'], () => readInterpolation(given));
  translate(normalisation, () => readNormalisation(given));
  return { preprocess, faults };
}

/** Steps of some processors that change more than one setting could tell. */
const foreignSteps = [
  'do_flip_channel_order',
  'do_pad',
  'pad_size',
  'do_thumbnail',
  'do_align_long_axis',
  'do_crop_margin',
  'do_grayscale',
  'size_divisor',
  'do_image_splitting',
] as const;

function fault(given: Values, key: string, remark: string): Fault {
  const value = given[key];
  return new Fault(`${key}${value === undefined ? '' : ` of ${shortened(JSON.stringify(value), 80)}`} ${remark}`);
}

// Resize and crop

/** Processors that take a size of one number for both sides; those of the others mean the shorter one by it. */
const squareProcessors = /^(?:ViT|DeiT|BeiT|Beit|Swin|EfficientNet|EfficientFormer|Data2Vec|FocalNet|DINO)/;

/** Processors with a resize of their own. */
const ownResize = /^(?:Levit|LeViT|PoolFormer|Perceiver)/;

function readGeometry(given: Values): Partial<PreprocessConfig> {
  const isCropSaid = given['do_center_crop'] !== undefined || typeOf(given).startsWith('EfficientNet');
  const crops = isCropSaid ? given['do_center_crop'] === true : given['crop_size'] !== undefined;
  if (given['do_resize'] === false)
    throw fault(given, 'do_resize', 'leaves pictures of any size, and the network takes one');
  if (given['size'] === undefined && given['crop_size'] === undefined) return {};
  if (ownResize.test(typeOf(given))) throw fault(given, typeKey(given), 'resizes in a way of its own');
  if (given['size'] === undefined) throw fault(given, 'size', 'is not there, and tells no size');
  const { side, shorter } = readSize(given);
  if (isConvNext(given)) return convNextGeometry(given, shorter);
  if (!crops) {
    if (side) return { inputSize: side, cropPct: 1, cropMode: 'squash' };
    throw fault(given, 'size', 'without a crop makes inputs of any size, and the network takes one');
  }
  const crop = readCrop(given);
  if (side) return { inputSize: crop, cropPct: cropPctOf(given, crop, side), cropMode: 'squash' };
  if (crop[0] !== crop[1]) throw fault(given, 'crop_size', 'is no square, as a size of the shorter side needs it');
  return { inputSize: crop, cropPct: cropPctOf(given, crop, [shorter!, shorter!]), cropMode: 'center' };
}

function typeKey(given: Values): string {
  return given['image_processor_type'] === undefined ? 'feature_extractor_type' : 'image_processor_type';
}

function typeOf(given: Values): string {
  const type = given[typeKey(given)];
  return typeof type === 'string' ? type : '';
}

/** Both sides, or the shorter one. */
function readSize(given: Values): { side?: Size; shorter?: number } {
  const size = given['size'];
  if (typeof size === 'number') {
    const side = readSide(given, 'size', size);
    if (typeOf(given) === '')
      throw fault(given, 'size', 'of a processor without a type may be of both sides or of one');
    return squareProcessors.test(typeOf(given)) ? { side: [side, side] } : { shorter: side };
  }
  if (!isRecord(size)) throw fault(given, 'size', 'is no size');
  if (size['height'] !== undefined || size['width'] !== undefined)
    return { side: [readSide(given, 'size', size['height']), readSide(given, 'size', size['width'])] };
  if (size['shortest_edge'] !== undefined && (size['longest_edge'] ?? null) === null)
    return { shorter: readSide(given, 'size', size['shortest_edge']) };
  throw fault(given, 'size', 'is neither of both sides nor of the shorter one');
}

function readCrop(given: Values): Size {
  const crop = given['crop_size'];
  if (typeof crop === 'number') return [readSide(given, 'crop_size', crop), readSide(given, 'crop_size', crop)];
  if (!isRecord(crop)) throw fault(given, 'crop_size', 'is no size');
  return [readSide(given, 'crop_size', crop['height']), readSide(given, 'crop_size', crop['width'])];
}

function readSide(given: Values, key: string, side: unknown): number {
  if (typeof side === 'number' && preprocessRules.inputSize.accepts([side, side])) return side;
  throw fault(given, key, 'is not of whole numbers that a side can have');
}

/** With which floor(crop / cropPct) is what is resized to, on both sides. */
function cropPctOf(given: Values, crop: Size, resized: Size): number {
  // The first is what people write; where its quotient falls short by a rounding, the second does not.
  const candidates = [crop[0] / resized[0], crop[1] / resized[1], crop[0] / (resized[0] + 0.5)];
  const found = candidates.find(
    (pct) =>
      preprocessRules.cropPct.accepts(pct) && crop.every((side, axis) => Math.floor(side / pct) === resized[axis]),
  );
  if (found === undefined)
    throw fault(given, 'crop_size', `of what is resized to ${resized.join('x')} is no share of it`);
  return found;
}

function isConvNext(given: Values): boolean {
  return /^ConvN(?:ext|eXT)/.test(typeOf(given)) || given['crop_pct'] !== undefined;
}

/** ConvNeXT's: from 384 on the picture is stretched, below it is cropped to the share `crop_pct`. */
function convNextGeometry(given: Values, shorter: number | undefined): Partial<PreprocessConfig> {
  if (shorter === undefined) throw fault(given, 'size', 'should be of the shorter side, as crop_pct needs it');
  if (given['do_center_crop'] === true) throw fault(given, 'do_center_crop', 'beside crop_pct is not computed here');
  const inputSize: Size = [shorter, shorter];
  if (shorter >= 384) return { inputSize, cropPct: 1, cropMode: 'squash' };
  const pct = given['crop_pct'] ?? 224 / 256;
  if (!preprocessRules.cropPct.accepts(pct)) throw fault(given, 'crop_pct', 'is no share of the picture');
  return { inputSize, cropPct: pct, cropMode: 'center' };
}

// Numbers

/** Pillow's. */
const resamples = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'] as const;

function readInterpolation(given: Values): Partial<PreprocessConfig> {
  const { resample } = given;
  if (resample === undefined) return {};
  const interpolation = typeof resample === 'number' ? resamples[resample] : undefined;
  if (interpolation === undefined) throw fault(given, 'resample', 'is no number of a filter of Pillow');
  return { interpolation };
}

/**
 * (value * factor - offset - mean) / deviation of bytes, as mean and deviation of numbers from 0 to 1. EfficientNet's
 * may divide by the deviation twice.
 */
function readNormalisation(given: Values): Partial<PreprocessConfig> {
  const keys = ['image_mean', 'image_std', 'do_normalize', 'do_rescale', 'rescale_factor', 'rescale_offset'];
  if (keys.every((key) => given[key] === undefined)) return {};
  const isEfficientNet = typeOf(given).startsWith('EfficientNet');
  const normalises = given['do_normalize'] !== false;
  if (normalises && (given['image_mean'] === undefined || given['image_std'] === undefined)) {
    throw fault(
      given,
      given['image_mean'] === undefined ? 'image_mean' : 'image_std',
      'is not there, and tells no normalisation',
    );
  }
  const scale = readFactor(given) * 255;
  const offset = given['rescale_offset'] === true && given['do_rescale'] !== false ? 1 : 0;
  const means = normalises ? readNumbers(given, 'image_mean') : [0];
  const deviations = normalises ? readNumbers(given, 'image_std') : [1];
  const isTwice = isEfficientNet ? given['include_top'] !== false : given['include_top'] === true;
  if (isTwice && given['image_std'] === undefined)
    throw fault(given, 'image_std', 'is not there, and tells no normalisation');
  const again = isTwice ? readNumbers(given, 'image_std') : [1];
  const mean = means.map((value) => (value + offset) / scale);
  const count = Math.max(deviations.length, again.length);
  const std = Array.from({ length: count }, (_, i) => (at(deviations, i) * at(again, i)) / scale);
  if (!preprocessRules.std.accepts(std)) throw fault(given, 'image_std', 'should be above 0');
  return { mean, std };
}

function at(values: readonly number[], index: number): number {
  return values.length === 1 ? values[0]! : values[index]!;
}

/** What a byte is multiplied by; a factor that is 1/255 but for its last digits is 1/255. */
function readFactor(given: Values): number {
  if (given['do_rescale'] === false) return 1;
  const factor = given['rescale_factor'] ?? 1 / 255;
  if (typeof factor !== 'number' || !(factor > 0) || factor > 1) throw fault(given, 'rescale_factor', 'is no factor');
  return Math.abs(factor * 255 - 1) < 1e-6 ? 1 / 255 : factor;
}

function readNumbers(given: Values, key: string): readonly number[] {
  const value = typeof given[key] === 'number' ? [given[key]] : given[key];
  if (!preprocessRules.mean.accepts(value)) throw fault(given, key, 'is no list of numbers');
  return value;
}
