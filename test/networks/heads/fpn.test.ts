import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StateDict, StoredTensor, Tensor } from '../../../lib/formats/tensor.js';
import type { Blueprint } from '../../../lib/graph/blueprint.js';
import type { TensorSpec } from '../../../lib/graph/sources.js';
import { exportModel, load, type GhostNet } from '../../../lib/index.js';
import type { Variant } from '../../../lib/networks/ghostnet/table.js';
import { layoutOf as mobileNetV2Layout } from '../../../lib/networks/mobilenetv2/layout.js';
import { repeats } from '../../../lib/networks/mobilenetv2/table.js';
import { layoutOf as mobileNetLayout } from '../../../lib/networks/mobilenetv3/layout.js';
import { layoutOf as repGhostLayout } from '../../../lib/networks/repghost/layout.js';
import { mainOutputs } from '../../../lib/networks/network.js';
import { identify } from '../../../lib/networks/registry.js';
import { placesIn, timmNames, type Place } from '../../../lib/networks/tensor-names.js';
import { referenceCase } from '../../../testing/cases.js';
import { errorOf } from '../../../testing/error-of.js';
import { onReference } from '../../../testing/on-reference.js';
import { pyramidWeights as weightsOf, withNeck } from '../../../testing/pyramid.js';
import { savedTensors } from '../../../testing/saved.js';
import { syntheticImage, syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';
import { evaluate } from '../../../testing/evaluate.js';
import { evaluateOnnx } from '../../../testing/evaluate-onnx.js';
import { readOnnx } from '../../../testing/onnx.js';

const folder = temporaryFolder();

/** The same as mmdetection names them. */
function asWritten(tensors: StateDict): StateDict {
  const names = [...tensors].map(([name, tensor]): [string, Tensor] => [
    name.startsWith('neck.') ? name : `backbone.timm_model.${name.replace(/^blocks\.(\d+)\./, 'blocks_$1.')}`,
    tensor as Tensor,
  ]);
  return new Map(names);
}

async function mapsOf(tensors: StateDict, height: number, width: number): Promise<Map<string, Float64Array>> {
  const network = identify(tensors);
  const graph = network.blueprint.graph(tensors, mainOutputs(network));
  return evaluate(graph, syntheticImage('input', [1, 3, height, width]));
}

async function loaded(tensors: StateDict): Promise<GhostNet> {
  const file = join(folder, 'fpn.safetensors');
  writeFileSync(file, savedTensors(asWritten(tensors) as Map<string, Tensor>));
  return load(file, { threads: 2 });
}

describe('a feature pyramid on a GhostNet', () => {
  // What timm 1.0's backbone and a neck of PyTorch's convolutions compute in float64 from numbers of the rule in
  // testing/synthetic.ts: the sum of each map, that of its absolute values, and the first of its values.
  it.each<[Omit<Variant, 'numClasses'>, number, number, number, number, Record<string, [number, number, number]>]>([
    [
      { version: 2, width: 1 },
      4,
      8,
      97,
      131,
      {
        p2: [-651.034928, 4782.35125, -0.0492481813],
        p3: [-293.873451, 1481.15078, -0.259430975],
        p4: [32.5341682, 346.681667, -0.53260082],
        p5: [-55.6639828, 90.9752762, -0.924770653],
      },
    ],
    [
      { version: 1, width: 0.5 },
      3,
      12,
      64,
      96,
      {
        p3: [-154.157639, 1403.95783, 1.23652947],
        p4: [-114.153857, 242.513376, -0.731674731],
        p5: [-2.22784298, 26.1715984, 0.813325644],
      },
    ],
  ])('%j with %i levels means what PyTorch computes', async (variant, levels, channels, height, width, expected) => {
    const maps = await mapsOf(weightsOf(variant, levels, channels), height, width);
    expect([...maps.keys()]).toEqual(Object.keys(expected));
    for (const [name, map] of maps) {
      const found = [map.reduce((a, b) => a + b, 0), map.reduce((a, b) => a + Math.abs(b), 0), map[0]!];
      for (const [i, value] of expected[name]!.entries()) expect(found[i]! / value, name).toBeCloseTo(1, 5);
    }
  });

  it('is computed so, and hands over its maps by default', async () => {
    const tensors = weightsOf({ version: 2, width: 0.5 }, 4, 20);
    await using model = await loaded(tensors);
    expect(model.config).toMatchObject({ architecture: 'ghostnetv2_050_fpn', version: 2, width: 0.5, numClasses: 0 });
    const [height, width] = [97, 131];
    const image = syntheticImage('input', [1, 3, height, width]);
    const expected = await mapsOf(tensors, height, width);
    const maps = await model.features({ data: image.data, shape: [1, 3, height, width] });
    expect(maps.map(({ name, shape, stride }) => [name, shape, stride])).toEqual([
      ['p2', [1, 20, 25, 33], 4],
      ['p3', [1, 20, 13, 17], 8],
      ['p4', [1, 20, 7, 9], 16],
      ['p5', [1, 20, 4, 5], 32],
    ]);
    for (const { name, data } of maps) {
      const differences = expected.get(name)!.map((value, i) => Math.abs(data[i]! - value));
      expect(Math.max(...differences), name).toBeLessThan(2e-5);
    }
    const stages = await model.features(
      { data: image.data, shape: [1, 3, height, width] },
      { stages: ['p5', 'blocks.3'] },
    );
    expect(stages.map(({ name, shape }) => [name, shape[1]])).toEqual([
      ['p5', 20],
      ['blocks.3', 20],
    ]);
    expect(stages[0]!.data).toEqual(maps[3]!.data);
    expect(onReference(model)).toEqual([]);
    expect(await model.attention({ data: image.data, shape: [1, 3, height, width] })).toHaveLength(10);
  });

  it('says that it has no classifier and no embedding', async () => {
    await using model = await loaded(weightsOf({ version: 1, width: 0.5 }, 3, 8));
    const picture = { data: new Uint8Array(3 * 64 * 64), width: 64, height: 64, channels: 3 } as const;
    const tensor = { data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] } as const;
    const classifier = 'classifier';
    const head = 'conv_head, which makes the embedding of its last map';
    for (const [asked, missing] of [
      [model.classify(picture), classifier],
      [model.embed(picture), head],
      [model.infer(tensor), classifier],
    ] as const) {
      const { code, message } = await errorOf(asked);
      expect(code).toBe('ERR_GHOST_ARCHITECTURE');
      expect(message).toBe(
        `ghostnet_050_fpn is a GhostNet V1 with an FPN: it has no ${missing}. What it answers is features(); load the whole network for the rest.`,
      );
    }
  });

  it('without channels is refused as such', () => {
    expect(() => identify(weightsOf({ version: 1, width: 0.5 }, 3, 0))).toThrow(
      'The checkpoint has 0 channels or 0 classes in tensor neck.lateral_convs.0.conv.weight of shape [0, 20, 1, 1]; expected one or more.',
    );
  });

  it('is written with all its maps as ONNX, and not for timm', async () => {
    const tensors = weightsOf({ version: 2, width: 0.5 }, 3, 8);
    await (await loaded(tensors)).dispose();
    const source = join(folder, 'fpn.safetensors');
    const onnx = join(folder, 'fpn.onnx');
    await exportModel(source, onnx, { inputSize: [64, 97] });
    const file = readOnnx(readFileSync(onnx));
    expect(file.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['p3', ['batch', 8, 8, 13]],
      ['p4', ['batch', 8, 4, 7]],
      ['p5', ['batch', 8, 2, 4]],
    ]);
    const found = evaluateOnnx(file, syntheticImage('input', [1, 3, 64, 97]));
    for (const [name, map] of await mapsOf(tensors, 64, 97)) {
      const differences = map.map((value, i) => Math.abs(found.get(name)![i]! - value));
      expect(Math.max(...differences), name).toBeLessThan(2e-5);
    }
    const { code, message } = await errorOf(exportModel(source, join(folder, 'x.safetensors')));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toBe(`${source} holds a network with an FPN, and timm has none: it cannot be written for timm.`);
  });

  it('is told by its neck, and refused where something is missing, changed or too much', () => {
    const written = asWritten(weightsOf({ version: 3, width: 0.3 }, 2, 8));
    const named = (tensors: StateDict): Map<string, Tensor | StoredTensor> => {
      const [{ below }] = placesIn({ path: '', shapes: tensors, read: () => Promise.resolve(new Map()) }) as [Place];
      return new Map(
        [...timmNames(below, 'pytorch', 'weights.pth')].map(([name, fullName]) => [name, tensors.get(fullName)!]),
      );
    };
    const tensors = named(written);
    expect(identify(tensors)).toMatchObject({ architecture: 'ghostnetv3_030_fpn', kind: 'GhostNet V3 with an FPN' });
    const wrapped = new Map([...written].map(([name, tensor]) => [`module.detector.${name}`, tensor]));
    expect([...named(wrapped).keys()]).toEqual([...tensors.keys()]);
    tensors.set('bbox_head.conv.weight', syntheticTensor('x', [4, 8, 1, 1]));
    expect(() => identify(tensors)).toThrow(/is no GhostNet V3 with an FPN that is known; unexpected: bbox_head/);
    tensors.delete('bbox_head.conv.weight');
    tensors.set('neck.fpn_convs.1.conv.weight', syntheticTensor('x', [9, 8, 3, 3]));
    expect(() => identify(tensors)).toThrow(/Tensor neck\.fpn_convs\.1\.conv\.weight has shape \[9, 8, 3, 3\], where/);
    tensors.delete('neck.fpn_convs.1.conv.weight');
    expect(() => identify(tensors)).toThrow(/it lacks 1 of \d+ tensors, the first is neck\.fpn_convs\.1\.conv\.weight/);
  });
});

