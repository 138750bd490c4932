import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../lib/formats/tensor.js';
import { exportModel, load } from '../../../lib/index.js';
import { structureOf } from '../../../lib/networks/ghostnet/structure.js';
import { identify } from '../../../lib/networks/registry.js';
import { referenceCase } from '../../../testing/cases.js';
import { errorOf } from '../../../testing/error-of.js';
import { savedTensors } from '../../../testing/saved.js';
import { syntheticStateDict, syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

function saved(name: string, tensors: Map<string, Tensor>): string {
  const file = join(folder, `${name}.safetensors`);
  writeFileSync(file, savedTensors(tensors));
  return file;
}

describe('a GhostNet with blocks of its own', () => {
  it('is told in words', async () => {
    await using model = await load(saved('own', referenceCase('dfc-7x9').tensors));
    expect(model.config).toMatchObject({ architecture: 'ghostnetv2', version: 2, width: undefined });
    expect(model.config.layout).toEqual([
      'stages of 1, 2, 2, 2, 2 blocks',
      'channels: stem 16; stages 14, 18, 21, 30, 38; last 24; head 20',
      'halved in 1.0 by 3x3, 2.0 by 5x5, 3.0 by 3x3, 4.0 by 5x5',
      'squeeze-and-excitation in 4 of 9 blocks',
      'attention of 7x1 and 1x9 in 0.0.ghost1, 1.0.ghost1, 1.1.ghost1, 2.0.ghost1, 2.1.ghost1, 3.0.ghost1, 3.1.ghost1, 4.0.ghost1, 4.1.ghost1',
    ]);
    expect(identify(referenceCase('cheap-5').tensors).layout).toContain('cheap operation of 5x5 in every ghost module');
    const { layout } = identify(referenceCase('ratio-3').tensors);
    expect(layout).toContain('one primary channel of 3 in every ghost module');
  });

  it.each([
    ['attention-positions', [98, 98], 'attention of any two of 36 positions in 2.1.ghost1, 3.0.ghost1'],
    ['attention-rows-columns', [98, 64], 'attention of any two of 6 rows, and of 4 columns in 2.1.ghost1, 3.0.ghost1'],
  ] as const)('that is for one size of input alone says so: %s', async (name, inputSize, words) => {
    await using model = await load(saved(name, referenceCase(name).tensors));
    expect(model.config.preprocess.inputSize).toEqual(inputSize);
    expect(model.config.layout).toContain(words);
    const [height, width] = inputSize;
    const image = { data: new Uint8Array(3 * height * width), width, height, channels: 3 } as const;
    expect(await model.classify(image)).toHaveLength(5);
    const [first] = await model.attention(image);
    expect(first!.shape.slice(-2)).toEqual([24, inputSize[1] >> 2]);
    expect(() => model.plan([224, 224])).toThrow(
      `where the network has weights for ${name === 'attention-positions' ? 576 : 24}: it is made for ${inputSize.join('x')}.`,
    );
  });

  it('may have a bias for each position', async () => {
    const name = 'blocks.2.0.ghost1.short_conv.2.bias';
    const bias = { shape: [144], data: new Float32Array(144).fill(-50, 7, 8) };
    const tensors = new Map([...referenceCase('attention-positions').tensors, [name, bias]]);
    await using model = await load(saved('biased', tensors));
    const image = { data: new Uint8Array(3 * 98 * 98), width: 98, height: 98, channels: 3 } as const;
    const gate = (await model.attention(image)).find((map) => map.name === 'blocks.2.0')!;
    const closed = [...gate.data].flatMap((value, i) => (value < 1e-3 ? [i % 144] : []));
    expect(new Set(closed)).toEqual(new Set([7]));
    expect(closed).toHaveLength(gate.shape[1]);
  });

  it('that is for one size of input alone is refused at another one', async () => {
    const { tensors } = referenceCase('attention-positions');
    const folder = join(temporaryFolder(), 'other-size');
    mkdirSync(folder);
    writeFileSync(join(folder, 'model.safetensors'), savedTensors(tensors));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ pretrained_cfg: { input_size: [3, 224, 224] } }));
    const { code, message } = await errorOf(load(folder));
    expect(code).toBe('ERR_GHOST_CHECKPOINT');
    expect(message).toContain(
      'cannot be used at the input_size of the config.json beside it. An input of 224x224 pixels has 3136 positions at',
    );
  });

  it('gives the gates of both of its modules', async () => {
    await using model = await load(saved('both', referenceCase('dfc-both').tensors));
    const gates = await model.attention({ data: new Uint8Array(3 * 96 * 96), width: 96, height: 96, channels: 3 });
    expect(gates.slice(0, 2).map(({ name, stride }) => [name, stride])).toEqual([
      ['blocks.1.0', 4],
      ['blocks.1.0.ghost2', 8],
    ]);
  });

  it('is written as .onnx, and not for timm', async () => {
    const file = saved('own', referenceCase('kernels-7').tensors);
    await exportModel(file, join(folder, 'own.onnx'));
    const { code, message } = await errorOf(exportModel(file, join(folder, 'again.safetensors')));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toContain('holds a network with blocks of its own, which timm has not');
  });

  it('is none where its config.json names a published one', async () => {
    const file = saved('named', referenceCase('wide-head').tensors);
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ architecture: 'ghostnet_100', num_classes: 7 }));
    const { code, message } = await errorOf(load(file));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toMatch(
      /holds the weights of ghostnet, but the config\.json beside it names ghostnet_100: tensor /,
    );
  });

  it('whose tensors do not fit each other is compared with the published one that is most similar', () => {
    const { tensors } = referenceCase('v2');
    tensors.set('blocks.2.1.ghost1.cheap_operation.0.weight', syntheticTensor('x', [20, 1, 3, 3]));
    expect(() => identify(tensors)).toThrow(/is no (?:complete )?GhostNet V2|the most similar network/);
  });

  it('has odd kernels alone', () => {
    const { tensors } = referenceCase('v1');
    expect(structureOf(tensors)).toBeDefined();
    for (const [name, { shape }] of [...tensors])
      if (name.includes('cheap_operation.0.')) tensors.set(name, syntheticTensor(name, [...shape.slice(0, 2), 4, 4]));
    expect(structureOf(tensors)).toBeUndefined();
    expect(() => identify(tensors)).toThrow(expect.objectContaining({ code: 'ERR_GHOST_ARCHITECTURE' }));
  });

  it('is not what a published one becomes that lacks a tensor', () => {
    const tensors = new Map(syntheticStateDict(2, 0.1, 10));
    tensors.delete('blocks.6.4.se.conv_expand.bias');
    expect(() => identify(tensors)).toThrow(/is no complete GhostNet V2: it lacks 1 of \d+ tensors/);
  });
});
