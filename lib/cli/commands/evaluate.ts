import { Command } from 'commander';
import { GhostNetError } from '../../errors.js';
import type { ModelConfig } from '../../model-config.js';
import type { GhostNet } from '../../model.js';
import { classIndices } from '../evaluation/class-indices.js';
import { labelledPictures } from '../evaluation/labelled-pictures.js';
import { Tally, type Evaluation } from '../evaluation/tally.js';
import { loadModel, type ModelOptions } from '../load.js';
import {
  jsonOption,
  modelOptions,
  pictureOptions,
  saidPicture,
  wholeNumberOrNone,
  withOptions,
  type PictureFlags,
} from '../options.js';
import { labelsOption, preprocessOptions } from '../preprocess-options.js';
import { percent, print, printJson, reportFault, round } from '../output/print.js';
import { bar, ProgressLine } from '../output/progress.js';
import { faultIn, imageIn, imagesAhead, isFaultOfImage } from '../pictures/image-files.js';
import { inOrder } from '../pictures/in-order.js';
import { jsonName } from '../pictures/raw-paths.js';
import { untilStopped } from '../stop.js';

interface Options extends ModelOptions, PictureFlags {
  worst: number;
  json?: boolean;
}

const help = `
The folder has a folder of pictures for each class, as PyTorch's ImageFolder reads it; the CSV file has the columns path and class,
paths being relative to it. Classes are called by the model's labels or by their numbers; where there are as many as the model
has, and they are called otherwise, they are taken in sorted order, as ImageFolder numbers them.
Probabilities are what config.json says of the logits, as ghostnet info prints it; without a word a softmax.
A bad picture is reported and left out, and the status is 1 then.
`;

export function evaluateCommand(): Command {
  return withOptions(
    new Command('evaluate')
      .description('Counts how often a model is right on pictures whose classes are known.')
      .argument('<folder or csv>', 'a folder with a folder of pictures for each class, or a CSV file')
      .option('--worst <n>', 'classes to print, those with the fewest right first', wholeNumberOrNone, 5)
      .addOption(jsonOption())
      .addHelpText('after', help)
      .action((path: string, options: Options) => untilStopped((signal) => evaluate(path, options, signal))),
    [...modelOptions(), ...pictureOptions(), labelsOption(), ...preprocessOptions()],
  );
}

interface Counted {
  readonly tally: Tally;
  readonly faults: number;
  readonly imagesPerSecond: number;
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
  const progress = new ProgressLine();
  const start = performance.now();
  let [done, faults] = [0, 0];
  try {
    for await (const outcome of inOrder(pictures, imagesAhead, async ({ file }) =>
      model.classify(await imageIn(file, signal), {
        topK: 5,
        signal,
        ...saidPicture(options),
      }),
    )) {
      signal.throwIfAborted();
      done++;
      if ('result' in outcome) tally.add(outcome.item.index, outcome.result);
      else {
        if (!isFaultOfImage(outcome.error)) throw outcome.error;
        faults++;
        progress.clear();
        reportFault(faultIn(outcome.item.file, outcome.error));
      }
      progress.draw(
        () => `${bar(done / pictures.length)}  ${done} of ${pictures.length}, top-1 ${percent(tally.top1)}`,
      );
    }
  } finally {
    progress.clear();
  }
  return { tally, faults, imagesPerSecond: (1000 * done) / (performance.now() - start) };
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
