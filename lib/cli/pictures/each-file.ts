import { visible } from '../output/escape.js';
import { reportFault } from '../output/print.js';
import { bar, ProgressLine } from '../output/progress.js';
import { faultIn, findAllImageFiles, imageIn, imagesAhead, isFaultOfImage, type Found } from './image-files.js';
import { inOrder } from './in-order.js';
import { jsonName } from './raw-paths.js';
import type { Begin } from './work.js';

/** Works on the images that the arguments name, in their order. A bad one is reported and passed over. */
export async function eachFile<Answer>(
  images: readonly string[],
  begin: Begin<Answer>,
  signal: AbortSignal,
): Promise<void> {
  const found = await findAllImageFiles(images);
  signal.throwIfAborted();
  if (found.some(({ files }) => files.length > 0)) await workOn(found, begin, signal);
}

async function workOn<Answer>(found: readonly Found[], begin: Begin<Answer>, signal: AbortSignal): Promise<void> {
  const files = found.flatMap((argument) => argument.files);
  const nameWidth = files.reduce((widest, file) => Math.max(widest, visible(file).length), 0);
  const work = await begin({ found, nameWidth }, signal);
  const progress = new ProgressLine();
  const start = performance.now();
  let done = 0;
  try {
    for await (const outcome of inOrder(files, imagesAhead, (file) => work.ask(() => imageIn(file, signal), signal))) {
      signal.throwIfAborted();
      const { item: file } = outcome;
      const number = ++done;
      if ('result' in outcome) await work.take({ name: file, json: jsonName(file), number }, outcome.result);
      else reportBad(file, outcome.error, progress);
      // Where results are read as they come, they tell how far it is.
      if (!process.stdout.isTTY) progress.draw(() => `${bar(done / files.length)}  ${rate(done, start)}`);
    }
  } finally {
    progress.clear();
    await work.end();
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
