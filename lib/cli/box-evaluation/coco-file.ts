import { readFile } from 'node:fs/promises';
import { GhostNetError } from '../../errors.js';
import { fileError } from '../../formats/faults.js';
import { quoted } from '../../messages/quoted.js';
import { reasonOf, shown } from '../../messages/shown.js';
import { encodePath } from '../pictures/raw-paths.js';
import type { BoxTruth, Category, TrueBox, TrueImage } from './truth.js';

/**
 * The pictures, boxes and categories of a COCO file of instances (`instances_val2017.json`). Annotations of pictures or categories
 * that it does not list are left out, as pycocotools leaves them out.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE where it is none
 */
export async function readCocoFile(path: string): Promise<BoxTruth> {
  const text = await readFile(encodePath(path), 'utf8').catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  try {
    return truthOf(parsed(text));
  } catch (cause) {
    throw new GhostNetError('ERR_GHOST_FILE', `${path} is no COCO file of instances: ${reasonOf(cause)}.`, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // What V8 quotes of the text may have several lines.
    throw new Error((cause as Error).message.replaceAll(/\s+/g, ' '), { cause });
  }
}

/** @throws what is wrong with it */
function truthOf(json: unknown): BoxTruth {
  const lists = fields(json, 'it');
  const categories = list(lists, 'categories').map((one): Category => {
    const { id, name } = fields(one.value, one.name);
    if (typeof id !== 'number') throw expected(`${one.name}.id should be a number`, id);
    if (typeof name !== 'string') throw expected(`${one.name}.name should be a text`, name);
    return { id, name };
  });
  const boxes = new Map<unknown, TrueBox[]>();
  const images = list(lists, 'images').map((one): TrueImage => {
    const { id, file_name: file } = fields(one.value, one.name);
    if (typeof id !== 'number' && typeof id !== 'string') throw expected(`${one.name}.id should be a number`, id);
    if (typeof file !== 'string') throw expected(`${one.name}.file_name should be a text`, file);
    if (boxes.has(id)) throw new Error(`${one.name}.id ${quoted(String(id))} is that of another image too`);
    const own: TrueBox[] = [];
    boxes.set(id, own);
    return { id, file, boxes: own };
  });
  const known = new Set(categories.map(({ id }) => id));
  for (const { value, name } of list(lists, 'annotations')) {
    const annotation = fields(value, name);
    const box = trueBox(annotation, name);
    if (known.has(box.category)) boxes.get(annotation['image_id'])?.push(box);
  }
  images.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { images, categories: categories.sort((a, b) => a.id - b.id) };
}

function trueBox({ bbox, category_id: category, area, iscrowd }: Record<string, unknown>, name: string): TrueBox {
  const sides: unknown[] = Array.isArray(bbox) ? bbox : [];
  const [x, y, width, height] = sides;
  if (sides.length !== 4 || !isSize(x, -Infinity) || !isSize(y, -Infinity) || !isSize(width, 0) || !isSize(height, 0))
    throw expected(`${name}.bbox should be [x, y, width, height]`, bbox);
  if (typeof category !== 'number') throw expected(`${name}.category_id should be a number`, category);
  if (area !== undefined && !isSize(area, 0)) throw expected(`${name}.area should be a number of pixels`, area);
  const isCrowd = iscrowd === 1 || iscrowd === true;
  return { category, x, y, width, height, area: area ?? width * height, isCrowd, isIgnored: isCrowd };
}

function isSize(value: unknown, from: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= from;
}

function fields(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw expected(`${name} should be an object`, value);
}

function list(lists: Record<string, unknown>, key: string): { value: unknown; name: string }[] {
  const values = lists[key];
  if (Array.isArray(values)) return values.map((value: unknown, i) => ({ value, name: `${key}[${i}]` }));
  throw expected(`it should have a list ${quoted(key)}`, values);
}

function expected(what: string, found: unknown): Error {
  return new Error(`${what}, found ${shown(found)}`);
}
