import { Command, InvalidArgumentError, Option } from 'commander';
import { GhostNetError } from '../../errors.js';
import type { ModelConfig } from '../../model-config.js';
import type { GhostNet } from '../../model.js';
import { evaluateBoxes, type BoxOptions } from '../box-evaluation/evaluate-boxes.js';
import { classIndices } from '../evaluation/class-indices.js';
import { eachPicture, type Passed } from '../evaluation/each-picture.js';
import { labelledPictures } from '../evaluation/labelled-pictures.js';
import { Tally, type Evaluation } from '../evaluation/tally.js';
import { loadModel } from '../load.js';
import { evaluateMasks, type MaskOptions } from '../mask-evaluation/evaluate-masks.js';
import {
  jsonOption,
  modelOptions,
  pictureOptions,
  saidPicture,
  share,
  wholeNumberOrNone,
  withOptions,
} from '../options.js';
import { labelsOption, preprocessOptions } from '../preprocess-options.js';
import { percent, print, printJson, round } from '../output/print.js';
import { imageIn } from '../pictures/image-files.js';
import { jsonName } from '../pictures/raw-paths.js';
import { untilStopped } from '../stop.js';

type Options = BoxOptions & MaskOptions;

const help = `
The folder has a folder of pictures for each class, as PyTorch's ImageFolder reads it; the CSV file has the columns path and class,
paths being relative to it. Classes are called by the model's labels or by their numbers; where there are as many as the model
has, and they are called otherwise, they are taken in sorted order, as ImageFolder numbers them.
Probabilities are what config.json says of the logits, as ghostnet info prints it; without a word a softmax.
A bad picture is reported and left out, and the status is 1 then.

With --coco or --voc a detector is measured: the folder has the pictures, and boxes stand in a COCO file of instances or in a folder of
PASCAL VOC. Categories are called by the model's labels. The numbers are those of pycocotools, or with --metric voc2007 (11 points) and
voc2012 (area) those of PASCAL VOC at IoU 0.5.

With --masks a segmenter is measured: for each picture the folder of masks has a PNG of its name, whose pixels are the numbers of
their classes (grey, or a palette's indices); --void names numbers that do not count. IoU is over all pixels of all pictures.
`;

export function evaluateCommand(): Command {
  return withOptions(
    new Command('evaluate')
      .description('Counts how often a model is right on pictures whose classes, boxes or masks are known.')
      .argument(
        '<folder or csv>',
        'a folder with a folder of pictures for each class, or a CSV file; of boxes and masks their pictures',
      )
      .addOption(new Option('--coco <file>', 'the boxes of the pictures: a COCO file of instances').conflicts('voc'))
      .option('--voc <folder>', 'the boxes of the pictures: a folder with Annotations/*.xml, as PASCAL VOC has it')
      .addOption(
        new Option('--masks <folder>', 'the classes of the pixels: a folder with a PNG for each picture').conflicts([
          'coco',
          'voc',
        ]),
      )
      .addOption(
        new Option('--void <numbers>', 'those of masks that do not count, separated by commas')
          .argParser(wholeNumbers)
          .default(usualVoids, '255'),
      )
      .addOption(
        new Option('--metric <name>', 'what is made of boxes').choices(['coco', 'voc2007', 'voc2012']).default('coco'),
      )
      .option('--threshold <score>', 'boxes of a smaller score are left out', share, 0.001)
      .option(
        '--iou <share>',
        'of two boxes of a class that overlap more the better is kept (default: as the model says, else 0.5)',
        share,
      )
      .option('--worst <n>', 'classes to print, those with the fewest right first', wholeNumberOrNone, 5)
      .addOption(jsonOption())
      .addHelpText('after', help)
      .action((path: string, options: Options) =>
        untilStopped((signal) => {
          if (options.masks !== undefined) return evaluateMasks(path, options, signal);
          const isOfBoxes = options.coco !== undefined || options.voc !== undefined;
          return (isOfBoxes ? evaluateBoxes : evaluate)(path, options, signal);
        }),
      ),
    [...modelOptions(), ...pictureOptions(), labelsOption(), ...preprocessOptions()],
  );
}

