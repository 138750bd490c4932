import { csvField, visible } from './escape.js';
import { inFigures, print, printJson, round, rounded } from './print.js';
import { jsonName } from '../pictures/raw-paths.js';
import type { StartTimings, TimedClasses, Timings } from '../pictures/timed-classifier.js';

/** How classes are printed. */
export interface ClassificationFormat {
  readonly head?: () => void;
  readonly image: (file: string, classes: TimedClasses) => void;
}

/** A row for each image and class. */
export const csvFormat: ClassificationFormat = {
  head: () => print('image,rank,index,label,probability'),
  image: (file, { top }) => {
    for (const [i, { index, label, probability }] of top.map(rounded).entries())
      print([file, i + 1, index, label, probability].map(csvField).join(','));
  },
};

/** An object for each image; the first says how long the start took. */
export function jsonFormat(start: StartTimings): ClassificationFormat {
  const named = jsonClassifications(start);
  return { image: (file, classes) => named(jsonName(file), classes) };
}

/** Prints what `name` says and the classes. */
export function jsonClassifications(start: StartTimings): (name: object, classes: TimedClasses) => void {
  let first: Partial<StartTimings> = inHundredths(start);
  return (name, { top, decodeMs, preprocessMs, networkMs, latencyMs }) => {
    printJson({
      ...name,
      ...inHundredths({ decodeMs, preprocessMs, networkMs, latencyMs }),
      ...first,
      top: top.map(rounded),
    });
    first = {};
  };
}

function inHundredths<T extends Timings | StartTimings>(timings: T): T {
  return Object.fromEntries(
    Object.entries(timings).map(([name, ms]: [string, number]) => [name, round(ms, 2)]),
  ) as unknown as T;
}

/** One image: a row for each class. */
export function tableFormat({ loadModelMs, loadDecoderMs }: StartTimings): ClassificationFormat {
  return {
    image: (file, { top, areProbabilities, decodeMs, preprocessMs, networkMs }) => {
      print(
        `${file}  (decode ${decodeMs.toFixed(1)} ms, preprocess ${preprocessMs.toFixed(1)} ms, network ${networkMs.toFixed(1)} ms)`,
      );
      const width = Math.max(...top.map(({ label }) => visible(label).length));
      for (const one of top)
        print(`  ${visible(one.label).padEnd(width)}  ${inFigures(one, areProbabilities).padStart(6)}`);
      print(`before it: model loaded in ${loadModelMs.toFixed(1)} ms, decoder in ${loadDecoderMs.toFixed(1)} ms`);
    },
  };
}

/** A line for each image. */
export function linesFormat(files: readonly string[]): ClassificationFormat {
  const width = files.reduce((widest, file) => Math.max(widest, visible(file).length), 0);
  return { image: (file, classes) => print(`${visible(file).padEnd(width)}  ${timesAndClasses(classes)}`) };
}

/** `decode  11.2  preprocess   0.4  network   2.4 ms  orange 72.0 %; lemon 14.8 %` */
export function timesAndClasses({ top, areProbabilities, decodeMs, preprocessMs, networkMs }: TimedClasses): string {
  const [decode, preprocess, network] = [decodeMs, preprocessMs, networkMs].map((ms) => ms.toFixed(1).padStart(5));
  const classes = top.map((one) => `${one.label} ${inFigures(one, areProbabilities)}`).join('; ');
  return `decode ${decode!}  preprocess ${preprocess!}  network ${network!} ms  ${classes}`;
}
