import { Command, Option } from 'commander';
import { drawDetections } from '../../drawing/draw-detections.js';
import { detection, indicesOf, type Detection } from '../../tasks/detection.js';
import { Follower } from '../following/follower.js';
import { checkFollowing, followingOptions, isFollowing, type FollowingFlags } from '../following/options.js';
import type { ModelOptions } from '../load.js';
import {
  headModelOption,
  jsonOption,
  modelOptions,
  pictureOptions,
  saidPicture,
  share,
  wholeNumber,
  withOptions,
  type PictureFlags,
} from '../options.js';
import { formatOf } from '../output/answer-format.js';
import { detectionParts, printEvent, type Found } from '../output/detection-format.js';
import {
  checkDrawn,
  drawnHelp,
  drawnOptions,
  pictureFiles,
  sameName,
  type DrawnFlags,
} from '../output/drawn-pictures.js';
import { encoded } from '../output/picture-file.js';
import type { StreamOptions } from '../pictures/each-frame.js';
import { everyPicture, pictureArguments, streamHelp, streamOptions } from '../pictures/every-picture.js';
import { askAndKeep, type Asked } from '../pictures/kept-pixels.js';
import { TimedModel } from '../pictures/timed-model.js';
import type { Begin } from '../pictures/work.js';
import { labelsOption, preprocessOptions } from '../preprocess-options.js';

interface Options extends ModelOptions, PictureFlags, StreamOptions, DrawnFlags, FollowingFlags {
  threshold?: number;
  iou?: number;
  max?: number;
  classes?: string[];
  multiLabel?: boolean;
  json?: boolean;
  csv?: boolean;
}

export function detectCommand(): Command {
  return withOptions(
    new Command('detect')
      .description('Finds objects on each image with a detector, follows them from frame to frame, and counts them.')
      .argument('<image...>', pictureArguments)
      .option('--threshold <number>', 'the least score, from 0 to 1 (default: as the model says, else 0.3)', share)
      .option(
        '--iou <number>',
        'of two boxes of a class that share more of their union, the one that scores less is left out (default: as the model says, else 0.5)',
        share,
      )
      .option('--max <n>', 'boxes for each image, the best ones (default: 100)', wholeNumber)
      .option('--classes <list>', 'labels or numbers of the classes to look for (default: all)', collect)
      .option('--multi-label', 'a box for each class that scores enough, and not for its best alone')
      .addOption(jsonOption())
      .addOption(
        new Option(
          '--csv',
          'print CSV, a row for each box: image, index, label, score, xmin, ymin, xmax, ymax; with --track the id too',
        ).conflicts('json'),
      )
      .addHelpText('after', streamHelp('detect -m MODEL') + drawnHelp('detect'))
      .action((images: string[], options: Options, command: Command) => {
        checkDrawn(options, options, command);
        checkFollowing(options, command);
        if (options.csv && (options.line ?? options.zone))
          command.error('--csv has boxes alone; what happens at --line and --zone is printed in lines or as --json');
        return everyPicture(images, options, command, detecting(options));
      }),
    [
      ...drawnOptions('its boxes'),
      ...followingOptions(),
      ...streamOptions(),
      ...modelOptions(headModelOption('detector')),
      ...pictureOptions(),
      labelsOption(),
      ...preprocessOptions(),
    ],
  );
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Detects, follows, prints and draws. */
function detecting(options: Options): Begin<Asked<Detection[]>> {
  return async (pictures, signal) => {
    const { output, json = false } = options;
    const drawn = output === undefined ? undefined : await pictureFiles(output, options, pictures, sameName, signal);
    const timed = await TimedModel.load(options, signal);
    try {
      const follower = isFollowing(options) ? new Follower(options, saidThreshold(options, timed)) : undefined;
      const asked = { ...saidDetection(options, timed, follower?.threshold), ...saidPicture(options) };
      const print =
        output === '-' ? undefined : formatOf(detectionParts(follower !== undefined), options, pictures, timed.start);
      return {
        ask: (image, stop) => askAndKeep(timed, detection, image, { ...asked, signal: stop }, drawn !== undefined),
        take: async (picture, { pixels, ...answered }) => {
          const { tracked, events } = follower?.follow(answered.answer, picture) ?? {};
          const found: readonly Found[] = tracked ?? answered.answer;
          print?.(picture, { ...answered, answer: found });
          if (print) for (const event of events ?? []) printEvent(picture, event, json);
          const signs = {
            colors: timed.model.config.colors,
            lines: follower?.lines ?? [],
            zones: follower?.zones ?? [],
          };
          if (pixels) await drawn?.write(picture, (format) => encoded(drawDetections(pixels, found, signs), format));
        },
        end: () => timed.dispose(),
      };
    } catch (error) {
      await timed.dispose();
      throw error;
    }
  };
}

/** The score of what is surely there, where anybody says one: the option, or the model's files. */
function saidThreshold({ threshold }: Options, { model }: TimedModel): number | undefined {
  const own = model.info.head?.scoreThreshold;
  return threshold ?? (own?.from === 'assumed' ? undefined : own?.value);
}

function saidDetection(
  { threshold, iou, max, classes, multiLabel }: Options,
  { model }: TimedModel,
  least: number | undefined,
): object {
  // A model that is no detector says so itself, and has no such classes.
  const meant = classes && model.task === 'detection' ? classesOf(classes, model.config.labels) : undefined;
  return {
    ...((least ?? threshold) !== undefined && { threshold: least ?? threshold }),
    ...(iou !== undefined && { iou }),
    ...(max !== undefined && { maxDetections: max }),
    ...(meant && { classes: meant }),
    ...(multiLabel && { multiLabel }),
  };
}

/** A label may have commas in it. */
function classesOf(classes: readonly string[], labels: readonly string[]): readonly number[] {
  const names = classes.flatMap((each) => (labels.includes(each) ? [each] : each.split(',').map((one) => one.trim())));
  return indicesOf(
    names.map((name) => (!labels.includes(name) && /^\d+$/.test(name) ? Number(name) : name)),
    labels,
  );
}
