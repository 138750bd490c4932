import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { labelPicture } from '../../../lib/cli/output/picture-file.js';
import { load } from '../../../lib/index.js';
import { lampHeight, lampPicture, lampWidth, saveLampDetector, saveLampSegmenter } from '../../../testing/lamps.js';
import { builtCommand, runNode, type Ended } from '../../../testing/programs.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const [model, photos, masks] = ['lamps', 'photos', 'masks'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const evaluate = (...args: string[]): Promise<Ended> =>
  runNode([builtCommand, 'evaluate', photos, '--model', model, '--threads', '1', ...args]);

/** Of the masks: unlike what is found in the first rows, nothing is known of the last ones. */
const [wrongRows, voidRows] = [10, 40];
const found: Uint8Array[] = [];

/** [truth][found] */
const counts = [
  [0, 0],
  [0, 0],
];

beforeAll(async () => {
  saveLampSegmenter(model);
  mkdirSync(photos);
  mkdirSync(masks);
  await using segmenter = await load(model);
  for (const [name, lamps] of [
    ['one', [[100, 100]]],
    [
      'two',
      [
        [60, 5],
        [240, 150],
      ],
    ],
  ] as const) {
    const picture = await lampPicture(...lamps);
    writeFileSync(join(photos, `${name}.png`), picture);
    const { labels } = await segmenter.segment(picture);
    found.push(labels as Uint8Array);
    const truth = labels.map((label, i) => {
      const row = Math.floor(i / lampWidth);
      if (row >= lampHeight - voidRows) return 7;
      const known = row < wrongRows ? 1 - label : label;
      counts[known]![label]!++;
      return known;
    });
    writeFileSync(join(masks, `${name}.png`), await labelPicture(truth, lampWidth, lampHeight));
  }
});

describe('ghostnet evaluate --masks', () => {
  it('counts all pixels but those of which nothing is known', async () => {
    const { stdout, stderr, code } = await evaluate('--masks', masks, '--void', '7', '--json');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const [[dark, darkAsLamp], [lampAsDark, lamp]] = counts as [[number, number], [number, number]];
    const all = dark + darkAsLamp + lampAsDark + lamp;
    const ious = [dark, lamp].map((right) => right / (right + darkAsLamp + lampAsDark));
    expect(JSON.parse(stdout)).toMatchObject({
      images: 2,
      missing: 0,
      faults: 0,
      pixels: all,
      accuracy: Number(((dark + lamp) / all).toFixed(6)),
      meanIou: Number(((ious[0]! + ious[1]!) / 2).toFixed(6)),
      classes: [
        { index: 0, label: 'dark', pixels: dark + darkAsLamp, iou: Number(ious[0]!.toFixed(6)) },
        { index: 1, label: 'lamp', pixels: lamp + lampAsDark, iou: Number(ious[1]!.toFixed(6)) },
      ],
    });
    expect(darkAsLamp).toBeGreaterThan(0);
  });

  it('prints them', async () => {
    const { stdout } = await evaluate('--masks', masks, '--void', '255,7');
    expect(stdout).toMatch(/^images {9}2, [\d.]+ a second; \d+ pixels of known classes\nmean IoU {7}[\d.]+ %\n/);
    expect(stdout).toMatch(/\n {2}lamp {2}IoU +[\d.]+ % {2}right +[\d.]+ %\n$/);
  });

  it('says what is wrong', async () => {
    expect((await evaluate('--masks', masks, '--void', '7,x')).stderr).toMatch(
      /Expected whole numbers, as 11 or 11,255/,
    );
    const unknown = await evaluate('--masks', masks);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(
      /the labels of the mask should be classes from 0 to 1, or 255 where nothing is known, found 7\. Say with --void/,
    );
    writeFileSync(join(photos, 'more.png'), await lampPicture());
    const missing = await evaluate('--masks', masks, '--void', '7');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/1 of 3 pictures have no mask in .*masks: .*more\.png, …/);
    const nowhere = await runNode([builtCommand, 'evaluate', join(folder, 'nowhere'), '-m', model, '--masks', masks]);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(/nowhere does not exist\.\n$/)]);
    const both = await evaluate('--masks', masks, '--coco', 'instances.json');
    expect(both.stderr).toMatch(/cannot be used with/);
    saveLampDetector(model);
    expect((await evaluate('--masks', masks)).stderr).toMatch(/made for detection: ask detect\(\)/);
  });
});
