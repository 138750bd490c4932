import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCocoFile } from '../../../lib/cli/box-evaluation/coco-file.js';
import { evaluateCoco, type CocoMetrics } from '../../../lib/cli/box-evaluation/coco-metrics.js';
import type { BoxTruth } from '../../../lib/cli/box-evaluation/truth.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';
import { syntheticBoxes, type SyntheticBoxes } from './synthetic-boxes.js';

const folder = temporaryFolder();

/** What pycocotools 2.0.11 makes of some of them (pycocotools-metrics.py): its twelve numbers in its order. */
const expected: Readonly<Record<number, readonly number[]>> = {
  1: [
    0.21113711274714, 0.4578696366253255, 0.15426692254338056, 0.2183500217106002, 0.24044977913091684,
    0.23449956396738578, 0.06784406070120355, 0.1644966640502355, 0.3385522959183674, 0.3622863247863248,
    0.31816176470588237, 0.34523809523809523,
  ],
  2: [
    0.18504239172016734, 0.43638528704051505, 0.09836531451167935, 0.17718346032419333, 0.25655274835542924,
    0.1830176012106705, 0.03257311742667161, 0.12730933776622674, 0.31225529078205694, 0.3065860215053763,
    0.32613636363636367, 0.2864583333333333,
  ],
  3: [
    0.2035939887404111, 0.44653454698116657, 0.1422240842321464, 0.2180291197404891, 0.2318791864929272,
    0.2066429953434904, 0.05895909645909646, 0.15058251933251932, 0.34003357753357755, 0.345014245014245,
    0.3741826923076923, 0.2616161616161616,
  ],
};

/** Where .ci/run installs it: python3 -m pip install --target build/pycocotools pycocotools */
const packages = fileURLToPath(new URL('../../../build/pycocotools', import.meta.url));

function ofPycocotools({ truth, results }: Pick<SyntheticBoxes, 'truth' | 'results'>): number[] | undefined {
  try {
    const script = fileURLToPath(new URL('pycocotools-metrics.py', import.meta.url));
    const env = { ...process.env, PYTHONPATH: packages };
    const input = JSON.stringify({ truth, results });
    return JSON.parse(execFileSync('python3', [script], { env, input, encoding: 'utf8', stdio: 'pipe' })) as number[];
  } catch {
    return undefined;
  }
}

const { truth: small, results: few } = syntheticBoxes(1);
const missing = ofPycocotools({ truth: small, results: few }) === undefined;
if (missing) console.warn(`Skipped: pycocotools itself, which needs python3 and that package in ${packages}.`);

async function read(truth: object): Promise<BoxTruth> {
  const file = join(folder, 'instances.json');
  writeFileSync(file, JSON.stringify(truth));
  return readCocoFile(file);
}

/** In pycocotools' order, with its -1 for nothing. */
function inOrder(metrics: CocoMetrics): number[] {
  const { ap, ap50, ap75, apSmall, apMedium, apLarge, ar1, ar10, ar100, arSmall, arMedium, arLarge } = metrics;
  return [ap, ap50, ap75, apSmall, apMedium, apLarge, ar1, ar10, ar100, arSmall, arMedium, arLarge].map(
    (one) => one ?? -1,
  );
}

function expectEqual(found: readonly number[], numbers: readonly number[]): void {
  expect(found).toHaveLength(numbers.length);
  for (const [i, number] of numbers.entries()) expect(Math.abs(found[i]! - number), `number ${i}`).toBeLessThan(1e-9);
}

describe('the metrics of COCO', () => {
  it.each(Object.keys(expected).map(Number))('are those of pycocotools: seed %i', async (seed) => {
    const { truth, found, labels } = syntheticBoxes(seed);
    const metrics = evaluateCoco(await read(truth), found, labels);
    expectEqual(inOrder(metrics), expected[seed]!);
  });

  it.skipIf(missing)('are those of pycocotools, wherever it is asked', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const { truth, found, labels, results } = syntheticBoxes(seed);
      expectEqual(inOrder(evaluateCoco(await read(truth), found, labels)), ofPycocotools({ truth, results })!);
    }
  });

  it('are undefined for sizes that no object has', async () => {
    const { truth, found, labels } = syntheticBoxes(3);
    const large = truth.annotations.filter(({ area, iscrowd }) => area > 96 ** 2 && iscrowd === 0).slice(0, 2);
    const metrics = evaluateCoco(await read({ ...truth, annotations: large }), found, labels);
    expect([metrics.apSmall, metrics.apMedium, metrics.arSmall]).toEqual([undefined, undefined, undefined]);
    expect([metrics.apLarge, metrics.arLarge]).toEqual([expect.any(Number), expect.any(Number)]);
  });

  it('are 1 where all is found, and undefined where nothing is there', async () => {
    const { truth, labels } = syntheticBoxes(2);
    const annotations = truth.annotations.filter(({ iscrowd, image_id }) => iscrowd === 0 && image_id !== 40);
    const found = new Map(
      truth.images.map(({ id }) => [
        id,
        annotations
          .filter(({ image_id }) => image_id === id)
          .map(({ category_id, bbox: [x, y, width, height] }) => ({
            index: [...labels.categories].find(([, category]) => category === category_id)![0],
            label: '',
            score: 0.5,
            box: { xmin: x!, ymin: y!, xmax: x! + width!, ymax: y! + height! },
          })),
      ]),
    );
    const metrics = evaluateCoco(await read({ ...truth, annotations }), found, labels);
    for (const number of [metrics.ap, metrics.ap75, metrics.apSmall, metrics.ar100]) expect(number).toBeCloseTo(1, 12);
    expect(metrics.categories.map(({ ap }) => ap?.toFixed(6))).toEqual([
      '1.000000',
      '1.000000',
      '1.000000',
      '1.000000',
      undefined,
    ]);
    expect(metrics.categories.reduce((sum, { boxes }) => sum + boxes, 0)).toBe(annotations.length);
    expect(evaluateCoco(await read({ ...truth, annotations: [] }), found, labels).ap).toBeUndefined();
  });

  it('take the detections of a picture in the order in which they were found, where scores are equal', async () => {
    const truth = await read({
      images: [{ id: 1, file_name: 'a.jpg' }],
      categories: [{ id: 1, name: 'a' }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [0, 0, 10, 10], iscrowd: 0 }],
    });
    const [right, wrong] = [0, 50].map((x) => ({
      index: 0,
      label: '',
      score: 0.5,
      box: { xmin: x, ymin: 0, xmax: x + 10, ymax: 10 },
    }));
    const labels = { categories: new Map([[0, 1]]), unknown: [] };
    const apOf = (...found: object[]): number => evaluateCoco(truth, new Map([[1, found as never]]), labels).ap!;
    expect([apOf(right!, wrong!), apOf(wrong!, right!)]).toEqual([expect.closeTo(1), expect.closeTo(0.5)]);
  });
});
