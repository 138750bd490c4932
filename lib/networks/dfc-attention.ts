import type { GateConfig } from '../gate-config.js';
import type { Blueprint } from '../graph/blueprint.js';
import type { NodeId, Pair } from '../graph/graph.js';

export interface DfcAttention {
  /** Of the module whose `short_conv` it is. */
  readonly name: string;
  readonly channels: number;
  /** Rows of the vertical kernel, columns of the horizontal one. */
  readonly kernels: Pair;
  readonly gate: GateConfig;
  /** What users know it by. */
  readonly label: string;
}

/**
 * Decoupled fully connected attention (arXiv 2211.12905, equation 2): along rows, then along columns, of the input, by
 * default at half resolution. Its value after the activation is an output of its own, `<name>.gate`.
 */
export function dfcAttention(
  net: Blueprint,
  input: NodeId,
  { name, channels, kernels: [rows, columns], gate: { activation, pooling }, label }: DfcAttention,
): NodeId {
  const at = (index: number): string => `${name}.short_conv.${index}`;
  const pool = (by: 'avg_pool' | 'max_pool'): NodeId =>
    net.add({ op: `${by}2d` as const, name: `${name}.${by}`, inputs: [input], kernel: [2, 2], stride: [2, 2] });
  const pooled = { mean: () => pool('avg_pool'), max: () => pool('max_pool'), none: () => input };
  let gate = pooled[pooling]();
  gate = net.conv(gate, at(0), channels, { batchNorm: at(1) });
  gate = net.conv(gate, at(2), channels, { kernel: [1, columns], depthwise: true, batchNorm: at(3) });
  gate = net.conv(gate, at(4), channels, {
    kernel: [rows, 1],
    depthwise: true,
    batchNorm: at(5),
    activation,
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
  { pooling, upsampling }: GateConfig,
): NodeId {
  const op = `upsample_${upsampling}` as const;
  // What was not pooled has the map's size.
  const whole = pooling === 'none' ? gate : net.add({ op, name: `${name}.upsample`, inputs: [gate, map] });
  return net.add({ op: 'mul', name: `${name}.mul`, inputs: [map, whole] });
}
