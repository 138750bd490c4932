import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { load } from '../../../lib/index.js';
import { referenceCase } from '../../../testing/cases.js';
import { bytesOf, mindSporeValue } from '../../../testing/checkpoints/writers.js';
import { syntheticImage } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

const blocksOfStages = [1, 1, 1, 1, 1, 1, 5, 1, 4];

/** MindSpore's name of a tensor of timm's. */
function mindSporeName(name: string): string {
  const flat = (stage: number, block: number): number =>
    blocksOfStages.slice(0, stage).reduce((sum, count) => sum + count, block);
  const unit = (index: string): string => (Number(index) % 2 === 0 ? 'conv' : 'bn');
  const renamed = name
    .replace(/^blocks\.(\d+)\.(\d+)\./, (_, stage: string, block: string) => `blocks.${flat(+stage, +block)}.`)
    .replace(/^blocks\.16\.bn1\./, 'blocks.16.bn.')
    .replace(/\.(primary_conv|cheap_operation)\.([01])\./, (_, module: string, i: string) => `.${module}.${unit(i)}.`)
    .replace(
      /\.(short_conv|shortcut)\.([0-5])\./,
      (_, module: string, i: string) => `.${module}.${Math.floor(+i / 2)}.${unit(i)}.`,
    )
    .replace('.conv_dw.', '.dw.conv.')
    .replace('.bn_dw.', '.dw.bn.');
  if (!/(?:^|\.)bn1?\.[a-z_]+$/.test(renamed)) return renamed;
  return renamed
    .replace(/\.weight$/, '.gamma')
    .replace(/\.bias$/, '.beta')
    .replace(/\.running_mean$/, '.moving_mean')
    .replace(/\.running_var$/, '.moving_variance');
}

it("MindSpore's configuration without squeeze-and-excitation (nose_1x) is read from its tensors, with MindSpore's gate", async () => {
  const { tensors, input, outputs } = referenceCase('nose_1x');
  const values = [...tensors].map(([name, { shape, data }]) =>
    mindSporeValue(mindSporeName(name), 'Float32', shape, bytesOf(data)),
  );
  const file = join(folder, 'nose_1x.ckpt');
  writeFileSync(file, Buffer.concat(values));
  await using model = await load(file);
  expect(model.config).toMatchObject({ architecture: 'ghostnetv2', version: 2, width: undefined, numClasses: 7 });
  expect(model.config.layout).toContain('squeeze-and-excitation in 0 of 16 blocks');
  expect(model.info.gate).toMatchObject({ upsampling: { value: 'bilinear_aligned' } });
  const { data } = await model.infer({ data: syntheticImage('input', input).data, shape: input });
  const errors = outputs.logits.map((value, i) => Math.abs(data[i]! - value));
  expect(Math.max(...errors)).toBeLessThan(2e-5);
});
