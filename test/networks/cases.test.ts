import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { cpu } from '../../lib/native/native.js';
import { identify } from '../../lib/networks/registry.js';
import { onReference } from '../../testing/on-reference.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage, syntheticTensor } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

interface Case {
  readonly architecture: string;
  readonly input: readonly [1, number, number, number];
  readonly outputs: { readonly logits: readonly number[] };
  /** Shapes as `64x3x3x3`. */
  readonly tensors: Readonly<Record<string, string>>;
}

const cases = fileURLToPath(new URL('../reference/cases/', import.meta.url));
const folder = temporaryFolder();

function read(name: string): { found: Case; tensors: Map<string, ReturnType<typeof syntheticTensor>> } {
  const found = JSON.parse(readFileSync(join(cases, name), 'utf8')) as Case;
  const shapes = Object.entries(found.tensors).map(
    ([tensor, shape]) => [tensor, shape.split('x').map(Number)] as const,
  );
  return { found, tensors: new Map(shapes.map(([tensor, shape]) => [tensor, syntheticTensor(tensor, shape)])) };
}

describe.each(readdirSync(cases))('%s', (name) => {
  const { found, tensors } = read(name);

  afterEach(() => delete process.env['GHOSTNET_ISA']);

  it('is recognised', () => {
    expect(identify(tensors).architecture).toBe(found.architecture);
  });

  it('has the logits that PyTorch computes, on kernels of every instruction set', async () => {
    const file = join(folder, `${name}.safetensors`);
    writeFileSync(file, savedTensors(tensors));
    const { data } = syntheticImage('input', found.input);
    for (const isa of cpu().isas) {
      process.env['GHOSTNET_ISA'] = isa;
      await using model = await load(file, { threads: 2 });
      const logits = await model.infer({ data, shape: found.input });
      const errors = found.outputs.logits.map((value, i) => Math.abs(logits.data[i]! - value));
      expect(Math.max(...errors), isa).toBeLessThan(2e-5);
      expect(onReference(model), isa).toEqual([]);
    }
  });
});
