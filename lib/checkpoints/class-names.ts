import { isRecord } from './untyped-values.js';

/** Names that transformers makes up where nobody has given any. */
const madeUp = /^LABEL_\d+$/;

/** More than any network has. */
const maxClasses = 1_000_000;

/** What {@link classNames} takes, as messages say it. */
export const expectedClassNames =
  'an array of strings, or an object of names by their index or of indices by their name';

/**
 * The names of classes in the order of the logits, as people write them down: a list, names by their index (transformers'
 * `id2label`), or indices by their name (torchvision's `class_to_idx`), of which every index up to the last has one.
 * Undefined for anything else.
 */
export function classNames(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return value.length > 0 && value.every(isString) ? [...value] : undefined;
  const entries = entriesOf(value);
  if (!entries || entries.length === 0 || entries.length > maxClasses) return undefined;
  const names = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [key, given] of entries) {
    const [index, name] = isString(given) ? [indexOf(key), given] : [given, key];
    if (!isString(name) || !Number.isInteger(index) || !((index as number) in names)) return undefined;
    names[index as number] ??= name;
  }
  return names.every(isString) ? names : undefined;
}

/** Whether somebody has named them. */
export function areGiven(names: readonly string[]): boolean {
  return !names.every((name) => madeUp.test(name));
}

/** An index and a mark, before each line of the files that tools for phones write, or after it. */
const numbered = [/^(\d+)[\s:,;]+(?=\S)/, /(?<=\S)[\s:,;]+(\d+)$/] as const;

/** WordNet's identifier before the words, as ImageNet's lists have it. */
const synset = /^n\d{8}[\s:,;]+(?=\S)/;

/** An item of a dict that Python has printed. */
const printedItem = /(\d+)\s*:\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/g;

/**
 * Of a text file: a line for each class, JSON that {@link classNames} takes, or a dict of names by their index that Python has
 * printed; undefined if there are none.
 */
export function classNamesIn(text: string): string[] | undefined {
  if (/^\s*[[{]/.test(text)) {
    try {
      return classNames(JSON.parse(text));
    } catch {
      return printedNames(text);
    }
  }
  const lines = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim());
  if (lines.length > maxClasses || lines.some((line) => line === '')) return undefined;
  const bare = withoutNumbers(lines);
  return bare.every((line) => synset.test(line)) ? bare.map((line) => line.replace(synset, '')) : bare;
}

/** Numbers that count the lines, from 0 or from 1, are no part of the names, unless nothing else tells these apart. */
function withoutNumbers(lines: readonly string[]): string[] {
  for (const pattern of numbered)
    for (const first of [0, 1]) {
      const isCounted = lines.every((line, index) => pattern.exec(line)?.[1] === String(first + index));
      const bare = lines.map((line) => line.replace(pattern, ''));
      if (isCounted && new Set(bare).size === lines.length) return bare;
    }
  return [...lines];
}

function printedNames(text: string): string[] | undefined {
  const items = text.matchAll(printedItem);
  const names = [...items].map(([, index, single, double]) => [index!, (single ?? double)!.replace(/\\(.)/g, '$1')]);
  return classNames(Object.fromEntries(names));
}

/** Under which keys training scripts keep them, the surest first. */
const classKeys = [
  'class_to_idx',
  'idx_to_class',
  'id2label',
  'label2id',
  'label_names',
  'class_names',
  'classes',
  'CLASSES',
  'labels',
  'names',
] as const;

/** Maps within a checkpoint that hold its settings. */
const maxDepth = 2;

/** All lists of names in a checkpoint's pickle that lie under such keys, at its top and in the maps next to it. */
export function classNamesWithin(checkpoint: unknown): string[][] {
  // A pickle may hold one object in a million places.
  const seen = new Set<unknown>();
  const isNew = (value: unknown): boolean => seen.size < seen.add(value).size;
  const within = (value: unknown, depth: number): string[][] => {
    if (!(value instanceof Map) || !isNew(value)) return [];
    const map = value as ReadonlyMap<unknown, unknown>;
    const here = classKeys.flatMap((key) => {
      const found = map.get(key);
      const names = isNew(found) ? classNames(found) : undefined;
      return names && areGiven(names) ? [names] : [];
    });
    return depth === maxDepth ? here : [...here, ...[...map.values()].flatMap((inner) => within(inner, depth + 1))];
  };
  return within(checkpoint, 0);
}

/** Of an object of JSON, or of a dict that a pickle holds. */
function entriesOf(value: unknown): (readonly [key: unknown, value: unknown])[] | undefined {
  if (value instanceof Map) return [...(value as ReadonlyMap<unknown, unknown>)];
  return isRecord(value) ? Object.entries(value) : undefined;
}

function indexOf(key: unknown): unknown {
  return isString(key) && /^\d{1,7}$/.test(key) ? Number(key) : key;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
