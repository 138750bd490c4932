import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCocoFile } from '../../../lib/cli/box-evaluation/coco-file.js';
import { errorOf } from '../../../testing/error-of.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const file = join(folder, 'instances.json');

const sound = {
  info: {},
  categories: [
    { id: 8, name: 'dog' },
    { id: 2, name: 'cat', supercategory: 'animal' },
  ],
  images: [
    { id: 20, file_name: 'val/20.jpg', width: 640, height: 480 },
    { id: 3, file_name: '3.jpg' },
  ],
  annotations: [
    { id: 1, image_id: 20, category_id: 8, bbox: [1.5, 2, 10, 20], area: 150.5, iscrowd: 0 },
    { id: 2, image_id: 20, category_id: 2, bbox: [0, 0, 4, 5], iscrowd: 1 },
    { id: 3, image_id: 99, category_id: 2, bbox: [0, 0, 4, 5] },
    { id: 4, image_id: 3, category_id: 99, bbox: [0, 0, 4, 5] },
  ],
};

it('pictures and categories are read by their ids, what belongs to none of them is left out', async () => {
  writeFileSync(file, JSON.stringify(sound));
  expect(await readCocoFile(file)).toEqual({
    categories: [
      { id: 2, name: 'cat' },
      { id: 8, name: 'dog' },
    ],
    images: [
      { id: 3, file: '3.jpg', boxes: [] },
      {
        id: 20,
        file: 'val/20.jpg',
        boxes: [
          { category: 8, x: 1.5, y: 2, width: 10, height: 20, area: 150.5, isCrowd: false, isIgnored: false },
          { category: 2, x: 0, y: 0, width: 4, height: 5, area: 20, isCrowd: true, isIgnored: true },
        ],
      },
    ],
  });
});

it.each<[string, unknown, string]>([
  ['half of JSON', '{"images": [', 'is no COCO file of instances: '],
  ['no JSON', 'one\ntwo', '"one two" is not valid JSON'],
  ['a list', '[]', 'it should be an object, found []'],
  ['no categories', { ...sound, categories: undefined }, 'it should have a list "categories", found undefined'],
  ['no name', { ...sound, categories: [{ id: 1 }] }, 'categories[0].name should be a text, found undefined'],
  [
    'an image twice',
    { ...sound, images: [sound.images[0], sound.images[0]] },
    'images[1].id "20" is that of another image too',
  ],
  [
    'no box',
    { ...sound, annotations: [{ image_id: 20, category_id: 2, caption: 'a cat' }] },
    'annotations[0].bbox should be [x, y, width, height], found undefined',
  ],
  [
    'a box of nothing',
    { ...sound, annotations: [{ ...sound.annotations[0], bbox: [0, 0, -1, 4] }] },
    'annotations[0].bbox should be',
  ],
])('%s is refused', async (_, content, words) => {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  const error = await errorOf(readCocoFile(file));
  expect(error.code).toBe('ERR_GHOST_FILE');
  expect(error.message).toContain(words);
});

it('a file that is not there is refused', async () => {
  expect((await errorOf(readCocoFile(join(folder, 'none.json')))).message).toMatch(/none\.json does not exist\.$/);
});
