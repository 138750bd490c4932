import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Detection } from '../../../lib/index.js';
import { readCocoFile } from '../../../lib/cli/box-evaluation/coco-file.js';
import { evaluateCoco } from '../../../lib/cli/box-evaluation/coco-metrics.js';
import { categoriesOfLabels } from '../../../lib/cli/box-evaluation/truth.js';
import { headCases, savedHead } from '../../../testing/head-cases.js';
import { builtCommand, runNode, type Ended } from '../../../testing/programs.js';
import { hasReference } from '../../../testing/reference.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const [pictures, labels, coco, voc] = ['pictures', 'labels.txt', 'instances.json', 'voc'].map((name) =>
  join(folder, name),
) as [string, string, string, string];
const names = Array.from({ length: 5 }, (_, i) => `thing ${i}`);
let model: string;
const found = new Map<number, Detection[]>();

const ghostnet = (...args: string[]): Promise<Ended> =>
  runNode([builtCommand, 'evaluate', pictures, '--model', model, '--labels', labels, ...args]);

/** Of each picture every third box that the model finds, a little moved. */
function truthOf(detections: readonly Detection[]) {
  const some = detections.filter((_, i) => i % 3 === 0).slice(0, 12);
  return some.map(({ index, box: { xmin, ymin, xmax, ymax } }) => ({
    index,
    bbox: [xmin + 1, ymin, Math.max(1, xmax - xmin), Math.max(1, ymax - ymin)] as const,
  }));
}

describe.skipIf(!hasReference)('ghostnet evaluate, of boxes', () => {
  beforeAll(async () => {
    const nanodet = headCases.find(({ id, detections }) => id.startsWith('nanodet') && detections)!;
    model = savedHead(nanodet, folder);
    mkdirSync(pictures);
    mkdirSync(join(voc, 'Annotations'), { recursive: true });
    writeFileSync(labels, `${names.join('\n')}\n`);
    await using detector = await load(model, { labels: names });
    const truth = {
      images: [] as object[],
      annotations: [] as object[],
      categories: names.map((name, id) => ({ id, name })),
    };
    for (const id of [1, 2]) {
      const data = Uint8Array.from({ length: 160 * 128 * 3 }, (_, i) => (i * 7919 * id) % 251);
      const file = join(pictures, `${id}.png`);
      await sharp(data, { raw: { width: 160, height: 128, channels: 3 } })
        .png()
        .toFile(file);
      found.set(id, await detector.detect(file, { threshold: 0.3, multiLabel: true }));
      truth.images.push({ id, file_name: `val/${id}.png` });
      const boxes = truthOf(found.get(id)!);
      for (const { index, bbox } of boxes)
        truth.annotations.push({ image_id: id, category_id: index, bbox, iscrowd: 0 });
      const objects = boxes.map(({ index, bbox: [x, y, width, height] }) => {
        const sides = `<xmin>${x + 1}</xmin><ymin>${y + 1}</ymin><xmax>${x + width}</xmax><ymax>${y + height}</ymax>`;
        return `<object><name>${names[index]!}</name><bndbox>${sides}</bndbox></object>`;
      });
      writeFileSync(join(voc, 'Annotations', `${id}.xml`), `<annotation>${objects.join('')}</annotation>`);
    }
    writeFileSync(coco, JSON.stringify(truth));
  });

  it('gives the numbers of what the model finds, as the schema has them', async () => {
    const { stdout, stderr, code } = await ghostnet('--coco', coco, '--threshold', '0.3', '--json');
    expect([stderr, code]).toEqual(['', 0]);
    const printed = JSON.parse(stdout) as { scores: Record<string, number>; categories: object[] };
    const truth = await readCocoFile(coco);
    const expected = evaluateCoco(truth, found, categoriesOfLabels(truth.categories, names));
    expect(printed).toMatchObject({ images: 2, missing: 0, faults: 0, unknown: [], metric: 'coco' });
    expect(printed.scores['ap']).toBeCloseTo(expected.ap!, 6);
    expect(printed.scores['ar100']).toBeCloseTo(expected.ar100!, 6);
    expect(expected.ap50).toBeGreaterThan(0);
    expect(printed.categories).toHaveLength(5);
    const schema = JSON.parse(
      readFileSync(fileURLToPath(new URL('../../../docs/json.schema.json', import.meta.url)), 'utf8'),
    ) as object;
    const ajv = new Ajv2020({ strict: true, allErrors: true }).addSchema(schema, 'printed');
    const validate = ajv.getSchema('printed#/$defs/evaluateBoxes')!;
    expect(validate(printed), ajv.errorsText(validate.errors)).toBe(true);
  });

  it('reads a folder of PASCAL VOC, by whose metrics too', async () => {
    const ofVoc = await ghostnet('--voc', voc, '--threshold', '0.3');
    expect([ofVoc.stderr, ofVoc.code]).toEqual(['', 0]);
    expect(ofVoc.stdout).toMatch(
      /^images +2, [\d.]+ a second\nmAP +[\d.]+ % at IoU 0.5 to 0.95; [\d.]+ % at 0.5, [\d.]+ % at 0.75\nsizes /,
    );
    expect(ofVoc.stdout).toMatch(/^worst +thing \d: AP [\d.]+ % of \d+$/m);
    const area = await ghostnet('--voc', voc, '--metric', 'voc2012', '--worst', '0');
    expect(area.stdout).toMatch(/^images .*\nmAP +[\d.]+ % at IoU 0.5 \(voc2012\)\n$/);
  });

  it('tells of pictures that are not there, and counts the others', async () => {
    const truth = JSON.parse(readFileSync(coco, 'utf8')) as { images: object[] };
    const more = join(folder, 'more.json');
    writeFileSync(more, JSON.stringify({ ...truth, images: [...truth.images, { id: 9, file_name: '9.png' }] }));
    const { stdout, stderr, code } = await ghostnet('--coco', more, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ images: 2, missing: 1 });
    expect(stderr).toMatch(/1 of 3 pictures of the annotations are not in .*pictures: 9\.png/);
    expect(code).toBe(1);
  });

  it('refuses what makes no sense', async () => {
    expect((await ghostnet('--coco', coco, '--voc', voc)).code).toBe(2);
    expect((await ghostnet('--coco', coco, '--threshold', '2')).stderr).toContain('Expected a number from 0 to 1.');
    const classifier = await runNode([builtCommand, 'evaluate', pictures, '--coco', coco]);
    expect(classifier.stderr).toMatch(/The categories should be called by the model's labels/);
    expect(classifier.code).toBe(1);
  });
});
