import { expect, it } from 'vitest';
import { Blueprint } from '../../lib/graph/blueprint.js';
import type { ConvOptions } from '../../lib/graph/planned-conv.js';
import { fold } from '../../lib/graph/fold.js';
import { isConv2d, type Parameters } from '../../lib/graph/graph.js';
import { syntheticTensor } from '../../testing/synthetic.js';

/** Of a depthwise convolution, made of tensors by its blueprint. */
function parametersOf(options: ConvOptions): Parameters {
  const net = new Blueprint();
  net.output('y', net.conv(net.input(4), 'conv', 4, { kernel: 3, depthwise: true, ...options }));
  const tensors = new Map(net.tensors().map(({ name, shape }) => [name, syntheticTensor(name, shape)]));
  return net.graph(tensors, ['y']).nodes.find(isConv2d)!.parameters;
}

it("a batch norm's eps is its convolution's, by default PyTorch's", () => {
  expect(parametersOf({ batchNorm: 'bn' }).batchNorm!.eps).toBe(1e-5);
  expect(parametersOf({ batchNorm: 'bn', eps: 1e-3 }).batchNorm!.eps).toBe(1e-3);
});

it("its branches' too", () => {
  const branches = [{ module: 'a', batchNorm: 'a.bn' }, { batchNorm: 'skip' }];
  const [bias, other] = [parametersOf({ branches }), parametersOf({ branches, eps: 0.5 })].map(
    (parameters) => fold(parameters).bias!,
  );
  expect(other).not.toEqual(bias);
});
