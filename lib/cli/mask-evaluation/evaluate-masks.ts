import { GhostNetError } from '../../errors.js';
import type { Segmentation } from '../../tasks/segmentation.js';
import { eachPicture } from '../evaluation/each-picture.js';
import { picturesIn } from '../evaluation/pictures-in.js';
import { loadModel, type ModelOptions } from '../load.js';
import { saidPicture, type PictureFlags } from '../options.js';
import { percent, print, printJson, reportFault, round } from '../output/print.js';
import { imageIn } from '../pictures/image-files.js';
import { jsonName } from '../pictures/raw-paths.js';
import { Confusion, type ClassMetrics, type MaskMetrics } from './confusion.js';
import type { LabelImage } from './label-image.js';
import { masksOf, readMask } from './masks-folder.js';

export interface MaskOptions extends ModelOptions, PictureFlags {
  /** The folder of the masks. */
  masks?: string;
  /** Labels of pixels of which nothing is known. */
  void: readonly number[];
  json?: boolean;
}

interface Picture {
  readonly file: string;
  readonly mask: string;
}

interface Answer {
  readonly truth: LabelImage;
  readonly found: Segmentation;
}

/** How well a segmenter tells the classes of the pixels of pictures in a folder. */
export async function evaluateMasks(folder: string, options: MaskOptions, signal: AbortSignal): Promise<void> {
  const files = await picturesIn(folder);
  const { pairs, left } = await masksOf(files, options.masks!);
  if (left.length > 0)
    reportFault(`${left.length} of ${files.length} pictures have no mask in ${options.masks!}: ${left[0]!}, …`);
  signal.throwIfAborted();
  const model = await loadModel(options, signal);
  try {
    const { labels } = model.config;
    const names = labels.length === 1 ? ['background', ...labels] : labels;
    const confusion = new Confusion(names.length, new Set(options.void));
    const asked = { signal, ...saidPicture(options) };
    let images = 0;
    const { faults, imagesPerSecond } = await eachPicture<Picture, Answer>(
      pairs.map(({ picture, mask }) => ({ file: picture, mask })),
      signal,
      async ({ file, mask }) => {
        const truth = await readMask(mask);
        const size = [truth.width, truth.height] as const;
        return { truth, found: await model.segment(await imageIn(file, signal), { ...asked, size }) };
      },
      ({ mask }, { truth, found }) => {
        confusion.add(truth.labels, found.labels, mask);
        images++;
        return '';
      },
    );
    if (images === 0)
      throw new GhostNetError('ERR_GHOST_IMAGE', `None of the ${faults} pictures of ${folder} is sound.`);
    const counted = { images, missing: left.length, faults, imagesPerSecond: round(imagesPerSecond, 1) };
    const metrics = confusion.metrics();
    if (options.json) printJson({ pictures: jsonName(folder).image, ...counted, ...asJson(metrics, names) });
    else printMetrics(metrics, names, counted);
  } finally {
    await model.dispose();
  }
}

function asJson({ pixels, accuracy, meanIou, meanAccuracy, classes }: MaskMetrics, names: readonly string[]): object {
  const inFigures = (value: number | undefined): number | null => (value === undefined ? null : round(value, 6));
  return {
    pixels,
    accuracy: inFigures(accuracy),
    meanIou: inFigures(meanIou),
    meanAccuracy: inFigures(meanAccuracy),
    classes: classes.map((one) => ({
      index: one.index,
      label: names[one.index]!,
      pixels: one.pixels,
      iou: inFigures(one.iou),
      accuracy: inFigures(one.accuracy),
    })),
  };
}

function printMetrics(
  { pixels, accuracy, meanIou, meanAccuracy, classes }: MaskMetrics,
  names: readonly string[],
  { images, imagesPerSecond }: { readonly images: number; readonly imagesPerSecond: number },
): void {
  const inPercent = (value: number | undefined): string => (value === undefined ? '-' : percent(value));
  print(`images         ${images}, ${imagesPerSecond} a second; ${pixels} pixels of known classes`);
  print(`mean IoU       ${inPercent(meanIou)}`);
  print(`accuracy       ${inPercent(accuracy)} of the pixels, ${inPercent(meanAccuracy)} in the mean of the classes`);
  const width = Math.max(...names.map((name) => name.length));
  const line = ({ index, iou, accuracy: right }: ClassMetrics): string =>
    `${names[index]!.padEnd(width)}  IoU ${inPercent(iou).padStart(7)}  right ${inPercent(right).padStart(7)}`;
  for (const one of classes) print(`  ${line(one)}`);
}
