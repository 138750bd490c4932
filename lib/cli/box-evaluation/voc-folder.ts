import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GhostNetError } from '../../errors.js';
import { quoted } from '../../messages/quoted.js';
import { reasonOf } from '../../messages/shown.js';
import { encodePath } from '../pictures/raw-paths.js';
import type { BoxTruth, TrueBox, TrueImage } from './truth.js';
import { parseXml, type XmlElement } from './xml.js';

interface NamedBox {
  readonly name: string;
  readonly box: Omit<TrueBox, 'category'>;
}

/**
 * The annotations of a folder in PASCAL VOC's layout (`Annotations/*.xml`), or of one that holds the XML files itself. Pictures are
 * called as these files are, without the ending; categories are numbered in their sorted order. Boxes there count pixels from 1 and
 * end with the last one that is in them: here they are its edges, so that their areas are those of the development kit.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE where there are none, or one of them is something else
 */
export async function readVocFolder(folder: string): Promise<BoxTruth> {
  const [place, files] = await annotationFiles(folder);
  const read: { file: string; boxes: NamedBox[] }[] = [];
  for (const file of files) {
    const path = join(place, file);
    try {
      const boxes = boxesOf(parseXml(await readFile(encodePath(path), 'utf8')));
      read.push({ file: file.replace(/\.xml$/i, ''), boxes });
    } catch (cause) {
      const message = `${path} is no annotation of PASCAL VOC: ${reasonOf(cause)}.`;
      throw new GhostNetError('ERR_GHOST_FILE', message, { cause });
    }
  }
  const names = [...new Set(read.flatMap(({ boxes }) => boxes.map(({ name }) => name)))].sort();
  const images = read.map(({ file, boxes }): TrueImage => {
    return { id: file, file, boxes: boxes.map(({ name, box }) => ({ ...box, category: names.indexOf(name) })) };
  });
  return { images, categories: names.map((name, id) => ({ id, name })) };
}

/** Where they are, and their names in sorted order. */
async function annotationFiles(folder: string): Promise<[place: string, files: string[]]> {
  for (const place of [join(folder, 'Annotations'), folder]) {
    const entries = await readdir(encodePath(place)).catch(() => []);
    const files = entries.filter((name) => /\.xml$/i.test(name) && !name.startsWith('.')).sort();
    if (files.length > 0) return [place, files];
  }
  const message = `${folder} should be a folder with Annotations/*.xml, as PASCAL VOC has it, and holds none.`;
  throw new GhostNetError('ERR_GHOST_FILE', message);
}

/** @throws {Error} what is wrong with it */
function boxesOf(annotation: XmlElement): NamedBox[] {
  if (annotation.name !== 'annotation')
    throw new Error(`<annotation> should be the outermost element, found <${annotation.name.slice(0, 80)}>`);
  return annotation.children
    .filter(({ name }) => name === 'object')
    .map((object, i) => {
      const name = textOf(object, 'name');
      const bounds = object.children.find((child) => child.name === 'bndbox');
      if (name === undefined || name === '' || !bounds)
        throw new Error(`object ${i + 1} should have a <name> and a <bndbox>`);
      const [xmin, ymin, xmax, ymax] = ['xmin', 'ymin', 'xmax', 'ymax'].map((side) => numberOf(bounds, side, i));
      const [width, height] = [Math.max(0, xmax! - xmin! + 1), Math.max(0, ymax! - ymin! + 1)];
      const isIgnored = textOf(object, 'difficult') === '1';
      const box = { x: xmin! - 1, y: ymin! - 1, width, height, area: width * height, isCrowd: false, isIgnored };
      return { name, box };
    });
}

function textOf(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function numberOf(bounds: XmlElement, side: string, i: number): number {
  const text = textOf(bounds, side) ?? '';
  const value = text === '' ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new Error(`<${side}> of object ${i + 1} should be a number, found ${quoted(text)}`);
}
