import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { load } from '../../../lib/index.js';
import { cpu, type Shape } from '../../../lib/native/native.js';
import { onReference } from '../../../testing/on-reference.js';
import { hasReference, referenceFolder } from '../../../testing/reference.js';
import { savedTensors } from '../../../testing/saved.js';
import { syntheticImage, syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

/** One of heads/index.json or heads2/index.json. */
interface HeadCase {
  readonly id: string;
  readonly head?: string;
  readonly decoder?: string;
  readonly num_classes: number;
  readonly input: Shape;
  readonly dilations?: readonly number[];
  readonly anchors?: readonly unknown[];
  readonly strides?: readonly number[];
  readonly file: string;
  readonly layout: string;
  readonly results: readonly { readonly name: string; readonly shape: readonly number[]; readonly offset: number }[];
}

const folder = temporaryFolder();

/** Of segmentation_models_pytorch. */
const decoders = ['Unet'];

const cases = hasReference
  ? ['heads', 'heads2'].flatMap((name) => {
      const found = JSON.parse(readFileSync(join(referenceFolder, name, 'index.json'), 'utf8')) as HeadCase[];
      return found
        .filter(({ decoder }) => decoder === undefined || decoders.includes(decoder))
        .map((each) => ({ ...each, folder: join(referenceFolder, name) }));
    })
  : [];

/** A model of the case's tensors in the layout of the hub: what they do not tell stands in its config.json. */
function saved({ id, folder: from, layout, head, dilations, anchors, strides }: (typeof cases)[number]): string {
  const shapes = JSON.parse(readFileSync(join(from, layout), 'utf8')) as Record<string, number[]>;
  const path = mkdtempSync(join(folder, `${id}-`));
  const tensors = new Map(Object.entries(shapes).map(([name, shape]) => [name, syntheticTensor(name, shape)]));
  writeFileSync(join(path, 'model.safetensors'), savedTensors(tensors));
  const rates = head === 'deeplabv3' ? { atrous_rates: [6, 12, 18] } : {};
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...rates, dilations, anchors, strides }));
  return path;
}

describe.skipIf(!hasReference)('a head of other people', () => {
  afterEach(() => delete process.env['GHOSTNET_ISA']);

  it.each(cases.map((each) => [each.id, each] as const))(
    '%s gives what PyTorch computes, on kernels of every instruction set',
    async (_, found) => {
      const path = saved(found);
      const { data } = syntheticImage('input', found.input);
      const bytes = readFileSync(join(found.folder, found.file));
      const results = found.results.filter(({ name }) => /^(?:head|logits|pred\.\d+)$/.test(name));
      for (const isa of cpu().isas) {
        process.env['GHOSTNET_ISA'] = isa;
        await using model = await load(path, { threads: 2 });
        expect(model.config.numClasses).toBe(found.num_classes);
        const outputs = await model.infer({ data, shape: found.input }, { outputs: results.map(({ name }) => name) });
        for (const { name, shape, offset } of results) {
          const count = shape.reduce((product, size) => product * size, 1);
          const expected = new Float32Array(bytes.buffer, bytes.byteOffset + offset, count);
          const { data: values, shape: size } = outputs[name]!;
          expect(size).toEqual(shape);
          const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
          expect(error / largest, `${name} on ${isa}`).toBeLessThan(2e-5);
        }
        expect(onReference(model, [found.input[2], found.input[3]]), isa).toEqual([]);
      }
    },
  );
});
