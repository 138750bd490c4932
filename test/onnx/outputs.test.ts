import { describe, expect, it } from 'vitest';
import type { Graph } from '../../lib/graph/graph.js';
import { onnxFile } from '../../lib/onnx/file.js';
import { onnxGraph } from '../../lib/onnx/graph.js';
import { built } from '../../testing/built.js';
import { evaluate } from '../../testing/evaluate.js';
import { evaluateOnnx } from '../../testing/evaluate-onnx.js';
import { buildGhostNet } from '../../testing/ghostnet.js';
import { readOnnx, type OnnxFile } from '../../testing/onnx.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';

async function written(graph: Graph, [height, width]: readonly [number, number]): Promise<OnnxFile> {
  const pieces: Uint8Array[] = [];
  for await (const piece of onnxFile(onnxGraph(graph, [height, width]))) pieces.push(piece);
  return readOnnx(Buffer.concat(pieces));
}

/** Whose file, read again, has values that are those of the graph. */
async function checked(graph: Graph, [height, width]: readonly [number, number]): Promise<OnnxFile> {
  const file = await written(graph, [height, width]);
  const image = syntheticImage('input', [1, 3, height, width]);
  const [found, expected] = [evaluateOnnx(file, image), await evaluate(graph, image)];
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) {
    const differences = values.map((value, i) => Math.abs(found.get(name)![i]! - value));
    expect(found.get(name)!.length, name).toBe(values.length);
    expect(Math.max(...differences), name).toBeLessThan(1e-5);
  }
  return file;
}

