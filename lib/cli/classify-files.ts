import type { Classification } from '../results.js';
import { findAllImageFiles, imagesAhead, isFaultOfImage, type Found } from './image-files.js';
import { inOrder } from './in-order.js';
import { loadModel, type ModelOptions } from './load.js';
import { inWords, percent, print, reportFault, round, rounded } from './print.js';
import { bar, ProgressLine } from './progress.js';
import { untilStopped } from './stop.js';

export interface FilesOptions extends ModelOptions {
  top: number;
  json?: boolean;
  csv?: boolean;
}

/** Prints the classes of each image, in the order of the arguments. A bad image is reported and passed over. */
export function classifyFiles(images: readonly string[], options: FilesOptions): Promise<void> {
  return untilStopped(async (signal) => {
    const found = await findAllImageFiles(images);
    const files = found.flatMap((argument) => argument.files);
    signal.throwIfAborted();
    if (files.length > 0) await classifyAll(files, format(found, files, options), options, signal);
  });
}

async function classifyAll(files: readonly string[], printed: Format, options: FilesOptions, signal: AbortSignal): Promise<void> {
  const model = await loadModel(options, signal);
  const progress = new ProgressLine();
  const start = performance.now();
  let done = 0;
  printed.head?.();
  try {
    const classify = async (file: string): Promise<[Classification[], number]> => {
      const begun = performance.now();
      return [await model.classify(file, { topK: options.top, signal }), performance.now() - begun];
    };
    for await (const outcome of inOrder(files, imagesAhead, classify)) {
      signal.throwIfAborted();
      done++;
      if ('result' in outcome) printed.image(outcome.item, ...outcome.result);
      else reportBad(outcome.error, progress);
      // Where results are read as they come, they tell how far it is.
      if (!process.stdout.isTTY) progress.draw(() => `${bar(done / files.length)}  ${rate(done, start)}`);
    }
  } finally {
    progress.clear();
    await model.dispose();
  }
  if (files.length > 1 && process.stderr.isTTY) process.stderr.write(`${rate(done, start)}\n`);
}

function reportBad(error: unknown, progress: ProgressLine): void {
  if (!isFaultOfImage(error)) throw error;
  progress.clear();
  reportFault(error.message);
}

/** `96 images, 41.3 a second` */
function rate(images: number, start: number): string {
  return `${images} images, ${((1000 * images) / (performance.now() - start)).toFixed(1)} a second`;
}

interface Format {
  readonly head?: () => void;
  /** `latencyMs`: from opening the file to the classes, other images' turns included. */
  readonly image: (file: string, top: readonly Classification[], latencyMs: number) => void;
}

function format(found: readonly Found[], files: readonly string[], { json, csv }: FilesOptions): Format {
  if (json) return { image: printJson };
  if (csv) return { head: () => print('image,rank,index,label,probability'), image: printCsv };
  if (found.length === 1 && found[0]!.kind === 'file') return { image: printTable };
  const width = files.reduce((widest, { length }) => Math.max(widest, length), 0);
  return { image: (file, top, latencyMs) => print(`${file.padEnd(width)}  ${latencyMs.toFixed(1).padStart(6)} ms  ${top.map(inWords).join('; ')}`) };
}

function printJson(image: string, top: readonly Classification[], latencyMs: number): void {
  print(JSON.stringify({ image, latencyMs: round(latencyMs, 2), top: top.map(rounded) }));
}

function printCsv(image: string, top: readonly Classification[]): void {
  for (const [i, { index, label, probability }] of top.map(rounded).entries()) print([image, i + 1, index, label, probability].map(csvField).join(','));
}

/** As RFC 4180 has it. */
function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function printTable(image: string, top: readonly Classification[], latencyMs: number): void {
  print(`${image}  (${latencyMs.toFixed(1)} ms)`);
  const width = Math.max(...top.map(({ label }) => label.length));
  for (const { label, probability } of top) print(`  ${label.padEnd(width)}  ${percent(probability).padStart(6)}`);
}
