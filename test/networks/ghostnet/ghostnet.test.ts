import { describe, expect, it } from 'vitest';
import { defaultGateConfig, type GateConfig } from '../../../lib/gate-config.js';
import { isConv2d, type Conv2dNode, type Graph } from '../../../lib/graph/graph.js';
import { countMacs, inferShapes } from '../../../lib/graph/shapes.js';
import { syntheticStateDict } from '../../../testing/synthetic.js';
import { outputShapes } from '../../../testing/output-shapes.js';
import { round4, type Variant } from '../../../lib/networks/ghostnet/table.js';
import { buildGhostNet, outputNames } from '../../../testing/ghostnet.js';

function build(version: 1 | 2, width = 0.1, outputs?: string[]): Graph {
  const variant: Variant = { version, width, numClasses: 10 };
  return buildGhostNet(syntheticStateDict(version, width, 10), variant, outputs && { outputs });
}

function conv(graph: Graph, name: string): Conv2dNode {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  if (node?.op !== 'conv2d') throw new Error(`${name} is no convolution`);
  return node;
}

it.each([
  [1, 4],
  [4, 4],
  [5.9, 8],
  [6, 8],
  [10, 12],
  [13.2, 12],
  [13.4, 16],
  [20.8, 20],
  [1248, 1248],
])('round4(%f) is %i', (v, expected) => expect(round4(v)).toBe(expected));

it.each([
  [1, 4],
  [4, 4],
  [4.1, 8],
  [17, 20],
])('round4(%f) upwards is %i', (v, expected) => expect(round4(v, 'up')).toBe(expected));

describe('the graph', () => {
  const graph = build(2);

  it('is in order of execution, the gate before the primary convolution', () => {
    for (const [id, node] of graph.nodes.entries()) {
      expect(
        node.inputs.every((input) => input < id),
        node.name,
      ).toBe(true);
    }
    const block = graph.nodes.map(({ name }) => name).filter((name) => name.startsWith('blocks.3.0.'));
    expect(block.map((name) => name.slice('blocks.3.0.'.length))).toEqual([
      'ghost1.avg_pool',
      'ghost1.short_conv.0',
      'ghost1.short_conv.2',
      'ghost1.short_conv.4',
      'ghost1.primary_conv',
      'ghost1.cheap_operation',
      'ghost1.concat',
      'ghost1.upsample',
      'ghost1.mul',
      'conv_dw',
      'se.avg_pool',
      'se.conv_reduce',
      'se.conv_expand',
      'se.mul',
      'ghost2.primary_conv',
      'ghost2.cheap_operation',
      'ghost2.concat',
      'shortcut.0',
      'shortcut.2',
      'add',
    ]);
  });

  it('gives every node a name of its own', () => {
    expect(new Set(graph.nodes.map(({ name }) => name)).size).toBe(graph.nodes.length);
  });

  it('has activations where the paper has them', () => {
    const activations = (name: string) => conv(graph, name).activation;
    expect(activations('conv_stem')).toBe('relu');
    expect(activations('blocks.3.0.ghost1.primary_conv')).toBe('relu');
    expect(activations('blocks.3.0.ghost1.cheap_operation')).toBe('relu');
    expect(activations('blocks.3.0.ghost2.cheap_operation')).toBe('none');
    expect(activations('blocks.3.0.ghost1.short_conv.2')).toBe('none');
    expect(activations('blocks.3.0.ghost1.short_conv.4')).toBe('sigmoid');
    expect(activations('blocks.3.0.se.conv_reduce')).toBe('relu');
    expect(activations('blocks.3.0.se.conv_expand')).toBe('hard_sigmoid');
    expect(activations('blocks.3.0.conv_dw')).toBe('none');
    expect(activations('classifier')).toBe('none');
  });

  it('shares the weights and leaves batch norm to whoever packs them', () => {
    const tensors = syntheticStateDict(2, 0.1, 10);
    const shared = buildGhostNet(tensors, { version: 2, width: 0.1, numClasses: 10 });
    const dw = conv(shared, 'blocks.3.0.conv_dw');
    expect(dw.parameters.weight).toBe(tensors.get('blocks.3.0.conv_dw.weight')!);
    expect(dw.parameters.weightName).toBe('blocks.3.0.conv_dw.weight');
    expect(dw.parameters.batchNorm!.name).toBe('blocks.3.0.bn_dw');
    expect(dw.parameters.batchNorm!.variance).toBe(tensors.get('blocks.3.0.bn_dw.running_var')!.data);
    expect(dw).toMatchObject({ kernel: [5, 5], stride: [2, 2], padding: [2, 2], groups: dw.inChannels });
    expect(conv(shared, 'blocks.3.0.ghost1.short_conv.2')).toMatchObject({ kernel: [1, 5], padding: [0, 2] });
    expect(conv(shared, 'blocks.3.0.ghost1.short_conv.4')).toMatchObject({ kernel: [5, 1], padding: [2, 0] });
    expect(conv(shared, 'classifier').parameters).not.toHaveProperty('batchNorm');
    expect(conv(shared, 'classifier').parameters.bias).toBe(tensors.get('classifier.bias')!.data);
  });

  it('makes its gates as it is told', () => {
    const made = (gate: Partial<GateConfig>): Set<string> => {
      const variant = { version: 2, width: 0.1, numClasses: 10, gate: { ...defaultGateConfig, ...gate } } as const;
      const { nodes } = buildGhostNet(syntheticStateDict(2, 0.1, 10), variant);
      const last = nodes.filter((node) => isConv2d(node) && node.name.endsWith('short_conv.4')) as Conv2dNode[];
      const between = nodes.filter(({ op }) => /^upsample_|_pool2d$/.test(op)).map(({ op }) => op);
      return new Set([...between, ...last.map(({ activation }) => activation)]);
    };
    expect(made({})).toEqual(new Set(['avg_pool2d', 'sigmoid', 'upsample_nearest']));
    expect(made({ upsampling: 'bilinear' })).toEqual(new Set(['avg_pool2d', 'sigmoid', 'upsample_bilinear']));
    expect(made({ pooling: 'max', activation: 'relu', upsampling: 'bilinear_aligned' })).toEqual(
      new Set(['max_pool2d', 'relu', 'upsample_bilinear_aligned']),
    );
    expect(made({ pooling: 'none', activation: 'hard_sigmoid' })).toEqual(new Set(['hard_sigmoid']));
  });

  it('has attention from the third block on, in version 2 alone', () => {
    const gates = (names: string[]) => names.filter((name) => name.endsWith('.gate'));
    expect(gates(outputNames({ version: 1, width: 1, numClasses: 10 }))).toEqual([]);
    const found = gates(outputNames({ version: 2, width: 1, numClasses: 10 }));
    expect(found).toHaveLength(14);
    expect(found[0]).toBe('blocks.2.0.ghost1.gate');
    expect(build(1).nodes.some(({ name }) => name.includes('short_conv'))).toBe(false);
  });
});

