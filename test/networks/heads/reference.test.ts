import { afterEach, describe, expect, it } from 'vitest';
import { load } from '../../../lib/index.js';
import { cpu } from '../../../lib/native/native.js';
import { expectedOf, headCases, savedHead } from '../../../testing/head-cases.js';
import { onReference } from '../../../testing/on-reference.js';
import { hasReference } from '../../../testing/reference.js';
import { syntheticImage } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

describe.skipIf(!hasReference)('a head of other people', () => {
  afterEach(() => delete process.env['GHOSTNET_ISA']);

  it.each(headCases.map((each) => [each.id, each] as const))(
    '%s gives what PyTorch computes, on kernels of every instruction set',
    async (_, found) => {
      const path = savedHead(found, folder);
      const { data } = syntheticImage('input', found.input);
      const results = found.results.filter(({ name }) => /^(?:head|logits|pred\.\d+)$/.test(name));
      for (const isa of cpu().isas) {
        process.env['GHOSTNET_ISA'] = isa;
        await using model = await load(path, { threads: 2 });
        expect(model.config.numClasses).toBe(found.num_classes);
        const outputs = await model.infer({ data, shape: found.input }, { outputs: results.map(({ name }) => name) });
        for (const result of results) {
          const expected = expectedOf(found, result);
          const { data: values, shape } = outputs[result.name]!;
          expect(shape).toEqual(result.shape);
          const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
          expect(error / largest, `${result.name} on ${isa}`).toBeLessThan(2e-5);
        }
        expect(onReference(model, [found.input[2], found.input[3]]), isa).toEqual([]);
      }
    },
  );
});
