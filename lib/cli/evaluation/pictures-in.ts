import { stat } from 'node:fs/promises';
import { fileError } from '../../formats/faults.js';
import { findImageFiles } from '../pictures/image-files.js';
import { encodePath } from '../pictures/raw-paths.js';

/**
 * The pictures of a folder and its subfolders, whose classes, boxes or masks stand elsewhere.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE where there is no such folder
 */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  await stat(encodePath(folder)).catch((cause: unknown) => {
    throw fileError(folder, cause);
  });
  return (await findImageFiles(folder)).files;
}