describe('outputs', () => {
  it('are the logits where nothing is asked for', () => {
    expect(build(1).outputs.map(({ name }) => name)).toEqual(['logits']);
  });

  it('come in the order in which they are asked for', () => {
    const outputs = ['logits', 'blocks.0', 'blocks.2.0.ghost1.gate', 'pre_logits', 'blocks.9'];
    const graph = build(2, 0.1, outputs);
    expect(graph.outputs.map(({ name }) => name)).toEqual(outputs);
    const nodes = graph.outputs.map(({ node }) => graph.nodes[node]!.name);
    expect(nodes).toEqual([
      'classifier',
      'blocks.0.0.add',
      'blocks.2.0.ghost1.short_conv.4',
      'conv_head',
      'blocks.9.0.conv',
    ]);
  });

  it('need no nodes but their own', () => {
    const graph = build(2, 0.1, ['blocks.2.0.ghost1.gate', 'blocks.1']);
    expect(graph.nodes.at(-1)!.name).toBe('blocks.2.0.ghost1.short_conv.4');
    expect(graph.nodes.some(({ name }) => name.startsWith('blocks.2.0.ghost1.primary'))).toBe(false);
    expect([...outputShapes(graph, [64, 64]).keys()]).toEqual(['blocks.2.0.ghost1.gate', 'blocks.1']);
  });

  it.each([
    [['nothing'], /no output "nothing"; there are conv_stem, blocks\.0, /],
    [[], /one or more/],
    [['logits', 'logits'], /each of them once/],
  ])('%j are refused', (outputs, sentence) => {
    const attempt = () => build(1, 0.1, outputs);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'ERR_GHOST_ARGUMENT', message: expect.stringMatching(sentence) }),
    );
  });

  it('need their tensors', () => {
    const tensors = new Map(syntheticStateDict(1, 0.1, 10));
    tensors.delete('bn1.running_var');
    const variant: Variant = { version: 1, width: 0.1, numClasses: 10 };
    expect(() => buildGhostNet(tensors, variant)).toThrow(
      /Tensor bn1\.running_var is missing, where the network needs \[4\]/,
    );
    expect(() => buildGhostNet(tensors, { ...variant, width: 0.5 })).toThrow(/conv_stem\.weight has shape/);
  });
});

describe('arithmetic', () => {
  it.each([
    [1, 1, 141],
    [2, 1, 167],
    [2, 1.3, 269],
    [2, 1.6, 399],
    [3, 1, 167],
  ] as const)('version %i at width %f has the published multiply-accumulates at 224', (version, width, millions) => {
    const tensors = syntheticStateDict(version, width, 1000);
    const graph = buildGhostNet(tensors, { version, width, numClasses: 1000 });
    expect(Math.round(countMacs(graph, [224, 224]) / 1e6)).toBe(millions);
  });

  it('needs an input of 33 pixels in version 2', () => {
    const graph = build(2);
    expect(inferShapes(graph, [33, 33]).at(-1)).toEqual([10, 1, 1]);
    const attempt = () => countMacs(graph, [32, 300]);
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_GHOST_SHAPE' }));
    expect(attempt).toThrow(/32 x 300 pixels is too small: nothing is left of it at blocks\.8\.0\.ghost1\.avg_pool/);
    expect(countMacs(build(1), [1, 1])).toBeGreaterThan(0);
  });
});
