import { describe, expect, it } from 'vitest';
import { createPackedModel } from '../../lib/engine/packing.js';
import type { ConvOptions } from '../../lib/graph/planned-conv.js';
import type { Activation, Graph, NodeId } from '../../lib/graph/graph.js';
import { cpu, describePlan, infer } from '../../lib/native/native.js';
import { built } from '../../testing/built.js';
import { evaluate } from '../../testing/evaluate.js';
import { syntheticImage } from '../../testing/synthetic.js';

const activations: readonly Activation[] = [
  'none',
  'relu',
  'leaky_relu',
  'relu6',
  'sigmoid',
  'hard_sigmoid',
  'hard_swish',
  'silu',
];

/** A convolution of each kind that has a kernel of its own, all of them outputs. */
function convolutions(activation: Activation): Graph {
  return built((net, image) => {
    const add = (input: NodeId, name: string, channels: number, options: ConvOptions): NodeId => {
      const node = net.conv(input, name, channels, { bias: true, activation, slope: 0.3, ...options });
      net.output(name, node);
      return node;
    };
    const dense = add(add(image, 'stem', 21, { kernel: 3, stride: 2 }), 'dense', 13, { kernel: 3 });
    const pointwise = add(dense, 'pointwise', 9, {});
    for (const kernel of [3, 5, 7])
      for (const stride of [1, 2])
        add(pointwise, `depthwise.${kernel}.${stride}`, 9, { kernel, stride, depthwise: true });
    const cheap = net.conv(pointwise, 'cheap', 9, { kernel: 3, depthwise: true, activation, slope: 0.3 });
    const ghost = net.add({ op: 'concat', name: 'ghost', inputs: [pointwise, cheap], channels: 18 });
    net.output('ghost', ghost);
    add(net.add({ op: 'global_avg_pool', name: 'mean', inputs: [ghost] }), 'linear', 11, {});
  });
}

describe('an activation behind a convolution of any kind', () => {
  it.each(activations)('%s is what it should be, on kernels of every instruction set', async (activation) => {
    const graph = convolutions(activation);
    const image = syntheticImage('input', [1, 3, 23, 17]);
    const expected = await evaluate(graph, image);
    for (const isa of cpu().isas) {
      const model = await createPackedModel(graph, { threads: 2, isa });
      const { steps } = describePlan(model, 23, 17, 0);
      expect(steps.flatMap(({ stages }) => stages).filter((stage) => stage.includes('reference'))).toEqual([]);
      const found = await infer(model, graph, { data: image.data, shape: [1, 3, 23, 17], lent: true }, undefined);
      model.close();
      for (const [i, { name }] of graph.outputs.entries()) {
        const values = expected.get(name)!;
        const largest = Math.max(...values.map((value, k) => Math.abs(value - found[i]!.data[k]!)));
        expect(largest, `${isa} ${name}`).toBeLessThan(2e-5 * Math.max(1, ...values.map(Math.abs)));
      }
    }
  });
});
