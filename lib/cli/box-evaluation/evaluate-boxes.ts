import { basename, extname, join } from 'node:path';
import { GhostNetError } from '../../errors.js';
import type { Detection } from '../../tasks/detection.js';
import { eachPicture } from '../evaluation/each-picture.js';
import { picturesIn } from '../evaluation/pictures-in.js';
import { loadModel, type ModelOptions } from '../load.js';
import { saidPicture, type PictureFlags } from '../options.js';
import { reportFault } from '../output/print.js';
import { imageIn } from '../pictures/image-files.js';
import { readCocoFile } from './coco-file.js';
import { evaluateCoco } from './coco-metrics.js';
import { printBoxes, type BoxReport } from './report.js';
import { categoriesOfLabels, type BoxTruth, type TrueImage } from './truth.js';
import { readVocFolder } from './voc-folder.js';
import { evaluateVoc, type VocConvention } from './voc-metrics.js';

export type BoxMetric = 'coco' | VocConvention;

export interface BoxOptions extends ModelOptions, PictureFlags {
  /** A file, or a folder: where boxes stand. */
  coco?: string;
  voc?: string;
  metric: BoxMetric;
  threshold: number;
  iou?: number;
  worst: number;
  json?: boolean;
}

interface Picture {
  readonly file: string;
  readonly image: TrueImage;
}

/** How well a detector finds the boxes of pictures in a folder. */
export async function evaluateBoxes(folder: string, options: BoxOptions, signal: AbortSignal): Promise<void> {
  const annotations = options.coco ?? options.voc!;
  const truth = options.coco === undefined ? await readVocFolder(annotations) : await readCocoFile(annotations);
  const pictures = await picturesOf(folder, truth);
  signal.throwIfAborted();
  const model = await loadModel(options, signal);
  try {
    const labels = categoriesOfLabels(truth.categories, model.config.labels);
    const found = new Map<TrueImage['id'], readonly Detection[]>();
    const asked = {
      threshold: options.threshold,
      ...(options.iou !== undefined && { iou: options.iou }),
      multiLabel: true,
      signal,
      ...saidPicture(options),
    };
    const { faults, imagesPerSecond } = await eachPicture<Picture, Detection[]>(
      pictures,
      signal,
      async ({ file }) => model.detect(await imageIn(file, signal), asked),
      ({ image }, detections) => {
        found.set(image.id, detections);
        return '';
      },
    );
    if (found.size === 0)
      throw new GhostNetError('ERR_GHOST_IMAGE', `None of the ${faults} pictures of ${folder} is sound.`);
    const seen: BoxTruth = { ...truth, images: truth.images.filter(({ id }) => found.has(id)) };
    const report: BoxReport = {
      folder,
      annotations,
      images: found.size,
      missing: truth.images.length - pictures.length,
      faults,
      imagesPerSecond,
      unknown: labels.unknown,
      metric: options.metric,
      metrics:
        options.metric === 'coco'
          ? evaluateCoco(seen, found, labels)
          : evaluateVoc(seen, found, labels, options.metric),
    };
    printBoxes(report, options);
  } finally {
    await model.dispose();
  }
}

/** Those of the annotations that lie in the folder, by their path in it, their name, or their name without its ending. */
async function picturesOf(folder: string, { images }: BoxTruth): Promise<Picture[]> {
  const files = await picturesIn(folder);
  const byName = new Map<string, string>();
  const stem = (file: string): string => basename(file, extname(file));
  for (const nameOf of [stem, (file: string) => basename(file), (file: string) => file])
    for (const file of files) byName.set(nameOf(file), file);
  const pictures = images.flatMap((image): Picture[] => {
    const name = image.file;
    const file = byName.get(join(folder, name)) ?? byName.get(basename(name)) ?? byName.get(stem(name));
    return file === undefined ? [] : [{ file, image }];
  });
  const missing = images.length - pictures.length;
  const example = images.find((image) => !pictures.some((picture) => picture.image === image))?.file;
  if (pictures.length === 0)
    throw new GhostNetError(
      'ERR_GHOST_FILE',
      `${folder} should have the pictures of the annotations${example === undefined ? '' : ` (${example})`}, and has none of ${images.length}.`,
    );
  if (missing > 0)
    reportFault(`${missing} of ${images.length} pictures of the annotations are not in ${folder}: ${example!}, …`);
  return pictures;
}
