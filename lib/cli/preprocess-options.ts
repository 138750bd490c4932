import { InvalidArgumentError, Option } from 'commander';
import { inputRuleNames, inputRules, type InputRule } from '../input-rules.js';
import { channelOrders, cropModes, interpolations, resizes, type PreprocessConfig } from '../preprocess-config.js';
import { imageSize } from './options.js';

/** What {@link preprocessOptions} give. */
export interface PreprocessFlags {
  mean?: number[];
  std?: number[];
  size?: [height: number, width: number];
  crop?: number;
  cropMode?: PreprocessConfig['cropMode'];
  interpolation?: PreprocessConfig['interpolation'];
  inputRule?: InputRule;
  resize?: PreprocessConfig['resize'];
  channelOrder?: PreprocessConfig['channelOrder'];
}

/** The same as the library takes it. */
export function saidPreprocess(flags: PreprocessFlags): Partial<PreprocessConfig> {
  const { mean, std, size, crop, cropMode, interpolation, inputRule, resize, channelOrder } = flags;
  return {
    ...(inputRule && inputRules[inputRule]),
    ...(mean && { mean }),
    ...(std && { std }),
    ...(size && { inputSize: size }),
    ...(crop !== undefined && { cropPct: crop }),
    ...(cropMode && { cropMode }),
    ...(interpolation && { interpolation }),
    ...(resize && { resize }),
    ...(channelOrder && { channelOrder }),
  };
}

const without = "(default: what config.json says, or the published weights')";

/** How pictures become the input, where no config.json says it or it is to be another way. */
export const preprocessOptions = (): Option[] => [
  new Option('--mean <numbers>', `of R, G and B, from 0 to 1, as 0.5,0.5,0.5, or one for all ${without}`).argParser(
    numbers,
  ),
  new Option('--std <numbers>', `the deviation of R, G and B, or one for all ${without}`).argParser(numbers),
  new Option('--size <pixels>', `height and width of the input, as 224 or 192x256 ${without}`).argParser(imageSize),
  new Option('--crop <fraction>', `the crop's side over the resized picture's, as 0.875 ${without}`).argParser(number),
  new Option('--crop-mode <name>', `what is done with the rest ${without}`).choices(cropModes),
  new Option('--interpolation <name>', `how it is resized ${without}`).choices(interpolations),
  new Option('--input-rule <framework>', `all of it as in the framework it was trained with ${without}`).choices(
    inputRuleNames,
  ),
  new Option('--resize <name>', `how large it becomes ${without}`).choices(resizes),
  new Option('--channel-order <name>', `of the input; mean and std are of R, G and B all the same ${without}`).choices(
    channelOrders,
  ),
];

export const labelsOption = (): Option =>
  new Option(
    '--labels <file>',
    'the names of the classes, one on each line (default: those that lie with the weights)',
  );

function numbers(value: string): number[] {
  return value.split(',').map(number);
}

export function number(value: string): number {
  const found = Number(value);
  if (value.trim() === '' || !Number.isFinite(found)) throw new InvalidArgumentError('Expected a number, as 0.5.');
  return found;
}
