import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { categoriesOfLabels } from '../../../lib/cli/box-evaluation/truth.js';
import { readVocFolder } from '../../../lib/cli/box-evaluation/voc-folder.js';
import { evaluateVoc } from '../../../lib/cli/box-evaluation/voc-metrics.js';
import { errorOf } from '../../../testing/error-of.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';
import type { Detection } from '../../../lib/tasks/detection.js';

const folder = temporaryFolder();

function object(name: string, bounds: readonly number[], more = ''): string {
  const [xmin, ymin, xmax, ymax] = bounds;
  return `<object><name>${name}</name>${more}<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>
    <bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox></object>`;
}

function written(name: string, files: Readonly<Record<string, string>>): string {
  const place = join(folder, name);
  mkdirSync(join(place, 'Annotations'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
  return place;
}

describe('a folder in the layout of PASCAL VOC', () => {
  it('is read: edges of boxes, difficult objects, names of categories', async () => {
    const place = written('read', {
      'Annotations/b.xml': `<?xml version="1.0"?><annotation verified="yes"><filename>other.jpg</filename>${object('dog', [1, 1, 640, 480])}</annotation>`,
      'Annotations/a.xml': `<annotation>${object('cat', [11, 21, 20, 40], '<difficult>1</difficult>')}${object('dog', [5, 5, 5, 5])}</annotation>`,
      'Annotations/c.xml': '<annotation><size><width>3</width></size></annotation>',
      'Annotations/notes.txt': 'none',
    });
    const { images, categories } = await readVocFolder(place);
    expect(categories).toEqual([
      { id: 0, name: 'cat' },
      { id: 1, name: 'dog' },
    ]);
    expect(images.map(({ id, boxes }) => [id, boxes.length])).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 0],
    ]);
    expect(images[0]!.boxes).toEqual([
      { category: 0, x: 10, y: 20, width: 10, height: 20, area: 200, isCrowd: false, isIgnored: true },
      { category: 1, x: 4, y: 4, width: 1, height: 1, area: 1, isCrowd: false, isIgnored: false },
    ]);
    expect(images[1]!.boxes[0]).toMatchObject({ x: 0, y: 0, width: 640, height: 480 });
    expect((await readVocFolder(join(place, 'Annotations'))).images).toHaveLength(3);
  });

  it.each<[string, string, string]>([
    [
      'other XML',
      '<svg></svg>',
      'bad.xml is no annotation of PASCAL VOC: <annotation> should be the outermost element, found <svg>.',
    ],
    ['no XML', 'RBC 1 2 3', 'it should have one outermost element'],
    [
      'no box',
      '<annotation><object><name>cat</name></object></annotation>',
      'object 1 should have a <name> and a <bndbox>',
    ],
    [
      'no number',
      `<annotation>${object('cat', [1, 2, 3, NaN])}</annotation>`,
      '<ymax> of object 1 should be a number, found "NaN"',
    ],
    ['a cut file', `<annotation>${object('cat', [1, 2, 3, 4])}`, '<annotation> is not closed'],
  ])('is refused: %s', async (name, xml, words) => {
    const error = await errorOf(readVocFolder(written(name, { 'Annotations/bad.xml': xml })));
    expect(error.code).toBe('ERR_GHOST_FILE');
    expect(error.message).toContain(words);
  });

  it('without annotations is refused', async () => {
    const error = await errorOf(readVocFolder(written('empty', {})));
    expect(error.message).toMatch(
      /empty should be a folder with Annotations\/\*\.xml, as PASCAL VOC has it, and holds none\.$/,
    );
  });
});

describe('the metrics of PASCAL VOC', () => {
  const box = (x: number, y: number) => ({ xmin: x, ymin: y, xmax: x + 10, ymax: y + 10 });
  const at = (x: number, y: number, more = {}) => {
    return { category: 0, x, y, width: 10, height: 10, area: 100, isCrowd: false, isIgnored: false, ...more };
  };
  const found = (score: number, x: number, y: number): Detection => ({ index: 0, label: 'cat', score, box: box(x, y) });
  const categories = [{ id: 0, name: 'cat' }];
  const labels = categoriesOfLabels(categories, ['cat']);
  const both = (images: Parameters<typeof evaluateVoc>[0]['images'], detections: Record<string, Detection[]>) =>
    (['voc2007', 'voc2012'] as const).map(
      (convention) => evaluateVoc({ images, categories }, new Map(Object.entries(detections)), labels, convention).map,
    );

  it('are the mean of 11 precisions, and the area below their curve', () => {
    const images = [
      { id: 'a', file: 'a', boxes: [at(0, 0), at(50, 0)] },
      { id: 'b', file: 'b', boxes: [at(0, 0), at(50, 0)] },
    ];
    // Best first: right, wrong, right, wrong (found twice), wrong, right. One is not found.
    const detections = {
      a: [found(0.9, 0, 0), found(0.6, 1, 0), found(0.4, 50, 0)],
      b: [found(0.8, 90, 90), found(0.7, 0, 2), found(0.5, 30, 30)],
    };
    // Precision is 1, 2/3 and 1/2 for up to 1/4, 1/2 and 3/4 of the objects.
    const [mean, area] = both(images, detections);
    expect(mean).toBeCloseTo((3 * 1 + 3 * (2 / 3) + 2 * (1 / 2)) / 11, 12);
    expect(area).toBeCloseTo((1 + 2 / 3 + 1 / 2) / 4, 12);
  });

  it('count what is difficult for nobody', () => {
    const images = [{ id: 'a', file: 'a', boxes: [at(0, 0, { isIgnored: true }), at(50, 0)] }];
    expect(both(images, { a: [found(0.9, 0, 0), found(0.8, 50, 0)] })).toEqual([expect.closeTo(1), expect.closeTo(1)]);
    expect(both([{ id: 'a', file: 'a', boxes: [at(0, 0, { isIgnored: true })] }], {})).toEqual([undefined, undefined]);
  });

  it('want more than half, and the nearest object, whoever has taken it', () => {
    const images = [{ id: 'a', file: 'a', boxes: [at(0, 0), at(8, 0)] }];
    // IoU 1/3 and 3/7: neither is enough.
    expect(both(images, { a: [found(0.9, 4, 0)] })).toEqual([0, 0]);
    expect(both(images, { a: [found(0.9, 0, 0), found(0.8, 1, 0)] })[1]).toBeCloseTo(0.5, 12);
  });
});

describe('the categories that a model’s labels are', () => {
  const categories = [
    { id: 3, name: 'Cat' },
    { id: 7, name: 'dog' },
    { id: 9, name: 'zebra' },
  ];

  it('are those of their names, in any case', () => {
    const found = categoriesOfLabels(categories, ['dog', 'N/A', ' cat ', 'lemon']);
    expect([...found.categories]).toEqual([
      [0, 7],
      [2, 3],
    ]);
    expect(found.unknown).toEqual(['zebra']);
  });

  it('are said to be unknown', () => {
    expect(() => categoriesOfLabels(categories, ['class 0', 'class 1', 'class 2', 'class 3'])).toThrow(
      /should be called by the model's labels \(class 0, class 1, class 2 and 1 more\), found Cat, dog, zebra\./,
    );
  });
});