const backboneOf = (net: Blueprint, above: RegExp): TensorSpec[] =>
  net.tensors().filter(({ name }) => !above.test(name));
const small = { width: 0.5, numClasses: 1 } as const;
const mobileNetV2 = {
  ...small,
  repeats: repeats.paper,
  stemChannels: 16,
  headChannels: 1280,
  attention: new Map(),
};
const [above, behind] = [/^(?:conv_head|bn2|classifier)\./, /^(?:blocks\.[89]|conv_head|classifier)\./];

describe('a feature pyramid on a GhostNet with blocks of its own', () => {
  it.each(['dfc-7x9', 'ratio-3', 'all-squeeze', 'dfc-v3-7x3'])('%s is read from the tensors', async (name) => {
    const whole = referenceCase(name);
    const backbone = [...whole.tensors]
      .map(([tensor, { shape }]) => ({ name: tensor, shape }))
      .filter((spec) => !/^(?:blocks\.5|conv_head|classifier)\./.test(spec.name));
    const last = [2, 3, 4].map((stage) => `blocks.${stage}.0.shortcut.2.weight`);
    const tensors = withNeck(backbone, last, 12);
    await using model = await loaded(tensors);
    expect(model.config).toMatchObject({ architecture: `${whole.architecture}_fpn`, width: undefined, numClasses: 0 });
    const layout = identify(whole.tensors).layout!.map((line) => line.replace('; last 24; head 20', ''));
    expect(model.config.layout).toEqual(layout);
    const expected = await mapsOf(tensors, 65, 96);
    const { data } = syntheticImage('input', [1, 3, 65, 96]);
    const maps = await model.features({ data, shape: [1, 3, 65, 96] });
    expect(maps.map(({ stride, shape }) => [stride, shape[1]])).toEqual([8, 16, 32].map((stride) => [stride, 12]));
    for (const { name: map, data: values } of maps) {
      const differences = expected.get(map)!.map((value, i) => Math.abs(values[i]! - value));
      expect(Math.max(...differences), map).toBeLessThan(2e-5);
    }
    expect(onReference(model)).toEqual([]);
  });
});

