import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultGateConfig } from '../../lib/gate-config.js';
import type { Conv2dNode } from '../../lib/graph/graph.js';
import type { Tensor } from '../../lib/formats/tensor.js';
import { exportModel, type ExportOptions } from '../../lib/index.js';
import { onnxFile } from '../../lib/onnx/file.js';
import { onnxGraph } from '../../lib/onnx/graph.js';
import { fold } from '../../lib/graph/fold.js';
import { errorOf } from '../../testing/error-of.js';
import { referenceCase } from '../../testing/cases.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { smallModel } from '../../testing/hub-cache.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';
import { floatsOf, integersOf, readOnnx, type OnnxFile } from '../../testing/onnx.js';
import { layoutOf as mobileNetV3 } from '../../lib/networks/mobilenetv3/layout.js';
import type { Variant } from '../../lib/networks/ghostnet/table.js';
import { buildGhostNet } from '../../testing/ghostnet.js';

const folder = temporaryFolder();
const variant = { version: 2, width: 0.1, numClasses: 4 } as const;

/** The file of a graph with synthetic weights. */
async function written(variant: Variant, inputSize: readonly [number, number], batch?: number): Promise<OnnxFile> {
  const graph = buildGhostNet(syntheticStateDict(variant.version, variant.width, variant.numClasses), variant);
  const pieces: Uint8Array[] = [];
  for await (const piece of onnxFile(onnxGraph(graph, inputSize, batch))) pieces.push(piece);
  return readOnnx(Buffer.concat(pieces));
}

describe('an exported ONNX file', () => {
  const source = join(folder, 'model.safetensors');
  const model = smallModel();
  writeFileSync(source, model['model.safetensors']!);
  writeFileSync(join(folder, 'config.json'), model['config.json']!);

  it('is of opset 18, with any batch and the size of the input that the model has', async () => {
    const file = join(folder, 'any.onnx');
    const { files, sizeBytes, config } = await exportModel(source, file);
    expect(files).toEqual([file]);
    const bytes = readFileSync(file);
    expect(sizeBytes).toBe(bytes.length);
    expect(config).toMatchObject({ architecture: 'ghostnetv2_010', numClasses: 4 });
    const { irVersion, opsets, inputs, outputs } = readOnnx(bytes);
    expect({ irVersion, opsets }).toEqual({ irVersion: 8, opsets: [{ domain: '', version: 18 }] });
    expect(inputs).toEqual([{ name: 'input', type: 1, shape: ['batch', 3, 64, 64] }]);
    expect(outputs).toEqual([{ name: 'logits', type: 1, shape: ['batch', 4] }]);
  });

  it('has labels and preprocessing with it', async () => {
    const file = join(folder, 'labels.onnx');
    await exportModel(source, file, { inputSize: [96, 64] });
    const { metadata, inputs } = readOnnx(readFileSync(file));
    expect(inputs[0]!.shape).toEqual(['batch', 3, 96, 64]);
    expect(metadata['architecture']).toBe('ghostnetv2_010');
    expect(JSON.parse(metadata['labels']!)).toEqual(['a', 'b', 'c', 'd']);
    expect(JSON.parse(metadata['preprocess']!)).toMatchObject({
      inputSize: [96, 64],
      interpolation: 'bicubic',
      mean: [0.485, 0.456, 0.406],
    });
  });

  it('refuses an input that nothing is left of', async () => {
    expect((await errorOf(exportModel(source, join(folder, 'small.onnx'), { inputSize: [16, 16] }))).code).toBe(
      'ERR_GHOST_SHAPE',
    );
  });
});

/** What is exported of a network by its tensors. */
async function exported(
  name: string,
  tensors: ReadonlyMap<string, Tensor>,
  options: ExportOptions = {},
): Promise<OnnxFile> {
  const [source, file] = [join(folder, name, 'model.safetensors'), join(folder, `${name}.onnx`)];
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(source, savedTensors(tensors));
  await exportModel(source, file, { ...options, overwrite: true });
  return readOnnx(readFileSync(file));
}

async function mobileNet(): Promise<OnnxFile> {
  const specs = mobileNetV3({ size: 'small', width: 0.35, numClasses: 4 }).tensors();
  const weights = new Map(specs.map(({ name, shape }) => [name, syntheticTensor(name, shape)]));
  return exported('mobilenet', weights);
}

