import { Blueprint } from '../lib/graph/blueprint.js';
import type { Graph, NodeId } from '../lib/graph/graph.js';
import { syntheticTensor } from './synthetic.js';

/** The graph that `describe` makes of an image of three channels, with synthetic weights and all of its outputs. */
export function built(describe: (net: Blueprint, image: NodeId) => void): Graph {
  const net = new Blueprint();
  describe(net, net.input(3));
  const tensors = net.tensors().map(({ name, shape }) => [name, syntheticTensor(name, shape)] as const);
  const outputs = net.outputs.map(({ name }) => name);
  return net.graph(new Map(tensors), outputs);
}
