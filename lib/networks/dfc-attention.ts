import type { GateConfig } from '../gate-config.js';
import type { Shapes } from '../formats/tensor.js';
import type { Blueprint } from '../graph/blueprint.js';
import type { Activation, NodeId, Pair } from '../graph/graph.js';

/** What of its input's map each element of a gate depends on (arXiv 2211.12905, section 3.2). */
export type Mixing =
  /** Weights that are shared, as depthwise convolutions: rows of the vertical kernel, columns of the horizontal one. */
  | { readonly kernels: Pair }
  /** Equation 2 before: a weight for each pair of the map's rows, then for each pair of its columns. */
  | { readonly rows: number; readonly columns: number }
  /** Equation 1: a weight for each pair of positions. */
  | { readonly positions: number };

/** As published. */
export const publishedMixing: Mixing = { kernels: [5, 5] };

export interface DfcAttention {
  /** Of the module whose `short_conv` it is. */
  readonly name: string;
  readonly channels: number;
  readonly mixing: Mixing;
  readonly gate: GateConfig;
  /** What users know it by. */
  readonly label: string;
}

/**
 * Decoupled fully connected attention (arXiv 2211.12905) of the input, by default at half resolution. Its value after the
 * activation is an output of its own, `<name>.gate`.
 */
export function dfcAttention(
  net: Blueprint,
  input: NodeId,
  { name, channels, mixing, gate: { activation, pooling }, label }: DfcAttention,
): NodeId {
  const at = (index: number): string => `${name}.short_conv.${index}`;
  const pool = (by: 'avg_pool' | 'max_pool'): NodeId =>
    net.add({ op: `${by}2d` as const, name: `${name}.${by}`, inputs: [input], kernel: [2, 2], stride: [2, 2] });
  const pooled = { mean: () => pool('avg_pool'), max: () => pool('max_pool'), none: () => input };
  let gate = pooled[pooling]();
  gate = net.conv(gate, at(0), channels, { batchNorm: at(1) });
  gate = mixed(net, gate, at, mixing, activation);
  net.output(`${name}.gate`, gate, { role: 'attention', label });
  return gate;
}

type Name = (index: number) => string;

/** Behind weights for each pair there is no batch norm: all channels share them. */
function mixed(net: Blueprint, map: NodeId, at: Name, mixing: Mixing, activation: Activation): NodeId {
  const channels = net.channelsOf(map);
  const turned = (op: 'rows_as_channels' | 'columns_as_channels', input: NodeId, name: string, count: number): NodeId =>
    net.add({ op, name, inputs: [input], channels: count });
  if ('kernels' in mixing) {
    const [rows, columns] = mixing.kernels;
    const along = net.conv(map, at(2), channels, { kernel: [1, columns], depthwise: true, batchNorm: at(3) });
    return net.conv(along, at(4), channels, { kernel: [rows, 1], depthwise: true, batchNorm: at(5), activation });
  }
  if ('positions' in mixing) {
    const { positions: count } = mixing;
    const name = `${at(2)}.positions`;
    const positions = net.add({ op: 'positions_as_channels', name, inputs: [map], channels: count });
    const inputs = [net.conv(positions, at(2), count, { linear: true, activation }), map] as const;
    return net.add({ op: 'channels_as_positions', name: `${at(2)}.map`, inputs, channels });
  }
  const rows = turned('rows_as_channels', map, `${at(2)}.rows`, mixing.rows);
  const alongColumns = net.conv(rows, at(2), mixing.rows, { linear: true });
  const between = turned('rows_as_channels', alongColumns, `${at(2)}.map`, channels);
  const columns = turned('columns_as_channels', between, `${at(3)}.columns`, mixing.columns);
  const alongRows = net.conv(columns, at(3), mixing.columns, { linear: true, activation });
  return turned('columns_as_channels', alongRows, `${at(3)}.map`, channels);
}

/**
 * What a module's attention mixes, as the shapes of its weights tell; undefined where it has none of a kind that is known.
 *
 * @param name of the module whose `short_conv` it is
 */
export function mixingIn(tensors: Shapes, name: string): Mixing | undefined {
  const shapeOf = (index: number): readonly number[] => tensors.get(`${name}.short_conv.${index}.weight`)?.shape ?? [];
  const [second, third, fourth] = [shapeOf(2), shapeOf(3), shapeOf(4)];
  const [columns, rows] = [second[3], fourth[2]];
  // Around an even one a map would not keep its size.
  if (columns && rows) return columns % 2 && rows % 2 ? { kernels: [rows, columns] } : undefined;
  const isPairs = ([all, each, ...more]: readonly number[]): boolean => more.length === 0 && all === each;
  const [count, others] = [second[0], third[0]];
  if (!count || !isPairs(second)) return undefined;
  return others && isPairs(third) ? { rows: count, columns: others } : { positions: count };
}

/** As `ghostnet info` says it. */
export function mixingWords(mixing: Mixing): string {
  if ('kernels' in mixing) return `attention of ${mixing.kernels[0]}x1 and 1x${mixing.kernels[1]}`;
  if ('positions' in mixing) return `attention of any two of ${mixing.positions} positions`;
  return `attention of any two of ${mixing.rows} rows, and of ${mixing.columns} columns`;
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
