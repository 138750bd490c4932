import type { Box } from '../../tasks/detection.js';
import {
  byCategory,
  type BoxTruth,
  type CategoriesOfLabels,
  type CategoryOnImage,
  type FoundBoxes,
  type TrueBox,
} from './truth.js';

/**
 * How precision becomes one number: `voc2007` is its mean at 11 shares of the objects found, `voc2012` (from 2010 on) the area
 * below its curve.
 */
export type VocConvention = 'voc2007' | 'voc2012';

/** Shares, 0 to 1; undefined where there is nothing to be found. */
export interface VocMetrics {
  readonly map: number | undefined;
  readonly categories: readonly { readonly name: string; readonly boxes: number; readonly ap: number | undefined }[];
}

/** IoU must be above it. */
const leastOverlap = 0.5;

/**
 * The metrics of the PASCAL VOC challenges at IoU 0.5, as their development kit and detectron2 compute them: an object is given to
 * the detection of the highest score whose most overlapped object it is; what is difficult counts for nobody.
 */
export function evaluateVoc(
  truth: BoxTruth,
  found: FoundBoxes,
  labels: CategoriesOfLabels,
  convention: VocConvention,
): VocMetrics {
  const onImages = byCategory(truth, found, labels);
  const categories = truth.categories.map(({ id, name }) => {
    const images = onImages.get(id)!;
    const boxes = images.flatMap((image) => image.boxes).filter(({ isIgnored }) => !isIgnored).length;
    const ap = boxes === 0 ? undefined : averagePrecision(outcomes(images), boxes, convention);
    return { name, boxes, ap };
  });
  const known = categories.flatMap(({ ap }) => ap ?? []);
  return { map: known.length === 0 ? undefined : known.reduce((sum, ap) => sum + ap, 0) / known.length, categories };
}

/** Whether each detection that counts is right, best first. */
function outcomes(images: readonly CategoryOnImage[]): boolean[] {
  const all = images.flatMap(({ boxes, found }) => found.map(({ score, box }) => ({ score, box, boxes })));
  all.sort((a, b) => b.score - a.score);
  const taken = new Set<TrueBox>();
  return all.flatMap(({ box, boxes }) => {
    const overlaps = boxes.map((one) => overlapOf(box, one));
    const most = Math.max(...overlaps, 0);
    const object = most > leastOverlap ? boxes[overlaps.indexOf(most)]! : undefined;
    if (object?.isIgnored) return [];
    if (!object || taken.has(object)) return [false];
    taken.add(object);
    return [true];
  });
}

function averagePrecision(isRight: readonly boolean[], wanted: number, convention: VocConvention): number {
  const [recalls, precisions]: [number[], number[]] = [[], []];
  let right = 0;
  for (const [i, is] of isRight.entries()) {
    if (is) right++;
    recalls.push(right / wanted);
    precisions.push(right / (i + 1));
  }
  for (let i = precisions.length - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i]!, precisions[i + 1]!);
  if (convention === 'voc2012')
    return recalls.reduce((area, recall, i) => area + (recall - (recalls[i - 1] ?? 0)) * precisions[i]!, 0);
  const points = Array.from({ length: 11 }, (_, i) => i * 0.1);
  return points.reduce((sum, point) => sum + (precisions[recalls.findIndex((recall) => recall >= point)] ?? 0), 0) / 11;
}

function overlapOf(box: Box, { x, y, width, height }: TrueBox): number {
  const across = Math.min(box.xmax, x + width) - Math.max(box.xmin, x);
  const down = Math.min(box.ymax, y + height) - Math.max(box.ymin, y);
  if (across <= 0 || down <= 0) return 0;
  const both = across * down;
  return both / ((box.xmax - box.xmin) * (box.ymax - box.ymin) + width * height - both);
}