it('a MobileNetV3 becomes one with its own activations', async () => {
  const { nodes, outputs, metadata } = await mobileNet();
  expect(metadata['architecture']).toBe('mobilenetv3_small_035');
  expect(outputs).toEqual([{ name: 'logits', type: 1, shape: ['batch', 4] }]);
  // The stem, the head, the last convolution, and two of each of the eight blocks behind the third.
  expect(nodes.filter(({ op }) => op === 'HardSwish')).toHaveLength(19);
  expect(nodes.find(({ op }) => op === 'HardSwish')!.inputs).toEqual(['conv_stem.conv']);
});

it('its operators are those of docs/export.md', async () => {
  const page = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8');
  const listed = /^\| operators \| (.*) \|$/m
    .exec(page)![1]!
    .match(/\b[A-Z][A-Za-z]+\b/g)!
    .filter((word) => word !== 'MobileNetV3');
  const files = [
    await mobileNet(),
    // Also odd numbers of channels, of which no published network has any: a Slice cuts one off.
    await exported('unshared', referenceCase('attention-positions').tensors),
    ...(await Promise.all(
      (['leaky_relu', 'relu6'] as const).map((classifierActivation) =>
        exported(classifierActivation, referenceCase('classifier-layers').tensors, { classifierActivation }),
      ),
    )),
    ...(await Promise.all(([1, 2, 3] as const).map((version) => written({ ...variant, version }, [97, 131])))),
    await written({ ...variant, gate: { ...defaultGateConfig, pooling: 'max' } }, [97, 131]),
    await written({ ...variant, globalPool: 'avgmax' }, [97, 131]),
  ];
  const found = new Set(files.flatMap(({ nodes }) => nodes.map(({ op }) => op)));
  expect([...found].sort()).toEqual([...listed].sort());
});

