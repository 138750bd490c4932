import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Activation, Graph } from '../../lib/graph/graph.js';
import { countMacs, inferShapes, outputStrides } from '../../lib/graph/shapes.js';
import { onnxGraph } from '../../lib/onnx/graph.js';
import { built } from '../../testing/built.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { evaluate } from '../../testing/evaluate.js';

/** Of a graph with one value of each operator, all of them outputs. */
const windows = { kernel: [3, 2], stride: [2, 1], padding: [1, 1], dilation: [1, 2] } as const;

const everything = built((net, image) => {
  const conv = net.conv(image, 'conv', 4, { kernel: 3, stride: 2 });
  const pooled = net.add({ op: 'avg_pool2d', name: 'pooled', inputs: [conv], kernel: [2, 3], stride: [2, 2] });
  const largest = net.add({ op: 'max_pool2d', name: 'largest', inputs: [conv], ...windows });
  const mean = net.add({ op: 'global_avg_pool', name: 'mean', inputs: [conv] });
  const highest = net.add({ op: 'global_max_pool', name: 'highest', inputs: [conv] });
  const between = net.add({ op: 'global_avgmax_pool', name: 'between', inputs: [conv] });
  const nearest = net.add({ op: 'upsample_nearest', name: 'nearest', inputs: [pooled, conv] });
  const bilinear = net.add({ op: 'upsample_bilinear', name: 'bilinear', inputs: [pooled, conv] });
  const aligned = net.add({ op: 'upsample_bilinear_aligned', name: 'aligned', inputs: [pooled, conv] });
  const adaptive = net.add({ op: 'adaptive_avg_pool2d', name: 'adaptive', inputs: [conv], size: [4, 5] });
  const shuffled = net.transposedConv(conv, 'shuffled', 3);
  const normed = net.add({ op: 'group_norm', name: 'normed', inputs: [conv], groups: 2 });
  const lengths = net.add({ op: 'l2_norm', name: 'lengths', inputs: [conv] });
  const concat = net.add({ op: 'concat', name: 'concat', inputs: [conv, nearest], channels: 7 });
  const scaled = net.add({ op: 'mul', name: 'scaled', inputs: [bilinear, mean] });
  const sum = net.add({ op: 'add', name: 'sum', inputs: [scaled, aligned] });
  const upsampled = { nearest, bilinear, aligned, adaptive, shuffled, normed, lengths };
  const pools = { pooled, largest, mean, highest, between };
  for (const [name, node] of Object.entries({ conv, ...pools, ...upsampled, concat, scaled, sum }))
    net.output(name, node);
});

/** Rows, columns and positions as channels, and back. */
const turned = built((net, image) => {
  const map = net.conv(image, 'map', 4, { kernel: 3, stride: 2 });
  const turn = (
    op: 'rows_as_channels' | 'columns_as_channels',
    name: string,
    input: number,
    channels: number,
  ): number => net.add({ op, name, inputs: [input], channels });
  const rows = turn('rows_as_channels', 'rows', map, 6);
  const columns = turn('columns_as_channels', 'columns', map, 7);
  const positions = net.add({ op: 'positions_as_channels', name: 'positions', inputs: [map], channels: 42 });
  const back = net.add({ op: 'channels_as_positions', name: 'back', inputs: [positions, map], channels: 4 });
  const fromRows = turn('rows_as_channels', 'fromRows', rows, 4);
  const fromColumns = turn('columns_as_channels', 'fromColumns', columns, 4);
  for (const [name, node] of Object.entries({ map, rows, columns, positions, back, fromRows, fromColumns }))
    net.output(name, node);
});

