import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GhostNetError } from '../../errors.js';
import { findImageFiles, reportPassedOver } from '../pictures/image-files.js';
import { encodePath } from '../pictures/raw-paths.js';
import { csvRows } from './csv.js';

/** A picture and the name of what it shows. */
export interface LabelledPicture {
  readonly file: string;
  readonly className: string;
}

export interface LabelledPictures {
  readonly pictures: readonly LabelledPicture[];
  /** Sorted as PyTorch's ImageFolder sorts them: by code units. */
  readonly classNames: readonly string[];
}

/**
 * The pictures of a folder that has a folder for each class, as PyTorch's ImageFolder reads it, or of a CSV file with the columns
 * path and class, paths being relative to it.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE where it is neither, or holds no picture.
 */
export async function labelledPictures(path: string): Promise<LabelledPictures> {
  const stats = await stat(encodePath(path)).catch(() => undefined);
  if (stats === undefined) throw new GhostNetError('ERR_GHOST_FILE', `${path} does not exist.`);
  const pictures = stats.isDirectory() ? await ofFolders(path) : await ofTable(path);
  if (pictures.length === 0)
    throw new GhostNetError(
      'ERR_GHOST_FILE',
      `${path} holds no pictures to evaluate on: a folder with a folder of pictures for each class is expected, or a CSV file with the columns path and class.`,
    );
  const classNames = [...new Set(pictures.map(({ className }) => className))].sort();
  return { pictures, classNames };
}

async function ofFolders(path: string): Promise<LabelledPicture[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.name.startsWith('.') && !entry.isFile()).map(({ name }) => name);
  const found = await Promise.all(
    names.sort().map(async (className) => {
      return { className, ...(await findImageFiles(join(path, className))) };
    }),
  );
  reportPassedOver(found);
  return found.flatMap(({ className, files }) => files.map((file) => ({ file, className })));
}

/** A first row whose path is no file is the columns' names. */
async function ofTable(path: string): Promise<LabelledPicture[]> {
  const rows = csvRows(await readFile(path, 'utf8'));
  const pictures = rows.map(([file = '', className = ''], i) => {
    if (file === '' || className === '')
      throw new GhostNetError('ERR_GHOST_FILE', `${path}, row ${i + 1}: a path and a class are expected.`);
    return { file: resolve(dirname(path), file), className };
  });
  const first = pictures[0];
  const isHead = first !== undefined && (await stat(first.file).catch(() => undefined)) === undefined;
  return isHead ? pictures.slice(1) : pictures;
}
