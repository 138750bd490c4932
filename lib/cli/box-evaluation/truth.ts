import { GhostNetError } from '../../errors.js';
import type { Detection } from '../../tasks/detection.js';

/** What is in a box, as who labelled the picture says. */
export interface TrueBox {
  readonly category: number;
  /** Pixels, of the left upper corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Pixels: of the object, where that is known, or of its box. */
  readonly area: number;
  /** Many things in one box: all that lies in it is right, and none of it needs be found. */
  readonly isCrowd: boolean;
  /** It needs not be found: a crowd, or what is difficult to see. */
  readonly isIgnored: boolean;
}

export interface TrueImage {
  readonly id: number | string;
  /** Its name, with folders if it lies in some. */
  readonly file: string;
  readonly boxes: readonly TrueBox[];
}

export interface Category {
  readonly id: number;
  readonly name: string;
}

/** What is on pictures. */
export interface BoxTruth {
  /** By their ids. */
  readonly images: readonly TrueImage[];
  /** By their ids. */
  readonly categories: readonly Category[];
}

/** What a model has found on pictures, by their ids. */
export type FoundBoxes = ReadonlyMap<TrueImage['id'], readonly Detection[]>;

export interface CategoriesOfLabels {
  /** Of a model's class the category. Classes that the pictures know nothing of are not among them. */
  readonly categories: ReadonlyMap<number, number>;
  /** Names of categories that the model does not know, so that it finds nothing of them. */
  readonly unknown: readonly string[];
}

/**
 * Which of the categories a model's classes are: those of their names, in any case.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT where none has a name that the model knows
 */
export function categoriesOfLabels(categories: readonly Category[], labels: readonly string[]): CategoriesOfLabels {
  const plain = (name: string): string => name.trim().toLowerCase();
  const byName = new Map(categories.map(({ id, name }) => [plain(name), id]));
  const found = labels.flatMap((label, index) => {
    const id = byName.get(plain(label));
    return id === undefined ? [] : [[index, id] as const];
  });
  const known = new Set(found.map(([, id]) => id));
  if (known.size > 0)
    return {
      categories: new Map(found),
      unknown: categories.filter(({ id }) => !known.has(id)).map(({ name }) => name),
    };
  const some = (names: readonly string[]): string =>
    names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `The categories should be called by the model's labels (${some(labels)}), found ${some(categories.map(({ name }) => name))}. Say the model's with --labels.`,
  );
}

/** What counts of one category on one picture. */
export interface CategoryOnImage {
  readonly boxes: readonly TrueBox[];
  /** Best first; of equal scores in the order in which they were found. */
  readonly found: readonly Detection[];
}

/** By category, those pictures that have something of it or on which something of it was found, in the pictures' order. */
export function byCategory(
  { images, categories }: BoxTruth,
  found: FoundBoxes,
  labels: CategoriesOfLabels,
): Map<number, CategoryOnImage[]> {
  const all = new Map(categories.map(({ id }): [number, CategoryOnImage[]] => [id, []]));
  for (const { id, boxes } of images) {
    const boxesOf = grouped(boxes, ({ category }) => category);
    const foundOf = grouped(found.get(id) ?? [], ({ index }) => labels.categories.get(index));
    for (const [category, onImages] of all) {
      const [own, ownFound] = [boxesOf.get(category) ?? [], foundOf.get(category) ?? []];
      if (own.length > 0 || ownFound.length > 0)
        onImages.push({ boxes: own, found: ownFound.sort((a, b) => b.score - a.score) });
    }
  }
  return all;
}

function grouped<T>(values: readonly T[], keyOf: (value: T) => number | undefined): Map<number | undefined, T[]> {
  const groups = new Map<number | undefined, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
