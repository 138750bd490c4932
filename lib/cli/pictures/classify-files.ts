import {
  csvFormat,
  jsonFormat,
  linesFormat,
  tableFormat,
  type ClassificationFormat,
} from '../output/classification-format.js';
import { faultIn, findAllImageFiles, imageIn, imagesAhead, isFaultOfImage, type Found } from './image-files.js';
import { inOrder } from './in-order.js';
import type { ModelOptions } from '../load.js';
import type { PictureFlags } from '../options.js';
import { reportFault } from '../output/print.js';
import { bar, ProgressLine } from '../output/progress.js';
import { untilStopped } from '../stop.js';
import { TimedClassifier, type ClassOptions, type StartTimings } from './timed-classifier.js';

export interface FilesOptions extends ModelOptions, PictureFlags, ClassOptions {
  json?: boolean;
  csv?: boolean;
}

/** Prints the classes of each image, in the order of the arguments. A bad image is reported and passed over. */
export function classifyFiles(images: readonly string[], options: FilesOptions): Promise<void> {
  return untilStopped(async (signal) => {
    const found = await findAllImageFiles(images);
    signal.throwIfAborted();
    if (found.some(({ files }) => files.length > 0)) await classifyAll(found, options, signal);
  });
}

async function classifyAll(found: readonly Found[], options: FilesOptions, signal: AbortSignal): Promise<void> {
  const files = found.flatMap((argument) => argument.files);
  const classifier = await TimedClassifier.load(options, signal);
  const printed = format(found, files, options, classifier.start);
  const progress = new ProgressLine();
  const start = performance.now();
  let done = 0;
  printed.head?.();
  try {
    for await (const outcome of inOrder(files, imagesAhead, (file) =>
      classifier.classify((stop) => imageIn(file, stop), signal),
    )) {
      signal.throwIfAborted();
      done++;
      if ('result' in outcome) printed.image(outcome.item, outcome.result);
      else reportBad(outcome.item, outcome.error, progress);
      // Where results are read as they come, they tell how far it is.
      if (!process.stdout.isTTY) progress.draw(() => `${bar(done / files.length)}  ${rate(done, start)}`);
    }
  } finally {
    progress.clear();
    await classifier.dispose();
  }
  if (files.length > 1 && process.stderr.isTTY) process.stderr.write(`${rate(done, start)}\n`);
}

function reportBad(file: string, error: unknown, progress: ProgressLine): void {
  if (!isFaultOfImage(error)) throw error;
  progress.clear();
  reportFault(faultIn(file, error));
}

/** `96 images, 41.3 a second` */
function rate(images: number, start: number): string {
  return `${images} images, ${((1000 * images) / (performance.now() - start)).toFixed(1)} a second`;
}

function format(
  found: readonly Found[],
  files: readonly string[],
  { json, csv }: FilesOptions,
  start: StartTimings,
): ClassificationFormat {
  if (json) return jsonFormat(start);
  if (csv) return csvFormat;
  return found.length === 1 && found[0]!.kind === 'file' ? tableFormat(start) : linesFormat(files);
}