describe('the outputs of an ONNX file', () => {
  it.each([
    ['upsample_nearest', 'nearest', 'asymmetric'],
    ['upsample_bilinear', 'linear', 'half_pixel'],
    ['upsample_bilinear_aligned', 'linear', 'align_corners'],
  ] as const)('are those of %s, upwards and downwards', async (op, mode, positions) => {
    const graph = built((net, image) => {
      const map = net.conv(image, 'map', 2, { kernel: 3, stride: 2 });
      const mean = net.add({ op: 'global_avg_pool', name: 'mean', inputs: [map] });
      for (const [name, from, like] of [
        ['up', map, image],
        ['down', image, map],
        ['one', map, mean],
      ] as const)
        net.output(name, net.add({ op, name, inputs: [from, like] }));
    });
    const { nodes } = await checked(graph, [9, 14]);
    const attributes = { mode, coordinate_transformation_mode: positions, axes: [2, 3] };
    for (const name of ['up', 'down', 'one'])
      expect(nodes.find((node) => node.name === name)).toMatchObject({ op: 'Resize', attributes });
  });

  it('are those of means over a grid, of groups of channels, and of maps between each other', async () => {
    const graph = built((net, image) => {
      const map = net.conv(image, 'map', 4, { kernel: 3, stride: 2 });
      net.output('means', net.add({ op: 'adaptive_avg_pool2d', name: 'means', inputs: [map], size: [3, 2] }));
      net.output('lengths', net.add({ op: 'l2_norm', name: 'lengths', inputs: [map] }));
      net.output('normed', net.add({ op: 'group_norm', name: 'normed', inputs: [map], groups: 2 }));
      net.output('doubled', net.transposedConv(map, 'doubled', 3, { bias: true, activation: 'relu' }));
    });
    const { nodes } = await checked(graph, [9, 14]);
    const named = (name: string): unknown => nodes.find((node) => node.name === name);
    expect(named('means')).toMatchObject({ op: 'MatMul' });
    expect(named('doubled.whole')).toMatchObject({ op: 'DepthToSpace', attributes: { blocksize: 2 } });
    expect(named('doubled')).toMatchObject({ op: 'Slice' });
  });

  it('are those of turned maps, whatever the size of the batch', async () => {
    const graph = built((net, image) => {
      const map = net.conv(image, 'map', 5, {});
      const turn = (op: 'rows_as_channels' | 'columns_as_channels', input: number, channels: number): number =>
        net.add({ op, name: op, inputs: [input], channels });
      net.output('rows', net.conv(turn('rows_as_channels', map, 3), 'of rows', 3, {}));
      net.output('columns', turn('columns_as_channels', map, 4));
      const positions = net.add({ op: 'positions_as_channels', name: 'positions', inputs: [map], channels: 12 });
      const mixed = net.conv(positions, 'of positions', 12, {});
      net.output('positions', mixed);
      net.output('back', net.add({ op: 'channels_as_positions', name: 'back', inputs: [mixed, map], channels: 5 }));
    });
    const { outputs, nodes } = await checked(graph, [3, 4]);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['rows', ['batch', 3, 5, 4]],
      ['columns', ['batch', 4, 3, 5]],
      ['positions', ['batch', 12, 1, 5]],
      ['back', ['batch', 5, 3, 4]],
    ]);
    expect(nodes.filter(({ op }) => op === 'Reshape' || op === 'Transpose')).toHaveLength(6);
  });

  it('are those of leaky ReLUs, each with its slope', async () => {
    const graph = built((net, image) => {
      const usual = net.conv(image, 'usual', 4, { activation: 'leaky_relu' });
      net.output('steep', net.conv(usual, 'steep', 5, { activation: 'leaky_relu', slope: 0.25 }));
    });
    const { nodes } = await checked(graph, [5, 4]);
    const slopes = nodes.filter(({ op }) => op === 'LeakyRelu').map(({ attributes }) => attributes['alpha']);
    expect(slopes).toEqual([Math.fround(0.01), 0.25]);
  });

  it('may be several: maps, vectors and logits, under their names', async () => {
    const outputs = ['conv_stem', 'blocks.1', 'blocks.3.0.ghost1.gate', 'blocks.9', 'pre_logits', 'logits'];
    const variant = { version: 2, width: 0.1, numClasses: 4 } as const;
    const graph = buildGhostNet(syntheticStateDict(2, 0.1, 4), variant, { outputs });
    const file = await checked(graph, [64, 96]);
    expect(file.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['conv_stem', ['batch', 4, 32, 48]],
      ['blocks.1', ['batch', 4, 16, 24]],
      ['blocks.3.0.ghost1.gate', ['batch', 8, 8, 12]],
      ['blocks.9', ['batch', 96, 2, 3]],
      ['pre_logits', ['batch', 1280]],
      ['logits', ['batch', 4]],
    ]);
    const names = [...file.constants.keys(), ...file.inputs.map(({ name }) => name), ...file.nodes.map((n) => n.name)];
    expect(new Set(names).size).toBe(names.length);
    expect(file.nodes.filter(({ op }) => op === 'Gemm').map(({ name }) => name)).toEqual(['logits']);
  });

  it('are vectors where they are pooled, not where a small input leaves one position of a map', async () => {
    const graph = built((net, image) => {
      const map = net.conv(image, 'map', 5, { kernel: 3, stride: 2, activation: 'relu' });
      net.output('map', map);
      net.output('mean', net.add({ op: 'global_avg_pool', name: 'mean', inputs: [map] }));
    });
    const { outputs } = await checked(graph, [2, 2]);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['map', ['batch', 5, 1, 1]],
      ['mean', ['batch', 5]],
    ]);
  });

  it('may be one value twice, the input, or a linear layer that others read', async () => {
    const graph = built((net, image) => {
      net.output('image', image);
      const map = net.conv(image, 'map', 5, {});
      net.output('first', map);
      net.output('second', map);
      const pooled = net.add({ op: 'global_avg_pool', name: 'pooled', inputs: [map] });
      const linear = net.conv(pooled, 'linear', 4, { bias: true });
      net.output('scores', linear);
      net.output('gates', net.conv(linear, 'gates', 2, { bias: true, activation: 'sigmoid' }));
    });
    const { nodes, inputs } = await checked(graph, [5, 4]);
    expect(inputs.map(({ name }) => name)).toEqual(['input']);
    expect(nodes.map(({ op, name }) => `${op} ${name}`)).toEqual([
      'Conv first',
      'GlobalAveragePool pooled',
      'Conv linear',
      'Conv gates.conv',
      'Sigmoid gates.value',
      'Identity image',
      'Identity second',
      'Flatten scores',
      'Flatten gates',
    ]);
  });
});
