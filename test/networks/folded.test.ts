import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StateDict, Tensor } from '../../lib/formats/tensor.js';
import { exportModel, load } from '../../lib/index.js';
import { checkClaim } from '../../lib/networks/claim.js';
import { identify } from '../../lib/networks/registry.js';
import { mainOutputs } from '../../lib/networks/network.js';
import { referenceCase } from '../../testing/cases.js';
import { errorOf } from '../../testing/error-of.js';
import { evaluate } from '../../testing/evaluate.js';
import { pyramidWeights } from '../../testing/pyramid.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage, syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

/** The module of the convolution before a batch norm of a GhostNet or of a neck. */
function convolutionOf(norm: string): string {
  if (norm === 'bn1') return 'conv_stem';
  return norm
    .replace(/bn_dw$/, 'conv_dw')
    .replace(/\.bn1?$/, '.conv')
    .replace(/\.([135])$/, (_, index: string) => `.${Number(index) - 1}`);
}

/** The same network with its batch norms folded into its convolutions, in float64. */
function folded(tensors: StateDict, where: (norm: string) => boolean = () => true): Map<string, Tensor> {
  const found = new Map(tensors as Map<string, Tensor>);
  const norms = [...tensors.keys()].flatMap((name) => /^(.*)\.running_mean$/.exec(name)?.[1] ?? []);
  for (const norm of norms.filter(where)) {
    const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => {
      const { data } = found.get(`${norm}.${part}`)!;
      found.delete(`${norm}.${part}`);
      return data;
    });
    const conv = convolutionOf(norm);
    const { shape, data } = found.get(`${conv}.weight`)!;
    const scale = Float64Array.from(gamma!, (value, c) => value / Math.sqrt(variance![c]! + 1e-5));
    const perChannel = data.length / scale.length;
    const weight = data.map((value, i) => value * scale[Math.floor(i / perChannel)]!);
    const bias = beta!.map((value, c) => value - mean![c]! * scale[c]!);
    found.set(`${conv}.weight`, { shape, data: weight });
    found.set(`${conv}.bias`, { shape: [scale.length], data: bias });
  }
  return found;
}

function saved(name: string, tensors: Map<string, Tensor>): string {
  const file = join(folder, `${name}.safetensors`);
  writeFileSync(file, savedTensors(tensors));
  return file;
}

async function valuesOf(tensors: StateDict, outputs?: readonly string[]): Promise<Float64Array[]> {
  const network = identify(tensors);
  const graph = network.blueprint.graph(tensors, outputs ?? mainOutputs(network));
  return [...(await evaluate(graph, syntheticImage('input', [1, 3, 64, 64]))).values()];
}

function expectClose(found: Float64Array[], expected: Float64Array[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, values] of expected.entries()) {
    const differences = values.map((value, k) => Math.abs(found[i]![k]! - value));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  }
}

describe('batch norms that are folded into their convolutions', () => {
  const plain = syntheticStateDict(2, 0.1, 10);

  it.each(['', '.2.', 'conv_dw'])('mean the same network, wholly or in part %j', async (part) => {
    const tensors = folded(plain, (norm) => convolutionOf(norm).includes(part));
    expect(tensors.size).toBeLessThan(plain.size);
    expect(identify(tensors)).toMatchObject({ architecture: 'ghostnetv2_010', width: 0.1, numClasses: 10 });
    expectClose(await valuesOf(tensors), await valuesOf(plain));
  });

  it('are told in words', () => {
    const norms = [...plain.keys()].filter((name) => name.endsWith('.running_mean')).length;
    expect(identify(folded(plain)).layout).toEqual([`batch norm folded into ${norms} of ${norms} convolutions`]);
    const { layout } = identify(folded(plain, (norm) => norm === 'bn1'));
    expect(layout).toEqual([`batch norm folded into 1 of ${norms} convolutions`]);
    expect(identify(plain)).not.toHaveProperty('layout');
  });

  it('are told of a network with blocks of its own too, whatever is said of its gate', async () => {
    const file = saved('own', referenceCase('folded-v2').tensors);
    await using model = await load(file, { gate: { pooling: 'max' } });
    expect(model.config.layout.at(-1)).toMatch(/^batch norm folded into (\d+) of \1 convolutions$/);
  });

  it('make the first feature that of the convolution as it is stored', async () => {
    const [found] = await valuesOf(folded(plain), ['conv_stem']);
    const [normed] = await valuesOf(plain, ['conv_stem']);
    const { data } = folded(plain).get('conv_stem.bias')!;
    const scale = plain.get('bn1.weight')!.data[0]! / Math.sqrt(plain.get('bn1.running_var')!.data[0]! + 1e-5);
    expect(found![0]).toBeCloseTo(scale * normed![0]! + data[0]!, 5);
  });

  it('may be those of a deployed GhostNetV3, if it is said', () => {
    const tensors = folded(plain);
    const claim = { name: 'ghostnetv3_010', source: 'the config.json beside it', advice: 'Correct it.' };
    expect(() => checkClaim(claim, identify(tensors), tensors, 'weights.pth')).not.toThrow();
    expect(() => checkClaim(claim, identify(plain), plain, 'weights.pth')).toThrow(/primary_rpr_conv/);
  });

  it('are of a neck too, whose convolutions have biases or norms', async () => {
    const biased = pyramidWeights({ version: 1, width: 0.3 }, 2, 8);
    const normed = new Map([...biased].filter(([name]) => !/^neck\..*\.bias$/.test(name)));
    for (const conv of [...normed.keys()].filter((name) => name.startsWith('neck.')))
      for (const part of ['weight', 'bias', 'running_mean', 'running_var']) {
        const name = conv.replace('conv.weight', `bn.${part}`);
        normed.set(name, syntheticTensor(name, [8]));
      }
    expect(identify(biased)).not.toHaveProperty('layout');
    expect(identify(normed)).toMatchObject({ architecture: 'ghostnet_030_fpn' });
    const tensors = folded(normed);
    expect([...tensors.keys()].sort()).toEqual([...folded(biased).keys()].sort());
    expectClose(await valuesOf(tensors), await valuesOf(normed));
  });

  it('are written as .onnx, and not for timm', async () => {
    const file = saved('folded', folded(plain));
    await exportModel(file, join(folder, 'folded.onnx'), { inputSize: [64, 64] });
    const { code, message } = await errorOf(exportModel(file, join(folder, 'again.safetensors')));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toContain('whose batch norms are folded into its convolutions');
  });

  it('of which one lacks its bias are missing', async () => {
    const tensors = folded(plain);
    tensors.delete('blocks.3.0.conv_dw.bias');
    const { code, message } = await errorOf(load(saved('lacking', tensors)));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toContain('it lacks 4 of 279 tensors, the first is blocks.3.0.bn_dw.weight');
  });
});
