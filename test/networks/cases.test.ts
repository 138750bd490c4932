import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { cpu } from '../../lib/native/native.js';
import { identify } from '../../lib/networks/registry.js';
import { caseNames, referenceCase } from '../../testing/cases.js';
import { onReference } from '../../testing/on-reference.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

describe.each(caseNames)('%s', (name) => {
  const found = referenceCase(name);

  afterEach(() => delete process.env['GHOSTNET_ISA']);

  it('is recognised', () => {
    expect(identify(found.tensors).architecture).toBe(found.architecture);
  });

  it('gives what PyTorch computes, on kernels of every instruction set', async () => {
    const file = join(folder, `${name}.safetensors`);
    writeFileSync(file, savedTensors(found.tensors));
    const { data } = syntheticImage('input', found.input);
    const [, , height, width] = found.input;
    const { logits, embedding } = found.outputs;
    const isClassifier = logits.length > 0;
    const expected = isClassifier ? logits : embedding;
    for (const isa of cpu().isas) {
      process.env['GHOSTNET_ISA'] = isa;
      await using model = await load(file, {
        threads: 2,
        ...(found.gate && { gate: found.gate }),
        ...found.classifier,
      });
      const tensor = { data, shape: found.input };
      const values = await (isClassifier ? model.infer(tensor) : model.embed(tensor));
      const errors = expected.map((value, i) => Math.abs(values.data[i]! - value));
      // Where batch norms are folded, the rule's weights make large ones.
      const scale = Math.max(1, ...expected.map(Math.abs));
      expect(Math.max(...errors) / scale, isa).toBeLessThan(2e-5);
      expect(onReference(model, [height, width]), isa).toEqual([]);
    }
  });
});
