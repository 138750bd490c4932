import type { Blueprint } from '../graph/blueprint.js';
import type { NodeId } from '../graph/graph.js';

/** A map times a factor for each channel, which two convolutions make of all channels' means (arXiv 1709.01507). */
export function squeezeExcite(net: Blueprint, input: NodeId, name: string, reduced: number): NodeId {
  const channels = net.channelsOf(input);
  let x = net.add({ op: 'global_avg_pool', name: `${name}.avg_pool`, inputs: [input] });
  x = net.conv(x, `${name}.conv_reduce`, reduced, { bias: true, activation: 'relu' });
  x = net.conv(x, `${name}.conv_expand`, channels, { bias: true, activation: 'hard_sigmoid' });
  return net.add({ op: 'mul', name: `${name}.mul`, inputs: [input, x] });
}
