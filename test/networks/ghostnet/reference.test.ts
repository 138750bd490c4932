import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outputShapes } from '../../../testing/output-shapes.js';
import { readWhole } from '../../../testing/checkpoints/whole.js';
import { hasReference, referenceFolder, versions } from '../../../testing/reference.js';
import { syntheticImage, syntheticStateDict } from '../../../testing/synthetic.js';
import { evaluate } from '../../../testing/evaluate.js';
import { buildGhostNet, expectedTensors, inspectGhostNet } from '../../../testing/ghostnet.js';

interface Case {
  readonly id: string;
  readonly architecture: keyof typeof versions;
  readonly width: number;
  readonly input: readonly [number, number, number, number];
  readonly num_classes?: number;
  readonly file: string;
  readonly results: readonly { readonly name: string; readonly shape: readonly number[]; readonly offset: number }[];
}

/** Rounding the result to float32 and a bias of each batch norm: the rest is float64 on both sides. */
const tolerance = 1e-6;

describe.skipIf(!hasReference)('graphs compute what PyTorch computes', () => {
  // The larger cases only repeat this with more arithmetic; the native engine's tests run all of them.
  const small = [
    'ghostnet_050-128x96',
    'ghostnetv2_050-64',
    'ghostnetv2_100-33x33',
    'ghostnetv2_100-97x131-stages',
    'ghostnetv3_050-97x64-stages',
  ];

  it.each(small)(
    '%s',
    async (id) => {
      const index = JSON.parse(readFileSync(join(referenceFolder, 'results/index.json'), 'utf8')) as Case[];
      const { architecture, width, input, file, results } = index.find((entry) => entry.id === id)!;
      const bytes = readFileSync(join(referenceFolder, 'results', file));
      const tensors = syntheticStateDict(versions[architecture], width, 1000);
      const graph = buildGhostNet(tensors, inspectGhostNet(tensors), { outputs: results.map(({ name }) => name) });

      const outputs = await evaluate(graph, syntheticImage('input', input));
      const shapes = outputShapes(graph, [input[2], input[3]]);
      for (const { name, shape, offset } of results) {
        const found = outputs.get(name)!;
        expect(shapes.get(name)!.slice(0, shape.length - 1), name).toEqual(shape.slice(1));
        expect(found.length, name).toBe(shape.reduce((product, size) => product * size, 1));
        const expected = Array.from(found, (_, i) => bytes.readFloatLE(offset + 4 * i));
        const scale = Math.max(...expected.map(Math.abs));
        expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i]!))), name).toBeLessThan(
          tolerance * scale,
        );
      }
    },
    30_000,
  );

  it.each([
    ['training.pth.tar', 'expected.json'],
    ['mindspore.ckpt', 'mindspore.ckpt.expected.json'],
  ])('from %s to logits', async (name, results) => {
    const folder = join(referenceFolder, 'checkpoints');
    const expected = JSON.parse(readFileSync(join(folder, results), 'utf8')) as { input: number[]; logits: number[] };
    const { tensors, framework } = await readWhole(join(folder, name));
    const graph = buildGhostNet(tensors, inspectGhostNet(tensors, framework));
    const logits = (await evaluate(graph, syntheticImage('input', expected.input))).get('logits')!;
    for (const [i, value] of expected.logits.entries()) expect(logits[i]).toBeCloseTo(value, 6);
  });
});

describe.skipIf(!hasReference)('parameters of the published checkpoints', () => {
  it.each([
    ['ghostnet_100', 1, 1],
    ['ghostnetv2_100', 2, 1],
    ['ghostnetv2_130', 2, 1.3],
    ['ghostnetv2_160', 2, 1.6],
    ['ghostnetv3_100', 3, 1],
  ] as const)('%s', (name, version, width) => {
    const all = JSON.parse(readFileSync(join(referenceFolder, 'state-dicts.json'), 'utf8')) as Record<
      string,
      Record<string, number[]>
    >;
    const floats = Object.entries(all[name]!).filter(([tensor]) => !tensor.endsWith('num_batches_tracked'));
    const expected = expectedTensors({ version, width, numClasses: 1000 });
    expect(new Map(expected.map((spec) => [spec.name, spec.shape]))).toEqual(new Map(floats));
  });
});
