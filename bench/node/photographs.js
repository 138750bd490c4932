import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folderOfTests = fileURLToPath(new URL('../../../shared/data/photos', import.meta.url));
const examples = fileURLToPath(new URL('../../examples', import.meta.url));

/**
 * @param {string | undefined} folder default: that of the tests where it is present, or else the examples
 * @returns {Promise<string[]>} paths, one at least
 */
export async function photographsIn(folder = existsSync(folderOfTests) ? folderOfTests : examples) {
  const files = (await readdir(folder))
    .filter((name) => /\.(?:jpe?g|png)$/i.test(name))
    .map((name) => join(folder, name));
  if (files.length === 0) throw new Error(`${folder} holds no JPEG or PNG file.`);
  return files;
}
