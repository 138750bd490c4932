import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';

const folder = temporaryFolder();
const sample = fileURLToPath(new URL('../../examples/sample.png', import.meta.url));
const boxed = fileURLToPath(new URL('../../weights/ghostnetv2-tiny', import.meta.url));
const ghostnet = (...args: string[]): Promise<Ended> => runNode([builtCommand, ...args]);

beforeAll(async () => {
  for (const name of ['orange', 'goldfish, Carassius auratus', 'bad'])
    mkdirSync(join(folder, 'set', name), { recursive: true });
  copyFileSync(sample, join(folder, 'set', 'orange', 'a.png'));
  await sharp(sample)
    .flop()
    .jpeg()
    .toFile(join(folder, 'set', 'orange', 'b.jpg'));
  copyFileSync(sample, join(folder, 'set', 'goldfish, Carassius auratus', 'no-goldfish.png'));
});

describe('ghostnet evaluate', () => {
  it('counts, and tells what is taken for what', async () => {
    const { stdout, stderr, code } = await ghostnet('evaluate', join(folder, 'set'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^images +3, [\d.]+ a second; classes by the model's labels$/m);
    expect(stdout).toMatch(/^top-1 +66\.7 %$/m);
    expect(stdout).toMatch(/^worst +goldfish.*: 0 of 1 right; 1 taken for orange$/m);
    expect(stdout).toMatch(/^ +orange: 2 of 2 right$/m);
  });

  it('leaves bad pictures out, and says so', async () => {
    writeFileSync(join(folder, 'set', 'orange', 'c.jpg'), 'no picture');
    const { stdout, stderr, code } = await ghostnet('evaluate', join(folder, 'set'), '--json', '--worst', '1');
    expect(code).toBe(1);
    expect(stderr).toContain('c.jpg');
    expect(JSON.parse(stdout)).toMatchObject({
      images: 3,
      top1: 0.666667,
      faults: 1,
      worst: [{ right: 0, images: 1 }],
    });
  });

  it('has probabilities as the model makes them, of a model that makes none no calibration', async () => {
    const table = join(folder, 'set', 'one.csv');
    writeFileSync(table, 'path,class\norange/a.png,186\n');
    for (const [problem, activation] of [
      ['multi_label_classification', 'sigmoid'],
      ['regression', 'none'],
    ] as const) {
      const model = join(folder, activation);
      mkdirSync(model);
      const config = JSON.parse(readFileSync(join(boxed, 'config.json'), 'utf8')) as object;
      writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, problem_type: problem }));
      copyFileSync(join(boxed, 'model.safetensors'), join(model, 'model.safetensors'));
      const { stdout } = await ghostnet('evaluate', table, '--json', '--model', model);
      const found = JSON.parse(stdout) as { confidence: number | null };
      expect(found).toMatchObject({ activation, top1: 1 });
      if (activation === 'none') expect(found).toMatchObject({ confidence: null, calibrationError: null });
      else {
        await using loaded = await load(model);
        const [first] = await loaded.classify(sample);
        expect(found.confidence).toBeCloseTo(first!.probability, 5);
      }
    }
    const { stdout } = await ghostnet('evaluate', table, '--model', join(folder, 'none'));
    expect(stdout).toMatch(/^calibration +none, since the model makes no probabilities/m);
  });

  it('takes a table, and refuses classes that the model has not', async () => {
    writeFileSync(join(folder, 'set', 'set.csv'), 'path,class\norange/a.png,186\n');
    const { stdout } = await ghostnet('evaluate', join(folder, 'set', 'set.csv'));
    expect(stdout).toMatch(/^top-1 +100\.0 %$/m);
    writeFileSync(join(folder, 'set', 'set.csv'), 'orange/a.png,plum\n');
    const refused = await ghostnet('evaluate', join(folder, 'set', 'set.csv'));
    expect(refused.stderr).toMatch(/no class of the name plum\./);
    expect(refused.code).toBe(1);
  });
});