describe('an operator', () => {
  it('says the shape of its value', async () => {
    const image = syntheticImage('input', [1, 3, 11, 14]);
    const values = await evaluate(everything, image);
    const shapes = inferShapes(everything, [11, 14]);
    const found = Object.fromEntries(everything.outputs.map(({ name, node }) => [name, shapes[node]!]));
    expect(found).toEqual({
      conv: [4, 6, 7],
      pooled: [4, 3, 3],
      largest: [4, 3, 7],
      mean: [4, 1, 1],
      highest: [4, 1, 1],
      between: [4, 1, 1],
      nearest: [4, 6, 7],
      bilinear: [4, 6, 7],
      aligned: [4, 6, 7],
      adaptive: [4, 4, 5],
      shuffled: [3, 12, 14],
      normed: [4, 6, 7],
      lengths: [4, 6, 7],
      concat: [7, 6, 7],
      scaled: [4, 6, 7],
      sum: [4, 6, 7],
    });
    for (const [name, [c, h, w]] of Object.entries(found)) expect(values.get(name), name).toHaveLength(c * h * w);
  });

  it('says from which node on nothing is left', () => {
    expect(() => inferShapes(everything, [5, 2])).toThrow(
      'An input of 5 x 2 pixels is too small: nothing is left of it at pooled.',
    );
  });

  it('says how many pixels lie between two elements, and how much it multiplies', () => {
    expect(Object.fromEntries(outputStrides(everything))).toEqual({
      conv: 2,
      pooled: 4,
      largest: 4,
      mean: 2,
      highest: 2,
      between: 2,
      nearest: 2,
      bilinear: 2,
      aligned: 2,
      adaptive: 2,
      shuffled: 1,
      normed: 2,
      lengths: 2,
      concat: 2,
      scaled: 2,
      sum: 2,
    });
    // The transposed convolution's four plain ones reach beyond the map by a row and a column.
    expect(countMacs(everything, [11, 14])).toBe(4 * 27 * 6 * 7 + 4 * 3 * 4 * 4 * 7 * 8);
  });

  it('that turns a map says its shape, and is undone', async () => {
    const values = await evaluate(turned, syntheticImage('input', [1, 3, 11, 14]));
    const shapes = inferShapes(turned, [11, 14]);
    const found = Object.fromEntries(turned.outputs.map(({ name, node }) => [name, shapes[node]!]));
    expect(found).toMatchObject({ rows: [6, 4, 7], columns: [7, 6, 4], positions: [42, 1, 4], back: [4, 6, 7] });
    for (const name of ['back', 'fromRows', 'fromColumns']) expect(values.get(name), name).toEqual(values.get('map'));
    for (const name of ['rows', 'columns', 'positions']) expect(values.get(name), name).not.toEqual(values.get('map'));
    expect(outputStrides(turned)).toEqual(new Map(turned.outputs.map(({ name }) => [name, 2])));
  });

  it.each([
    [[14, 14], 'An input of 14x14 pixels has 7 rows at rows, where the network has weights for 6.'],
    [[11, 10], 'An input of 11x10 pixels has 5 columns at columns, where the network has weights for 7.'],
  ] as const)('that turns a map refuses any other, as of %j', (size, message) => {
    expect(() => inferShapes(turned, size)).toThrow(message);
  });

  it('with windows says them in ONNX', () => {
    const graph = built((net, image) => {
      const conv = net.conv(image, 'conv', 4, {});
      const largest = net.add({ op: 'max_pool2d', name: 'largest', inputs: [conv], ...windows });
      const mean = net.add({ op: 'global_avg_pool', name: 'mean', inputs: [largest] });
      net.output('logits', net.conv(mean, 'linear', 2, {}));
    });
    expect(onnxGraph(graph, [11, 14]).nodes.find(({ op }) => op === 'MaxPool')).toMatchObject({
      name: 'largest',
      inputs: ['conv'],
      attributes: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 1, 1, 1], dilations: [1, 2] },
    });
  });

  it('is asked for in its row alone', () => {
    const lib = fileURLToPath(new URL('../../lib/', import.meta.url));
    const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const asking = files.filter((file) => /\bop\s*[!=]==?|\.op\b/.test(readFileSync(`${lib}/${file}`, 'utf8')));
    // Which nodes have parameters, and which row a node has.
    expect(asking.map((file) => file.replaceAll('\\', '/')).sort()).toEqual(['graph/graph.ts', 'graph/operators.ts']);
  });
});

describe('an activation', () => {
  const activated = (activation: Activation, slope?: number): Graph =>
    built((net, image) => {
      const mean = net.add({ op: 'global_avg_pool', name: 'mean', inputs: [image] });
      const hidden = net.conv(mean, 'hidden', 8, { activation, bias: true, ...(slope !== undefined && { slope }) });
      net.output('hidden', hidden);
      net.output('logits', net.conv(hidden, 'classifier', 2, { linear: true }));
    });

  it.each<[Activation, string[]]>([
    ['none', []],
    ['relu', ['Relu']],
    ['relu6', ['Clip']],
    ['sigmoid', ['Sigmoid']],
    ['hard_sigmoid', ['HardSigmoid']],
    ['hard_swish', ['HardSwish']],
    ['silu', ['Sigmoid', 'Mul']],
    ['leaky_relu', ['LeakyRelu']],
  ])('%s is %j in ONNX', (activation, expected) => {
    const graph = activated(activation);
    const logits = { ...graph, outputs: graph.outputs.filter(({ name }) => name === 'logits') };
    const { nodes, constants } = onnxGraph(logits, [3, 4]);
    expect(nodes.map(({ op }) => op)).toEqual(['GlobalAveragePool', 'Conv', ...expected, 'Flatten', 'Gemm']);
    const known = new Set(['input', ...constants.map(({ name }) => name)]);
    for (const { name, inputs } of nodes) {
      for (const input of inputs) expect(known, `${name} reads ${input}`).toContain(input);
      known.add(name);
    }
    expect(nodes.at(-2)!.inputs).toEqual(['hidden']);
  });

  it('bounds its values as its name says', async () => {
    const image = syntheticImage('input', [1, 3, 2, 2]);
    const range = async (...activation: [Activation, number?]): Promise<[number, number]> => {
      const values = (await evaluate(activated(...activation), image)).get('hidden')!;
      return [Math.min(...values), Math.max(...values)];
    };
    const [lowest, highest] = await range('none');
    expect(lowest).toBeLessThan(-0.5);
    expect(highest).toBeGreaterThan(0.5);
    expect(await range('relu')).toEqual([0, highest]);
    expect(await range('relu6')).toEqual([0, highest]);
    expect(await range('sigmoid')).toEqual([lowest, highest].map((x) => 1 / (1 + Math.exp(-x))));
    expect(await range('hard_sigmoid')).toEqual([lowest, highest].map((x) => (x + 3) / 6));
    expect((await range('hard_swish'))[1]).toBeCloseTo((highest * (highest + 3)) / 6, 12);
    expect(await range('leaky_relu')).toEqual([0.01 * lowest, highest]);
    expect(await range('leaky_relu', 0.25)).toEqual([0.25 * lowest, highest]);
    expect((await range('silu'))[1]).toBeCloseTo(highest / (1 + Math.exp(-highest)), 12);
  });
});
