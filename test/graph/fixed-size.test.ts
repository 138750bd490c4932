import { describe, expect, it } from 'vitest';
import { Blueprint } from '../../lib/graph/blueprint.js';
import type { NodeId, Pair } from '../../lib/graph/graph.js';

/** The input's size for a network that turns a map of a quarter of its height and width. */
function sizeFor(turn: (net: Blueprint, map: NodeId) => void): Pair | undefined {
  const net = new Blueprint();
  const map = net.conv(net.conv(net.input(3), 'first', 4, { kernel: 3, stride: 2 }), 'second', 5, {
    kernel: 3,
    stride: 2,
  });
  turn(net, map);
  return net.inputSize;
}

const turned =
  (op: 'rows_as_channels' | 'columns_as_channels' | 'positions_as_channels', channels: number) =>
  (net: Blueprint, map: NodeId): NodeId =>
    net.add({ op, name: op, inputs: [map], channels });

describe('the size of an input that weights are made for', () => {
  it('is that of a square with so many positions, and of several the one that can be halved most often', () => {
    // 4 x 7 - 3 to 4 x 7.
    expect(sizeFor(turned('positions_as_channels', 49))).toEqual([28, 28]);
    expect(sizeFor(turned('positions_as_channels', 1))).toEqual([4, 4]);
  });

  it('has so many rows and so many columns', () => {
    const size = sizeFor((net, map) => {
      const rows = turned('rows_as_channels', 6)(net, map);
      turned('columns_as_channels', 9)(
        net,
        net.add({ op: 'rows_as_channels', name: 'back', inputs: [rows], channels: 5 }),
      );
    });
    expect(size).toEqual([24, 36]);
  });

  it('fits all of them', () => {
    const both = (second: number) => (net: Blueprint, map: NodeId) => {
      turned('positions_as_channels', 49)(net, map);
      const half = net.add({ op: 'avg_pool2d', name: 'half', inputs: [map], kernel: [2, 2], stride: [2, 2] });
      net.add({ op: 'positions_as_channels', name: 'of the half', inputs: [half], channels: second });
    };
    expect(sizeFor(both(9))).toEqual([28, 28]);
    expect(sizeFor(both(16))).toBeUndefined();
  });

  it('is unknown where any will do, and where it is no square', () => {
    expect(sizeFor(() => undefined)).toBeUndefined();
    expect(sizeFor(turned('positions_as_channels', 50))).toBeUndefined();
  });
});
