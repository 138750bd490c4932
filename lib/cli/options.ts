import { InvalidArgumentError, Option, type Command } from 'commander';
import { precisions } from '../engine/options.js';
import { defaultGateConfig, gateValues, type GateConfig } from '../gate-config.js';
import { classifierValues, type ClassifierConfig } from '../classifier-config.js';
import type { ImageOptions } from '../pixels/options.js';
import type { Region } from '../pixels/region.js';
import { encodePath } from './pictures/raw-paths.js';

export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return number;
}

export function wholeNumberOrNone(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Expected a whole number, 0 or more.');
  return Number(value);
}

export function positiveNumber(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number > 0 && number < Infinity))
    throw new InvalidArgumentError('Expected a number above 0.');
  return number;
}

/** From 0 to 1. */
export function share(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number <= 1))
    throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return number;
}

export function seconds(value: string): number {
  const number = Number(value);
  if (!/^\d*\.?\d+$/.test(value) || number < 0.001 || number > 86400)
    throw new InvalidArgumentError('Expected a number of seconds, from 0.001 to 86400.');
  return number;
}

/** Node would write another name in the place of one that is not UTF-8. */
export function outputName(value: string): string {
  if (encodePath(value) !== value) throw new InvalidArgumentError('The name of a file to write should be UTF-8.');
  return value;
}

/** `left,top,width,height`, in pixels. */
function regionOf(value: string): Region {
  const [left, top, width, height, ...more] = value
    .split(',')
    .map((number) => (/^\d+$/.test(number) ? Number(number) : NaN));
  if (more.length > 0 || ![left, top, width, height].every(Number.isSafeInteger) || !width || !height)
    throw new InvalidArgumentError('Expected left,top,width,height in pixels, as 120,40,640,480.');
  return { left: left!, top: top!, width, height };
}

/** `224` or `192x256`, in pixels. */
export function imageSize(value: string): [height: number, width: number] {
  const sides = value.split('x').map(wholeNumber);
  if (sides.length > 2) throw new InvalidArgumentError('Expected a height and a width, as 192x256.');
  return [sides[0]!, sides.at(-1)!];
}

/** What {@link pictureOptions} give. */
export interface PictureFlags {
  /** Seconds. */
  decodeTimeout?: number;
  region?: Region;
  orient?: boolean;
}

/** The same as the library takes it. */
export function saidPicture({
  decodeTimeout,
  region,
  orient,
}: PictureFlags): Pick<ImageOptions, 'decodeTimeoutMs' | 'region' | 'orient'> {
  return {
    ...(decodeTimeout !== undefined && { decodeTimeoutMs: Math.ceil(1000 * decodeTimeout) }),
    ...(region && { region }),
    ...(orient === false && { orient }),
  };
}

/** What {@link weightsOptions} give of the gate. */
export interface GateFlags {
  gateActivation?: GateConfig['activation'];
  gatePooling?: GateConfig['pooling'];
  gateUpsampling?: GateConfig['upsampling'];
}

/** The same as the library takes it. */
export function saidGate({ gateActivation, gatePooling, gateUpsampling }: GateFlags): Partial<GateConfig> {
  return {
    ...(gateActivation && { activation: gateActivation }),
    ...(gatePooling && { pooling: gatePooling }),
    ...(gateUpsampling && { upsampling: gateUpsampling }),
  };
}

/** What {@link weightsOptions} give of the classifier, as the library takes it. */
export interface ClassifierFlags {
  globalPool?: ClassifierConfig['globalPool'];
  classifierActivation?: ClassifierConfig['classifierActivation'];
}

export function saidClassifier({ globalPool, classifierActivation }: ClassifierFlags): ClassifierFlags {
  return { ...(globalPool && { globalPool }), ...(classifierActivation && { classifierActivation }) };
}

export const modelOption = (): Option =>
  new Option(
    '-m, --model <path or name>',
    'a model folder, a checkpoint, or the name of a published model or of a repository (default: the model in the box)',
  );
/** @param what it has to be, which the model in the box is not */
export const headModelOption = (what: 'detector' | 'segmenter'): Option =>
  new Option(
    '-m, --model <path or name>',
    `a ${what}: a model folder, a checkpoint, or the name of a repository; the model in the box is none`,
  ).makeOptionMandatory();
export const revisionOption = (): Option =>
  new Option('--revision <name>', 'of a model that is given by its name: branch, tag or commit (default: main)');
const partOption = (): Option =>
  new Option('--part <name>', 'which network of a file that holds several, as ghostnet info lists them');
export const threadsOption = (): Option =>
  new Option('-t, --threads <n>', 'threads that compute (default: the usable cores)').argParser(wholeNumber);
export const precisionOption = (): Option =>
  new Option('--precision <name>', 'fp32, fp16 (half precision), or auto: fp16 where it is possible and close')
    .choices(precisions)
    .default('fp32');
const gateOption = (setting: keyof GateConfig): Option =>
  new Option(
    `--gate-${setting} <name>`,
    `of the gate of DFC attention, which no tensor tells (default: what config.json says, or ${defaultGateConfig[setting]})`,
  ).choices(gateValues[setting]);
const globalPoolOption = (): Option =>
  new Option(
    '--global-pool <name>',
    'what the last map is pooled by, as timm calls it (default: what config.json or the checkpoint says, or avg)',
  ).choices(classifierValues.globalPool);
const classifierActivationOption = (): Option =>
  new Option(
    '--classifier-activation <name>',
    'between the layers of a classifier that has several, which no tensor tells (default: what config.json says)',
  ).choices(classifierValues.classifierActivation);
const decodeTimeoutOption = (): Option =>
  new Option('--decode-timeout <seconds>', 'how long decoding a picture may take (default: 30)').argParser(seconds);
const regionOption = (): Option =>
  new Option(
    '--region <left,top,width,height>',
    'the part of each picture to take, in pixels of the upright picture',
  ).argParser(regionOf);
const orientOption = (): Option =>
  new Option('--no-orient', 'take pictures as they are stored, as timm does, whatever orientation their EXIF tells');

/** Which weights, where their place does not tell all. */
export const weightsOptions = (): Option[] => [
  revisionOption(),
  partOption(),
  gateOption('activation'),
  gateOption('pooling'),
  gateOption('upsampling'),
  globalPoolOption(),
  classifierActivationOption(),
];
/** Which model, and how it computes. */
export const modelOptions = (model = modelOption()): Option[] => [
  model,
  ...weightsOptions(),
  threadsOption(),
  precisionOption(),
];
/** How pictures are taken. */
export const pictureOptions = (): Option[] => [decodeTimeoutOption(), regionOption(), orientOption()];

export function withOptions(command: Command, options: readonly Option[]): Command {
  return options.reduce((all, option) => all.addOption(option), command);
}

export const topOption = (): Option =>
  new Option('--top <n>', 'classes to print for each image (default: 5, or all with --threshold)').argParser(
    wholeNumber,
  );
export const jsonOption = (): Option => new Option('--json', 'print JSON, one object a line');
