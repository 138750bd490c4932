import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { GhostNetError } from '../../errors.js';
import { fileError } from '../../formats/faults.js';
import { reasonOf } from '../../messages/shown.js';
import { encodePath } from '../pictures/raw-paths.js';
import { readLabelImage, type LabelImage } from './label-image.js';

/** A picture and the file with the class of each of its pixels. */
export interface MaskedPicture {
  readonly picture: string;
  readonly mask: string;
}

export interface MaskedPictures {
  readonly pairs: readonly MaskedPicture[];
  /** Pictures that have no mask. */
  readonly left: readonly string[];
}

/**
 * The masks of pictures: `street.png` in the folder is that of `street.jpg`, wherever this lies. Masks may lie among the pictures.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE where no picture has one
 */
export async function masksOf(pictures: readonly string[], folder: string): Promise<MaskedPictures> {
  const names = await readdir(encodePath(folder)).catch((cause: unknown) => {
    throw fileError(folder, cause);
  });
  const masks = new Map(names.filter(isPng).map((name) => [stemOf(name), join(folder, name)]));
  const isMask = (file: string): boolean => {
    const mask = masks.get(stemOf(file));
    return mask !== undefined && resolve(mask) === resolve(file);
  };
  const others = pictures.filter((file) => !isMask(file));
  const pairs = others.flatMap((picture) => {
    const mask = masks.get(stemOf(picture));
    return mask === undefined ? [] : [{ picture, mask }];
  });
  if (pairs.length > 0) return { pairs, left: others.filter((file) => !masks.has(stemOf(file))) };
  const example = others[0] === undefined ? 'picture.png' : `${stemOf(others[0])}.png`;
  const message = `${folder} should have a mask for each picture, called as it is (${example}), and has none.`;
  throw new GhostNetError('ERR_GHOST_FILE', message);
}

/** @throws {GhostNetError} ERR_GHOST_FILE where it is no PNG of classes */
export async function readMask(path: string): Promise<LabelImage> {
  try {
    return readLabelImage(await readFile(encodePath(path)));
  } catch (cause) {
    throw new GhostNetError('ERR_GHOST_FILE', `${path} is no mask: ${reasonOf(cause)}.`, { cause });
  }
}

function isPng(name: string): boolean {
  return /\.png$/i.test(name);
}

function stemOf(file: string): string {
  return basename(file, extname(file));
}
