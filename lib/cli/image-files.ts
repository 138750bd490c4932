import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileError } from '../checkpoints/file.js';

const imageEndings = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.gif', '.tif', '.tiff']);

/**
 * Files as they are named, and of each folder the image files in it and below it, by name. Whether a named file exists
 * shows when it is read.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE for a folder that cannot be read
 */
export async function imageFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    if (await isFolder(path)) files.push(...(await imagesBelow(path)));
    else files.push(path);
  }
  return files;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function imagesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw fileError(folder, cause);
  });
  return names.filter((name) => imageEndings.has(extname(name).toLowerCase())).sort().map((name) => join(folder, name));
}
