import { ignored, matchImage, mostFound, right, thresholds, type AreaRange, type Matches } from './coco-matching.js';
import { byCategory, type BoxTruth, type CategoriesOfLabels, type FoundBoxes } from './truth.js';

/** Shares, 0 to 1; undefined where there is nothing to be found (pycocotools prints -1). */
export interface CocoMetrics {
  /** Mean average precision over IoU thresholds from 0.5 to 0.95, and at one of them. */
  readonly ap: number | undefined;
  readonly ap50: number | undefined;
  readonly ap75: number | undefined;
  /** Of objects of less than 32², up to 96², and more pixels. */
  readonly apSmall: number | undefined;
  readonly apMedium: number | undefined;
  readonly apLarge: number | undefined;
  /** Mean recall over these thresholds, with so many detections of a category on a picture at most. */
  readonly ar1: number | undefined;
  readonly ar10: number | undefined;
  readonly ar100: number | undefined;
  readonly arSmall: number | undefined;
  readonly arMedium: number | undefined;
  readonly arLarge: number | undefined;
  /** By the categories' ids. */
  readonly categories: readonly CategoryMetrics[];
}

export interface CategoryMetrics {
  readonly name: string;
  /** How many are to be found. */
  readonly boxes: number;
  readonly ap: number | undefined;
  readonly ap50: number | undefined;
  readonly ar100: number | undefined;
}

const ranges: readonly AreaRange[] = [
  { from: 0, to: 1e10 },
  { from: 0, to: 32 ** 2 },
  { from: 32 ** 2, to: 96 ** 2 },
  { from: 96 ** 2, to: 1e10 },
];

/** Precision is read at these shares of the objects found, as NumPy's linspace computes them. */
const recallPoints = Array.from({ length: 101 }, (_, i) => (i === 100 ? 1 : i * 0.01));

/** Of one category, range of areas and number of detections; each [thresholds]. */
interface Curve {
  /** The mean precision at all recall points. */
  readonly precision: readonly number[];
  readonly recall: readonly number[];
}

/** Where nothing is to be found there is no curve. */
type MaybeCurve = Curve | undefined;

/** The metrics of the COCO challenge, equal to those of pycocotools (COCOeval with `bbox`). */
export function evaluateCoco(truth: BoxTruth, found: FoundBoxes, labels: CategoriesOfLabels): CocoMetrics {
  const onImages = byCategory(truth, found, labels);
  const categories = truth.categories.map(({ id, name }) => {
    const images = onImages.get(id)!.map((image) => matchImage(image, ranges));
    const curves = ranges.map((_, range) =>
      curveOf(
        images.map((matches) => matches[range]!),
        mostFound,
      ),
    );
    const all = images.map((matches) => matches[0]!);
    const fewer = [1, 10].map((most) => curveOf(all, most));
    return { name, boxes: all.reduce((sum, { wanted }) => sum + wanted, 0), curves, fewer };
  });
  const ofRange = (range: number): MaybeCurve[] => categories.map(({ curves }) => curves[range]);
  const ofFewer = (at: number): MaybeCurve[] => categories.map(({ fewer }) => fewer[at]);
  return {
    ap: meanPrecision(ofRange(0)),
    ap50: meanPrecision(ofRange(0), 0),
    ap75: meanPrecision(ofRange(0), 5),
    apSmall: meanPrecision(ofRange(1)),
    apMedium: meanPrecision(ofRange(2)),
    apLarge: meanPrecision(ofRange(3)),
    ar1: meanRecall(ofFewer(0)),
    ar10: meanRecall(ofFewer(1)),
    ar100: meanRecall(ofRange(0)),
    arSmall: meanRecall(ofRange(1)),
    arMedium: meanRecall(ofRange(2)),
    arLarge: meanRecall(ofRange(3)),
    categories: categories.map(({ name, boxes, curves }) => ({
      name,
      boxes,
      ap: meanPrecision([curves[0]]),
      ap50: meanPrecision([curves[0]], 0),
      ar100: meanRecall([curves[0]]),
    })),
  };
}

/** @param at of one threshold alone */
function meanPrecision(curves: readonly MaybeCurve[], at?: number): number | undefined {
  return mean(
    curves.flatMap((curve) => (at === undefined ? (curve?.precision ?? []) : curve ? [curve.precision[at]!] : [])),
  );
}

function meanRecall(curves: readonly MaybeCurve[]): number | undefined {
  return mean(curves.flatMap((curve) => curve?.recall ?? []));
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** As pycocotools adds up (COCOeval.accumulate): the detections of all pictures, best first. */
function curveOf(images: readonly Matches[], most: number): MaybeCurve {
  const wanted = images.reduce((sum, image) => sum + image.wanted, 0);
  if (wanted === 0) return undefined;
  const places = images.flatMap(({ scores }, image) =>
    scores.slice(0, most).map((score, at) => ({ image, at, score })),
  );
  places.sort((a, b) => b.score - a.score);
  const curves = thresholds.map((_, threshold) => {
    const recalls = new Float64Array(places.length);
    const precisions = new Float64Array(places.length);
    let found = 0;
    let mistaken = 0;
    for (let i = 0; i < places.length; i++) {
      const { outcomes, scores } = images[places[i]!.image]!;
      const outcome = outcomes[threshold * scores.length + places[i]!.at];
      if (outcome === right) found++;
      else if (outcome !== ignored) mistaken++;
      recalls[i] = found / wanted;
      precisions[i] = found / (found + mistaken + Number.EPSILON);
    }
    return { recall: recalls.at(-1) ?? 0, precision: meanAtPoints(recalls, precisions) };
  });
  return { precision: curves.map(({ precision }) => precision), recall: curves.map(({ recall }) => recall) };
}

/** At each recall point the best precision of it and all beyond; 0 where so many were never found. */
function meanAtPoints(recalls: Float64Array, precisions: Float64Array): number {
  for (let i = precisions.length - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i]!, precisions[i + 1]!);
  let [sum, at] = [0, 0];
  for (const point of recallPoints) {
    while (at < recalls.length && recalls[at]! < point) at++;
    sum += precisions[at] ?? 0;
  }
  return sum / recallPoints.length;
}