/** PASCAL VOC's, and of most after it. */
const usualVoids: readonly number[] = [255];

/** Of an option that may come several times, the first of which takes the place of the default. */
function wholeNumbers(text: string, before: readonly number[] | undefined): readonly number[] {
  const numbers = text.split(',');
  if (!numbers.every((number) => /^\d{1,5}$/.test(number)))
    throw new InvalidArgumentError('Expected whole numbers, as 11 or 11,255.');
  return [...(before === usualVoids ? [] : (before ?? [])), ...numbers.map(Number)];
}

interface Counted extends Passed {
  readonly tally: Tally;
}

async function evaluate(path: string, options: Options, signal: AbortSignal): Promise<void> {
  const { pictures, classNames } = await labelledPictures(path);
  signal.throwIfAborted();
  const model = await loadModel(options, signal);
  try {
    const { labels } = model.config;
    const { indices, from } = classIndices(classNames, labels);
    const expected = pictures.map(({ file, className }) => ({ file, index: indices.get(className)! }));
    const { tally, faults, imagesPerSecond } = await count(model, expected, options, signal);
    if (tally.images === 0)
      throw new GhostNetError('ERR_GHOST_IMAGE', `None of the ${faults} pictures of ${path} is sound.`);
    const evaluation = tally.evaluation(options.worst);
    const rate = round(imagesPerSecond, 1);
    if (options.json)
      printJson({
        pictures: jsonName(path).image,
        ...asJson(evaluation, model.config),
        faults,
        classesFrom: from,
        imagesPerSecond: rate,
      });
    else printEvaluation(evaluation, model.config, from, rate);
  } finally {
    await model.dispose();
  }
}

async function count(
  model: GhostNet,
  pictures: readonly { readonly file: string; readonly index: number }[],
  options: Options,
  signal: AbortSignal,
): Promise<Counted> {
  const tally = new Tally(model.config.activation !== 'none');
  const asked = { topK: 5, signal, ...saidPicture(options) };
  const passed = await eachPicture(
    pictures,
    signal,
    async ({ file }) => model.classify(await imageIn(file, signal), asked),
    ({ index }, classes) => {
      tally.add(index, classes);
      return `, top-1 ${percent(tally.top1)}`;
    },
  );
  return { tally, ...passed };
}

const nameOf = (labels: readonly string[], index: number): string => labels[index] ?? `class ${index}`;

function asJson({ images, top1, top5, calibration, worst }: Evaluation, { labels, activation }: ModelConfig): object {
  return {
    images,
    top1: round(top1, 6),
    top5: round(top5, 6),
    activation,
    confidence: calibration ? round(calibration.confidence, 6) : null,
    calibrationError: calibration ? round(calibration.error, 6) : null,
    worst: worst.map(({ index, images, right, takenFor }) => ({
      index,
      label: nameOf(labels, index),
      images,
      right,
      takenFor: takenFor
        ? { index: takenFor.index, label: nameOf(labels, takenFor.index), images: takenFor.images }
        : null,
    })),
  };
}

function printEvaluation(
  { images, top1, top5, calibration, worst }: Evaluation,
  { labels, activation }: ModelConfig,
  from: string,
  imagesPerSecond: number,
): void {
  print(`images       ${images}, ${imagesPerSecond} a second; classes by ${from}`);
  print(`top-1        ${percent(top1)}`);
  print(`top-5        ${percent(top5)}`);
  print(
    calibration
      ? `calibration  mean probability of the first class ${percent(calibration.confidence)}, expected calibration error ${percent(calibration.error)}; by ${activation}`
      : 'calibration  none, since the model makes no probabilities (activation none)',
  );
  for (const [i, { index, images: all, right, takenFor }] of worst.entries()) {
    const taken = takenFor ? `; ${takenFor.images} taken for ${nameOf(labels, takenFor.index)}` : '';
    print(`${(i === 0 ? 'worst' : '').padEnd(13)}${nameOf(labels, index)}: ${right} of ${all} right${taken}`);
  }
}
