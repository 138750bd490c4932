// What must hold wherever the package runs, small enough for an emulated machine: run by smoke.js under that machine's
// Node,
//     node --test-reporter=tap smoke.js '{ "isas": ["neon", "plain"], "fp16": false, "heads": ["smp-unet-v1"], "reference": "folder or empty" }'
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeImage } from '../../lib/pixels/image.js';
import { GhostNetError, load, preprocess, type Tensor4 } from '../../lib/index.js';
import { cpu, infer, type Shape } from '../../lib/native/native.js';
import { createPackedModel } from '../../lib/engine/packing.js';
import { versions, type ReferenceCase } from '../../testing/reference.js';
import { expectedOf, headCasesIn, savedHead } from '../../testing/head-cases.js';
import { caseOf, errorOf, saved, type Output } from '../../testing/small-heads.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';
import { buildGhostNet, inspectGhostNet } from '../../testing/ghostnet.js';

interface Asked {
  isas: string[];
  fp16: boolean;
  /** Those of test/reference/heads: a 32-bit program cannot list a folder here, see machines.js. */
  heads: string[];
  reference: string;
}
const { isas, fp16, heads, reference } = JSON.parse(process.argv[2]!) as Asked;
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ghostnet-smoke-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const sample = pathOf('../../examples/sample.png');

function assertClose(found: Float32Array, expected: readonly number[], tolerance: number, name: string): void {
  assert.equal(found.length, expected.length, name);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(found[i]! - value) < tolerance, `${name}[${i}] is ${found[i]}, not ${value}`);
  }
}

await test(`has kernels for ${isas.join(' and ')}`, () => {
  const found = cpu();
  assert.deepEqual([found.isas, found.fp16], [isas, fp16]);
});

await test('decodes a picture to the pixels that were rendered', async () => {
  const { sha256 } = JSON.parse(readFileSync(pathOf('../pixels/fixtures/fixture.json'), 'utf8')) as { sha256: string };
  const { data } = await decodeImage(pathOf('../pixels/fixtures/fixture.png'));
  assert.equal(createHash('sha256').update(data).digest('hex'), sha256);
});

for (const isa of isas) {
  await test(`${isa}: the model in the box sees what is in examples/sample.png`, async () => {
    process.env.GHOSTNET_ISA = isa;
    await using model = await load();
    assert.equal(model.info.isa, isa);
    const top = await model.classify(sample, { topK: 5 });
    assert.ok(
      top.some(({ label }) => label === 'orange'),
      JSON.stringify(top),
    );
  });
}

await test(fp16 ? 'sees it in half precision too' : 'refuses half precision, and says why', async () => {
  delete process.env.GHOSTNET_ISA;
  await using automatic = await load(undefined, { precision: 'auto' });
  assert.equal(automatic.info.precision, fp16 ? 'fp16' : 'fp32');
  const loading = load(undefined, { precision: 'fp16' });
  if (!fp16)
    return await assert.rejects(
      loading,
      (error) => error instanceof GhostNetError && error.code === 'ERR_GHOST_PRECISION',
    );
  await using model = await loading;
  assert.equal(model.info.precision, 'fp16');
  const top = await model.classify(sample, { topK: 5 });
  assert.ok(
    top.some(({ label }) => label === 'orange'),
    JSON.stringify(top),
  );
});

await test('every instruction set makes the same tensor of a picture', async () => {
  const tensors: Tensor4[] = [];
  for (const isa of isas) {
    process.env.GHOSTNET_ISA = isa;
    tensors.push(await preprocess(sample));
  }
  for (const tensor of tensors) assert.deepEqual(tensor, tensors[0]);
});

await test('a wrong argument is answered by an error with a code', async () => {
  await using model = await load();
  await assert.rejects(model.infer({ data: new Float32Array(5), shape: [1, 3, 1, 1] }), (error) => {
    return error instanceof GhostNetError && error.code === 'ERR_GHOST_SHAPE';
  });
});

/**
 * The best of the machine: the plain ones where there are no others, which would take most of the time elsewhere. In half
 * precision as far off as `auto` allows.
 */
