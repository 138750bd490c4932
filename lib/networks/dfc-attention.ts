import type { Blueprint } from '../graph/blueprint.js';
import type { NodeId, Pair } from '../graph/graph.js';

export interface DfcAttention {
  /** Of the module whose `short_conv` it is. */
  readonly name: string;
  readonly channels: number;
  /** Rows of the vertical kernel, columns of the horizontal one. */
  readonly kernels: Pair;
  /** What users know it by. */
  readonly label: string;
}

/**
 * Decoupled fully connected attention (arXiv 2211.12905, equation 2): along rows, then along columns, of the input at half
 * resolution. Its value after the sigmoid is an output of its own, `<name>.gate`.
 */
export function dfcAttention(
  net: Blueprint,
  input: NodeId,
  { name, channels, kernels: [rows, columns], label }: DfcAttention,
): NodeId {
  const at = (index: number): string => `${name}.short_conv.${index}`;
  const halves = { kernel: [2, 2], stride: [2, 2] } as const;
  let gate = net.add({ op: 'avg_pool2d', name: `${name}.avg_pool`, inputs: [input], ...halves });
  gate = net.conv(gate, at(0), channels, { batchNorm: at(1) });
  gate = net.conv(gate, at(2), channels, { kernel: [1, columns], depthwise: true, batchNorm: at(3) });
  gate = net.conv(gate, at(4), channels, {
    kernel: [rows, 1],
    depthwise: true,
    batchNorm: at(5),
    activation: 'sigmoid',
  });
  net.output(`${name}.gate`, gate, { role: 'attention', label });
  return gate;
}

/** A map times its gate, brought to the map's size. */
export function gatedBy(
  net: Blueprint,
  map: NodeId,
  gate: NodeId,
  name: string,
  upsampling: 'nearest' | 'bilinear' | 'bilinear_aligned' = 'nearest',
): NodeId {
  const upsampled = net.add({ op: `upsample_${upsampling}`, name: `${name}.upsample`, inputs: [gate, map] });
  return net.add({ op: 'mul', name: `${name}.mul`, inputs: [map, upsampled] });
}
