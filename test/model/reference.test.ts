import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cpu, infer, type NamedTensor } from '../../lib/native/native.js';
import { createPackedModel } from '../../lib/engine/packing.js';
import { hasReference, referenceFolder, versions, type ReferenceCase } from '../../testing/reference.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';
import { buildGhostNet, inspectGhostNet } from '../../testing/ghostnet.js';

/** Absolute. Logits are of magnitude 1; inner values are larger and fewer roundings away. */
const toleranceOf = (name: string): number => (name === 'logits' ? 2e-5 : 1e-4);

const cases = hasReference
  ? (JSON.parse(readFileSync(join(referenceFolder, 'results/index.json'), 'utf8')) as ReferenceCase[])
  : [];
const isas = cpu().isas;
const largest = new Map<string, Record<string, string>>();

describe.skipIf(!hasReference)('the engine computes what PyTorch computes', () => {
  it('has cases of every version', () => {
    expect(new Set(cases.map(({ architecture }) => architecture))).toEqual(new Set(Object.keys(versions)));
  });

  describe.each(cases)('$id', (reference) => {
    const { id, architecture, width, input, num_classes = 1000, file, results } = reference;
    const bytes = readFileSync(join(referenceFolder, 'results', file));
    const tensors = syntheticStateDict(versions[architecture], width, num_classes);
    const graph = buildGhostNet(tensors, inspectGhostNet(tensors), { outputs: results.map(({ name }) => name) });
    const image = syntheticImage('input', input).data;

    it.each(isas.flatMap((isa) => [1, 2].map((threads) => ({ isa, threads }))))(
      '$isa, threads: $threads',
      async ({ isa, threads }) => {
        const model = await createPackedModel(graph, { threads, isa });
        expect(model.info()).toMatchObject({ isa, threads });
        const outputs = await infer(model, graph, { data: image, shape: input, lent: true }, undefined);
        model.close();
        expect(outputs.map(({ name }) => name)).toEqual(results.map(({ name }) => name));
        for (const [i, { name, shape, offset }] of results.entries()) {
          expect(withoutOnes(outputs[i]!.shape), name).toEqual(withoutOnes(shape));
          const error = largestError(outputs[i]!, bytes, offset);
          note(id, isa, name, error);
          expect(error, name).toBeLessThan(toleranceOf(name));
        }
      },
    );
  });

  afterAll(() => console.table(Object.fromEntries(largest)));
});

/** [1, 1000, 1, 1] and [1, 1000] are the same values. */
function withoutOnes(shape: readonly number[]): number[] {
  return shape.filter((size) => size !== 1);
}

function largestError({ data }: NamedTensor, bytes: Buffer, offset: number): number {
  let error = 0;
  for (let i = 0; i < data.length; i++) {
    const difference = Math.abs(data[i]! - bytes.readFloatLE(offset + 4 * i));
    if (!(difference <= error)) error = difference;
  }
  return error;
}

function note(id: string, isa: string, name: string, error: number): void {
  const row = largest.get(id) ?? {};
  const column = `${isa} ${name === 'logits' ? 'logits' : 'inner'}`;
  row[column] = Math.max(Number(row[column] ?? 0), error).toExponential(1);
  largest.set(id, row);
}