const kernels = [
  ...isas.slice(0, 1).map((isa) => ({ isa, precision: 'fp32', tolerance: 2e-5 }) as const),
  ...(fp16 ? [{ isa: undefined, precision: 'fp16', tolerance: 1e-2 } as const] : []),
];

async function testHead(
  name: string,
  path: string,
  input: Shape,
  maps: Readonly<Record<string, Output>>,
): Promise<void> {
  for (const { isa, precision, tolerance } of kernels) {
    await test(`${isa ?? precision}: computes ${name} as PyTorch does`, async () => {
      if (isa) process.env.GHOSTNET_ISA = isa;
      else delete process.env.GHOSTNET_ISA;
      await using model = await load(path, { threads: 2, precision });
      const { data } = syntheticImage('input', input);
      const values = await model.infer({ data, shape: input }, { outputs: Object.keys(maps) });
      for (const [output, expected] of Object.entries(maps)) {
        assert.deepEqual(values[output]!.shape, expected.shape, output);
        const error = errorOf(expected, values[output]!.data);
        assert.ok(error < tolerance, `${output} is ${error} of its largest value off`);
      }
    });
  }
}

for (const name of heads) {
  const found = caseOf(name);
  await testHead(name, saved(found, folder), found.input, found.outputs);
}

if (reference) {
  const cases = JSON.parse(readFileSync(join(reference, 'results/index.json'), 'utf8')) as ReferenceCase[];
  for (const { id, architecture, width, input, num_classes = 1000, file, results } of cases) {
    const pixels = input[0] * input[2] * input[3];
    // Larger ones would take minutes, and on the plain kernels these too, unless there are no others.
    if (width > 1 || pixels > 224 * 224) continue;
    for (const isa of isas.filter((isa) => isa === isas[0] || pixels <= 64 * 64)) {
      await test(`${isa}: computes ${id} as PyTorch does`, async () => {
        const tensors = syntheticStateDict(versions[architecture], width, num_classes);
        const graph = buildGhostNet(tensors, inspectGhostNet(tensors), { outputs: results.map(({ name }) => name) });
        const model = await createPackedModel(graph, { threads: 2, isa });
        const { data } = syntheticImage('input', input);
        const outputs = await infer(model, graph, { data, shape: input, lent: true }, undefined);
        model.close();
        const bytes = readFileSync(join(reference, 'results', file));
        for (const [i, { name, offset }] of results.entries()) {
          const expected = Array.from(outputs[i]!.data, (_, k) => bytes.readFloatLE(offset + 4 * k));
          assertClose(outputs[i]!.data, expected, name === 'logits' ? 2e-5 : 1e-4, name);
        }
      });
    }
  }

  for (const found of headCasesIn(reference)) {
    const maps = found.results.flatMap((result): [string, Output][] => {
      const { name, shape } = result;
      const isMap = /^(?:head|logits|pred\.\d+)$/.test(name);
      return isMap ? [[name, { shape, step: 1, values: [...expectedOf(found, result)] }]] : [];
    });
    await testHead(found.id, savedHead(found, folder), found.input, Object.fromEntries(maps));
  }

  for (const [file, expected] of [
    ['plain.pth', 'expected.json'],
    ['legacy.pth', 'expected.json'],
    ['model.safetensors', 'expected.json'],
    ['mindspore.ckpt', 'mindspore.ckpt.expected.json'],
  ] as const) {
    for (const isa of isas) {
      await test(`${isa}: reads ${file}, and computes what its framework did`, async () => {
        process.env.GHOSTNET_ISA = isa;
        const { input, logits } = JSON.parse(readFileSync(join(reference, 'checkpoints', expected), 'utf8')) as {
          input: Shape;
          logits: number[];
        };
        await using model = await load(join(reference, 'checkpoints', file));
        const { data } = await model.infer({ data: syntheticImage('input', input).data, shape: input });
        assertClose(data, logits, 1e-5, 'logits');
      });
    }
  }
}
