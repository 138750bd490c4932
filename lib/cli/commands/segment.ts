import { extname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { colorize } from '../../drawing/colorize.js';
import { cropped } from '../../pixels/region.js';
import { segmentation, type Segmentation, type SegmentationMaps } from '../../tasks/segmentation.js';
import type { ModelOptions } from '../load.js';
import {
  headModelOption,
  jsonOption,
  modelOptions,
  outputName,
  pictureOptions,
  saidPicture,
  share,
  withOptions,
  type PictureFlags,
} from '../options.js';
import { formatOf } from '../output/answer-format.js';
import {
  checkDrawn,
  drawnHelp,
  drawnOptions,
  isFolder,
  pictureFiles,
  sameName,
  type DrawnFlags,
} from '../output/drawn-pictures.js';
import { encoded, labelPicture } from '../output/picture-file.js';
import { segmentationParts } from '../output/segmentation-format.js';
import type { StreamOptions } from '../pictures/each-frame.js';
import { everyPicture, pictureArguments, streamHelp, streamOptions } from '../pictures/every-picture.js';
import { askAndKeep, type Asked } from '../pictures/kept-pixels.js';
import { TimedModel } from '../pictures/timed-model.js';
import type { Begin, Work } from '../pictures/work.js';
import { labelsOption, preprocessOptions } from '../preprocess-options.js';

interface Options extends ModelOptions, PictureFlags, StreamOptions, DrawnFlags {
  threshold?: number;
  opacity?: number;
  /** Where labels are written. */
  mask?: string;
  json?: boolean;
  csv?: boolean;
}

export function segmentCommand(): Command {
  return withOptions(
    new Command('segment')
      .description('Tells the class of every pixel of each image with a segmenter: shares, colours, labels.')
      .argument('<image...>', pictureArguments)
      .option(
        '--threshold <number>',
        'of a model of one class: from which probability on a pixel is of it (default: 0.5)',
        share,
      )
      .addOption(jsonOption())
      .addOption(
        new Option(
          '--csv',
          'print CSV, a row for each class of an image: image, index, label, pixels, share',
        ).conflicts('json'),
      )
      .addHelpText('after', streamHelp('segment -m MODEL') + drawnHelp('segment'))
      .action((images: string[], options: Options, command: Command) => {
        checkDrawn(options, options, command);
        const { mask, output } = options;
        if (mask !== undefined && !isFolder(mask) && extname(mask).toLowerCase() !== '.png')
          command.error('--mask should end in .png, or be a folder (labels/)');
        if (mask !== undefined && output !== undefined && resolve(mask) === resolve(output))
          command.error('-o and --mask are two pictures; name two files or folders');
        if (options.opacity !== undefined && output === undefined)
          command.error('--opacity is that of the colours that -o draws');
        return everyPicture(images, options, command, segmenting(options));
      }),
    [
      ...drawnOptions("its classes' colours over it"),
      new Option('--opacity <number>', 'of the colours, from 0 to 1 (default: 0.5)').argParser(share),
      new Option(
        '--mask <file>',
        "write each pixel's class as a grey PNG of 8 bits, or of 16 for more than 256 classes; of several pictures a folder",
      ).argParser(outputName),
      ...streamOptions(),
      ...modelOptions(headModelOption('segmenter')),
      ...pictureOptions(),
      labelsOption(),
      ...preprocessOptions(),
    ],
  );
}

/** Segments, prints and draws. */
function segmenting(options: Options): Begin<Asked<Segmentation | SegmentationMaps>> {
  return async (pictures, signal) => {
    const { output, mask, threshold } = options;
    const drawn = output === undefined ? undefined : await pictureFiles(output, options, pictures, sameName, signal);
    const masks = mask === undefined ? undefined : await pictureFiles(mask, options, pictures, maskName, signal);
    const timed = await TimedModel.load(options, signal);
    const print = output === '-' ? undefined : formatOf(segmentationParts, options, pictures, timed.start);
    const asked = { ...(threshold !== undefined && { threshold }), ...saidPicture(options) };
    const take: Work<Asked<Segmentation | SegmentationMaps>>['take'] = async (picture, { pixels, ...answered }) => {
      // Without another `output`, it is labels that are answered.
      const answer = answered.answer as Segmentation;
      const { labels, width, height } = answer;
      print?.(picture, { ...answered, answer });
      await masks?.write(picture, () => labelPicture(labels, width, height));
      if (!pixels) return;
      const image = options.region ? cropped(pixels, options.region) : pixels;
      const opacity = options.opacity === undefined ? {} : { opacity: options.opacity };
      await drawn?.write(picture, (format) => encoded(colorize(answer, { image, ...opacity }), format));
    };
    return {
      ask: (image, stop) => askAndKeep(timed, segmentation, image, { ...asked, signal: stop }, drawn !== undefined),
      take,
      end: () => timed.dispose(),
    };
  };
}

/** Labels are a PNG, whatever the picture was. */
function maskName(name: string): string {
  return `${name.slice(0, name.length - extname(name).length)}.png`;
}
