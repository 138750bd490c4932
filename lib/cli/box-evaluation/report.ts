import { percent, print, printJson, round } from '../output/print.js';
import { jsonName } from '../pictures/raw-paths.js';
import type { CocoMetrics } from './coco-metrics.js';
import type { VocMetrics } from './voc-metrics.js';

/** What came out of an evaluation of boxes. */
export interface BoxReport {
  readonly folder: string;
  readonly annotations: string;
  /** Pictures that were counted. */
  readonly images: number;
  /** Of the annotations, and not in the folder. */
  readonly missing: number;
  readonly faults: number;
  readonly imagesPerSecond: number;
  /** Categories that the model does not know. */
  readonly unknown: readonly string[];
  readonly metric: string;
  readonly metrics: CocoMetrics | VocMetrics;
}

export function printBoxes(report: BoxReport, { json, worst }: { json?: boolean; worst: number }): void {
  const { metrics, unknown, images, imagesPerSecond } = report;
  if (json) {
    printJson(asJson(report));
    return;
  }
  print(`images   ${images}, ${round(imagesPerSecond, 1)} a second`);
  if ('map' in metrics) print(`mAP      ${share(metrics.map)} at IoU 0.5 (${report.metric})`);
  else printCoco(metrics);
  if (unknown.length > 0)
    print(`unknown  ${unknown.join(', ')}: the model has no such class, which counts as not found`);
  const known = metrics.categories.filter(({ ap }) => ap !== undefined).sort((a, b) => a.ap! - b.ap!);
  for (const [i, { name, boxes, ap }] of known.slice(0, worst).entries())
    print(`${(i === 0 ? 'worst' : '').padEnd(9)}${name}: AP ${share(ap)} of ${boxes}`);
}

function printCoco(metrics: CocoMetrics): void {
  const { ap, ap50, ap75, apSmall, apMedium, apLarge, ar1, ar10, ar100 } = metrics;
  print(`mAP      ${share(ap)} at IoU 0.5 to 0.95; ${share(ap50)} at 0.5, ${share(ap75)} at 0.75`);
  print(`sizes    ${share(apSmall)} small (below 32²), ${share(apMedium)} medium, ${share(apLarge)} large (above 96²)`);
  print(`recall   ${share(ar100)} with 100 of a class on a picture; ${share(ar10)} with 10, ${share(ar1)} with 1`);
}

function share(value: number | undefined): string {
  return value === undefined ? 'none' : percent(value);
}

function asJson({
  folder,
  annotations,
  images,
  missing,
  faults,
  imagesPerSecond,
  unknown,
  metric,
  metrics,
}: BoxReport) {
  const { categories, ...scores } = metrics;
  const numbers = (values: object): object =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]: [string, unknown]) => [
        key,
        typeof value === 'number' && key !== 'boxes' ? round(value, 6) : (value ?? null),
      ]),
    );
  return {
    pictures: jsonName(folder).image,
    annotations: jsonName(annotations).image,
    images,
    missing,
    faults,
    imagesPerSecond: round(imagesPerSecond, 1),
    unknown,
    metric,
    scores: numbers(scores),
    categories: categories.map(numbers),
  };
}
