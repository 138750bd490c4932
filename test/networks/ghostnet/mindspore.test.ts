import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { load } from '../../../lib/index.js';
import { referenceCase } from '../../../testing/cases.js';
import { mindSporeName } from '../../../testing/checkpoints/mindspore-names.js';
import { bytesOf, mindSporeValue } from '../../../testing/checkpoints/writers.js';
import { syntheticImage } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

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
