import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern, type GlobOptions } from 'tinyglobby';

/** What is looked for in folders, in any case; a file that is named may be called anything. */
export const imageExtensions = ['jpg', 'jpeg', 'jpe', 'png', 'webp', 'avif', 'gif', 'tif', 'tiff'] as const;

/** What one argument means. */
export interface Found {
  readonly argument: string;
  readonly kind: 'file' | 'folder' | 'pattern';
  /** Sorted by name, where the argument is no file. */
  readonly files: readonly string[];
}

/**
 * The files that an argument names: itself, the images in a folder and its subfolders, or what a pattern as `photos/*.jpg`
 * matches. What exists is no pattern, whatever it is called. What does not exist and is none is a file all the same: whoever
 * opens it will say so.
 */
export async function findImageFiles(argument: string): Promise<Found> {
  const stats = await stat(argument).catch(() => undefined);
  if (stats?.isDirectory()) return { argument, kind: 'folder', files: await imagesIn(argument) };
  if (stats || !isDynamicPattern(argument)) return { argument, kind: 'file', files: [argument] };
  const pattern = process.platform === 'win32' ? argument.replaceAll('\\', '/') : argument;
  return { argument, kind: 'pattern', files: await matching(pattern, { absolute: isAbsolute(argument) }) };
}

/** Hidden files and folders are passed over. */
async function matching(pattern: string, options: GlobOptions): Promise<string[]> {
  return (await glob(pattern, { expandDirectories: false, ...options })).sort();
}

async function imagesIn(folder: string): Promise<string[]> {
  const names = await matching(`**/*.{${imageExtensions.join()}}`, { cwd: folder, caseSensitiveMatch: false });
  return names.map((name) => join(folder, name));
}

/** All that the arguments name, in their order. */
export async function imageFiles(paths: readonly string[]): Promise<string[]> {
  return (await Promise.all(paths.map(findImageFiles))).flatMap(({ files }) => files);
}
