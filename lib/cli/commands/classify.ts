import { Command, Option } from 'commander';
import { classActivations, type ClassActivation } from '../../class-activation.js';
import { classification, type Classification } from '../../tasks/classification.js';
import type { ModelOptions } from '../load.js';
import {
  jsonOption,
  modelOptions,
  pictureOptions,
  saidPicture,
  topOption,
  withOptions,
  type PictureFlags,
} from '../options.js';
import { formatOf } from '../output/answer-format.js';
import { classificationParts } from '../output/classification-format.js';
import type { StreamOptions } from '../pictures/each-frame.js';
import { everyPicture, pictureArguments, streamHelp, streamOptions } from '../pictures/every-picture.js';
import { TimedModel, type Timed } from '../pictures/timed-model.js';
import type { Begin } from '../pictures/work.js';
import { labelsOption, number, preprocessOptions } from '../preprocess-options.js';

interface Options extends ModelOptions, PictureFlags, StreamOptions {
  top?: number;
  activation?: ClassActivation;
  threshold?: number;
  json?: boolean;
  csv?: boolean;
}

export function classifyCommand(): Command {
  return withOptions(
    new Command('classify')
      .description('Prints the most probable classes of each image.')
      .argument('<image...>', pictureArguments)
      .addOption(topOption())
      .addOption(
        new Option(
          '--activation <name>',
          'what logits become: a softmax over all classes, or a sigmoid of each, for several labels a picture (default: what config.json says, or softmax; of one class sigmoid)',
        ).choices(classActivations),
      )
      .option('--threshold <number>', 'print the classes that are at least so probable', number)
      .addOption(jsonOption())
      .addOption(
        new Option(
          '--csv',
          'print CSV, a row for each image and class: image, rank, index, label, probability',
        ).conflicts('json'),
      )
      .addHelpText('after', streamHelp('classify'))
      .action((images: string[], options: Options, command: Command) =>
        everyPicture(images, options, command, classifying(options)),
      ),
    [...streamOptions(), ...modelOptions(), ...pictureOptions(), labelsOption(), ...preprocessOptions()],
  );
}

/** Classifies and prints, in the format that is asked for. */
function classifying(options: Options): Begin<Timed<Classification[]>> {
  const { top, activation, threshold } = options;
  const asked = {
    ...(top !== undefined && { topK: top }),
    ...(activation && { activation }),
    ...(threshold !== undefined && { threshold }),
    ...saidPicture(options),
  };
  return async (pictures, signal) => {
    const timed = await TimedModel.load(options, signal);
    const areProbabilities = (activation ?? timed.model.config.activation) !== 'none';
    return {
      ask: (image, stop) => timed.ask(classification, image, { ...asked, signal: stop }),
      take: formatOf(classificationParts(areProbabilities), options, pictures, timed.start),
      end: () => timed.dispose(),
    };
  };
}