describe('the graph in it', () => {
  it('names every value once and before it is read', async () => {
    for (const version of [1, 2, 3] as const) {
      const { nodes, constants, inputs, outputs } = await written({ ...variant, version }, [224, 224]);
      const known = new Set([...constants.keys(), ...inputs.map(({ name }) => name), '']);
      expect(known.size).toBe(constants.size + 2);
      for (const node of nodes) {
        for (const input of node.inputs) expect(known, `${node.name} reads ${input}`).toContain(input);
        expect(node.outputs).toEqual([node.name]);
        expect(known).not.toContain(node.name);
        known.add(node.name);
      }
      expect(known).toContain(outputs[0]!.name);
    }
  });

  it('has no batch norm, no branches and nothing beyond the operators of the papers', async () => {
    const operators = async (version: 1 | 2 | 3): Promise<string[]> => {
      const { nodes } = await written({ ...variant, version }, [224, 224]);
      return [...new Set(nodes.map(({ op }) => op))].sort();
    };
    const v1 = ['Add', 'Concat', 'Conv', 'Flatten', 'Gemm', 'GlobalAveragePool', 'HardSigmoid', 'Mul', 'Relu'];
    expect(await operators(1)).toEqual(v1);
    expect(await operators(2)).toEqual([...v1, 'AveragePool', 'Resize', 'Sigmoid'].sort());
    expect(await operators(3)).toEqual(await operators(2));
  });

  it('has convolutions as the network has, their batch norm folded in float64 and rounded once', async () => {
    const tensors = syntheticStateDict(2, 0.1, 4);
    const { nodes, constants } = await written(variant, [224, 224]);
    const convolutions = buildGhostNet(tensors, variant).nodes.filter(
      (node): node is Conv2dNode => node.op === 'conv2d',
    );
    expect(nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm')).toHaveLength(convolutions.length);
    for (const { name, kernel, stride, padding, groups, parameters, inChannels, outChannels } of convolutions.slice(
      0,
      -1,
    )) {
      const { attributes } = nodes.find(({ op, inputs }) => op === 'Conv' && inputs[1] === `${name}.weight`)!;
      expect(attributes).toEqual({
        kernel_shape: kernel,
        strides: stride,
        pads: [...padding, ...padding],
        dilations: [1, 1],
        group: groups,
      });
      const weight = constants.get(`${name}.weight`)!;
      expect(weight).toMatchObject({ type: 1, shape: [outChannels, inChannels / groups, ...kernel] });
      const { scale, bias } = fold(parameters);
      const expected = parameters.weight.data!.map(
        (value, i, { length }) => value * (scale?.[Math.floor((i * outChannels) / length)] ?? 1),
      );
      expect(floatsOf(weight.content), name).toEqual(expected);
      expect(floatsOf(constants.get(`${name}.bias`)!.content), name).toEqual(Float32Array.from(bias!));
    }
    expect(constants.get('classifier.weight')).toMatchObject({ type: 1, shape: [4, 1280] });
    expect(floatsOf(constants.get('classifier.weight')!.content)).toEqual(tensors.get('classifier.weight')!.data);
    expect(nodes.at(-1)).toMatchObject({ op: 'Gemm', name: 'logits', attributes: { transB: 1 } });
  });

  it('upsamples gates by whole factors, or else to sizes, of height and width alone', async () => {
    const { nodes, constants } = await written(variant, [224, 224]);
    const gates = nodes.filter(({ op }) => op === 'Resize');
    const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
    const whole = gates.filter(({ inputs }) => inputs.length === 3);
    const sized = gates.filter(({ inputs }) => inputs.length === 4);
    // The last stage has maps of 7x7, and their gates have 3x3.
    expect([whole.length, sized.length]).toEqual([10, 4]);
    for (const { inputs, attributes } of whole) {
      expect(attributes).toEqual(nearest);
      expect([...floatsOf(constants.get(inputs[2]!)!.content)]).toEqual([1, 1, 2, 2]);
    }
    for (const { inputs, attributes } of sized) {
      expect(attributes).toEqual({ ...nearest, axes: [2, 3] });
      expect(integersOf(constants.get(inputs[3]!)!.content)).toEqual([7, 7]);
    }
  });

  it("upsamples MindSpore's gates bilinearly, corners on corners", async () => {
    const { nodes } = await written(
      { ...variant, gate: { ...defaultGateConfig, upsampling: 'bilinear_aligned' } },
      [64, 64],
    );
    const gates = nodes.filter(({ op }) => op === 'Resize');
    expect(gates).toHaveLength(14);
    for (const { attributes } of gates)
      expect(attributes).toEqual({ mode: 'linear', coordinate_transformation_mode: 'align_corners', axes: [2, 3] });
  });

  it('cuts what ghost modules have too much', async () => {
    const { nodes, constants } = await written({ ...variant, version: 1, width: 0.1 }, [64, 64]);
    expect(nodes.filter(({ op }) => op === 'Slice')).toEqual([]);
    expect(nodes.filter(({ op }) => op === 'Concat').every(({ attributes }) => attributes['axis'] === 1)).toBe(true);
    const graph = buildGhostNet(syntheticStateDict(1, 0.1, 4), { ...variant, version: 1 });
    const odd = {
      ...graph,
      nodes: graph.nodes.map((node) => (node.op === 'concat' ? { ...node, channels: node.channels - 1 } : node)),
    };
    const cut = onnxGraph(odd, [64, 64]);
    const slices = cut.nodes.filter(({ op }) => op === 'Slice');
    expect(slices).toHaveLength(cut.nodes.filter(({ op }) => op === 'Concat').length);
    expect(slices[0]!.inputs).toEqual([
      'blocks.0.0.ghost1.concat.joined',
      'blocks.0.0.ghost1.concat.starts',
      'blocks.0.0.ghost1.concat.ends',
      'blocks.0.0.ghost1.concat.axes',
    ]);
    expect(constants.has('blocks.0.0.ghost1.concat.starts')).toBe(false);
  });

  it('can have a fixed batch', async () => {
    const { inputs, outputs } = await written(variant, [64, 96], 5);
    expect([inputs[0]!.shape, outputs[0]!.shape]).toEqual([
      [5, 3, 64, 96],
      [5, 4],
    ]);
  });

  it('is not written with a weight that is none', async () => {
    const tensors = syntheticStateDict(2, 0.1, 4);
    tensors.get('blocks.9.0.conv.weight')!.data[7] = NaN;
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, savedTensors(tensors));
    const error = await errorOf(exportModel(broken, join(folder, 'broken.onnx')));
    expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(error.message).toContain('blocks.9.0.conv.weight holds NaN at index 7');
  });
});