describe('a feature pyramid on another network', () => {
  // Where timm's feature_info has its maps, by the weights that make them.
  it.each<[string, readonly TensorSpec[], readonly string[], readonly number[]]>([
    [
      'mobilenetv3_small_050',
      backboneOf(mobileNetLayout({ ...small, size: 'small' }), above),
      ['0.0.conv_pw', '1.1.conv_pwl', '3.1.conv_pwl', '5.0.conv'],
      [4, 8, 16, 32],
    ],
    [
      'mobilenetv3_large_050',
      backboneOf(mobileNetLayout({ ...small, size: 'large' }), above),
      ['0.0.conv_pw', '1.1.conv_pwl', '2.2.conv_pwl', '4.1.conv_pwl', '6.0.conv'],
      [2, 4, 8, 16, 32],
    ],
    [
      'mobilenetv2_050',
      backboneOf(mobileNetV2Layout(mobileNetV2), above),
      ['0.0.conv_pw', '1.1.conv_pwl', '2.2.conv_pwl', '4.2.conv_pwl', '6.0.conv_pwl'],
      [2, 4, 8, 16, 32],
    ],
    [
      'repghostnet_050',
      backboneOf(repGhostLayout({ ...small, deployed: false }), behind),
      ['1.0.shortcut.2', '3.0.shortcut.2', '5.0.shortcut.2', '7.0.shortcut.2'],
      [4, 8, 16, 32],
    ],
  ])('%s is recognised, and computed as the graph means it', async (architecture, backbone, last, strides) => {
    const weights = last.map((name) => `blocks.${name}.weight`);
    const tensors = withNeck(backbone, weights, 12);
    await using model = await loaded(tensors);
    expect(model.config).toMatchObject({ architecture: `${architecture}_fpn`, width: 0.5, numClasses: 0 });
    const [height, width] = [65, 96];
    const expected = await mapsOf(tensors, height, width);
    const { data } = syntheticImage('input', [1, 3, height, width]);
    const maps = await model.features({ data, shape: [1, 3, height, width] });
    expect(maps.map(({ name, stride, shape }) => [name, stride, shape[1]])).toEqual(
      strides.map((stride) => [`p${Math.log2(stride)}`, stride, 12]),
    );
    for (const { name, data } of maps) {
      const differences = expected.get(name)!.map((value, i) => Math.abs(data[i]! - value));
      expect(Math.max(...differences), name).toBeLessThan(2e-5);
    }
    expect(onReference(model)).toEqual([]);
  });

  it('takes the last of its features', () => {
    const backbone = mobileNetLayout({ size: 'large', width: 1, numClasses: 1 })
      .tensors()
      .filter(({ name }) => !/^(?:conv_head|classifier)\./.test(name));
    const network = identify(withNeck(backbone, ['blocks.4.1.conv_pwl.weight', 'blocks.6.0.conv.weight'], 8));
    expect(network).toMatchObject({ architecture: 'mobilenetv3_large_100_fpn', kind: 'MobileNetV3 with an FPN' });
    expect(mainOutputs(network)).toEqual(['p4', 'p5']);
    expect(network.named('mobilenetv3_large_075_fpn')).toMatchObject({ width: 0.75 });
    expect(network.named('ghostnet_100_fpn')).toBeUndefined();
  });
});
