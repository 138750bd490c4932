import type { CategoriesOfLabels, FoundBoxes } from '../../../lib/cli/box-evaluation/truth.js';
import type { Detection } from '../../../lib/tasks/detection.js';

interface CocoFile {
  readonly images: { id: number; file_name: string; width: number; height: number }[];
  readonly categories: { id: number; name: string }[];
  readonly annotations: {
    id: number;
    image_id: number;
    category_id: number;
    bbox: number[];
    area: number;
    iscrowd: 0 | 1;
  }[];
}

export interface SyntheticBoxes {
  readonly truth: CocoFile;
  readonly found: FoundBoxes;
  readonly labels: CategoriesOfLabels;
  /** As pycocotools takes them. */
  readonly results: { image_id: number; category_id: number; bbox: number[]; score: number }[];
}

/** With gaps, as COCO's own. Of the last nothing is ever there, of the one before it nothing is found. */
const categoryIds = [1, 2, 5, 9, 11];

/**
 * Pictures on which things are found more or less where they are: of all sizes, with crowds, equal scores and more than 100 on one
 * picture. The same every time.
 */
export function syntheticBoxes(seed: number): SyntheticBoxes {
  let state = seed;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const between = (from: number, to: number): number => Math.round(100 * (from + (to - from) * random())) / 100;
  const truth: CocoFile = {
    images: Array.from({ length: 12 }, (_, i) => ({ id: 40 - 3 * i, file_name: `${i}.jpg`, width: 640, height: 480 })),
    categories: categoryIds.map((id) => ({ id, name: `thing ${id}` })),
    annotations: [],
  };
  const found = new Map<number, Detection[]>();
  const find = (image: number, category: number, [x, y, width, height]: number[]): void => {
    const box = { xmin: x!, ymin: y!, xmax: x! + width!, ymax: y! + height! };
    // Many are equal.
    const score = Math.round(20 * random()) / 20;
    const list = found.get(image) ?? [];
    found.set(image, [...list, { index: categoryIds.indexOf(category), label: '', score, box }]);
  };
  for (const { id: image } of truth.images.slice(0, -1))
    for (let i = image === 40 ? 160 : Math.floor(1 + 9 * random()); i > 0; i--) {
      const category = categoryIds[Math.floor(4 * random())]!;
      const side = 8 * 2 ** (5 * random());
      const bbox = [between(0, 500), between(0, 400), between(side / 2, side), between(side / 2, side)];
      const [x, y, width, height] = bbox as [number, number, number, number];
      const iscrowd = random() < 0.1 ? 1 : 0;
      const area = width * height * between(0.5, 1);
      truth.annotations.push({
        id: truth.annotations.length + 1,
        image_id: image,
        category_id: category,
        bbox,
        area,
        iscrowd,
      });
      if (category === 9) continue;
      for (let times = Math.floor(3 * random()); times > 0; times--) {
        const shift = (): number => between(-0.2, 0.2) * width;
        find(image, category, [x + shift(), y + shift(), width + shift(), height]);
      }
      if (random() < 0.3) find(image, 11, bbox);
      if (random() < 0.2) find(image, category, bbox);
    }
  return {
    truth,
    found,
    labels: { categories: new Map(categoryIds.map((id, index) => [index, id])), unknown: [] },
    results: [...found].flatMap(([image, detections]) =>
      detections.map(({ index, score, box: { xmin, ymin, xmax, ymax } }) => ({
        image_id: image,
        category_id: categoryIds[index]!,
        bbox: [xmin, ymin, xmax - xmin, ymax - ymin],
        score,
      })),
    ),
  };
}
