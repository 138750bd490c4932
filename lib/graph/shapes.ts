import { GhostNetError } from '../errors.js';
import { weightsPerChannel, type Conv2dNode, type Graph, type GraphNode, type Pair } from './graph.js';
import { tooLarge } from '../engine/input-limits.js';

/** Of one image: [channels, height, width]. */
export type MapShape = readonly [channels: number, height: number, width: number];

/** Of each graph, the shapes for the size that was asked for last: a camera's pictures are all of one size. */
const lastShapes = new WeakMap<
  Graph,
  { readonly height: number; readonly width: number; readonly shapes: readonly MapShape[] }
>();

/**
 * The shape of every node's value, for an input of `height` x `width` pixels. Windows that do not fit at the end are
 * dropped, as PyTorch does.
 *
 * @throws {GhostNetError} ERR_GHOST_SHAPE if a map shrinks to nothing, or for an input that the engine refuses: below
 *   its limits no number here or there overflows.
 */
export function inferShapes(graph: Graph, [height, width]: Pair): readonly MapShape[] {
  const last = lastShapes.get(graph);
  if (last?.height === height && last.width === width) return last.shapes;
  const large = tooLarge(height, width);
  if (large) throw new GhostNetError('ERR_GHOST_SHAPE', `An input of ${height}x${width} pixels ${large}.`);
  const shapes: MapShape[] = [];
  for (const node of graph.nodes) {
    const shape = inferShape(node, shapes, [height, width]);
    if (!shape.every((size) => size >= 1)) {
      const message = `An input of ${height} x ${width} pixels is too small: nothing is left of it at ${node.name}.`;
      throw new GhostNetError('ERR_GHOST_SHAPE', message);
    }
    shapes.push(shape);
  }
  lastShapes.set(graph, { height, width, shapes });
  return shapes;
}

/**
 * Input pixels from one element of each output's map to the next, by the output's name: what the convolutions and pools
 * on the way to it multiply up to. Of a map that was pooled to a single element it means nothing.
 */
export function outputStrides(graph: Graph): Map<string, number> {
  const strides: number[] = [];
  for (const node of graph.nodes) strides.push(strideOf(node, strides));
  return new Map(graph.outputs.map(({ name, node }) => [name, strides[node]!]));
}

function strideOf(node: GraphNode, strides: readonly number[]): number {
  if (node.op === 'input') return 1;
  if ('inputs' in node) return strides[node.inputs[0]]!;
  if ('like' in node) return strides[node.like]!;
  return strides[node.input]! * ('stride' in node ? node.stride[0] : 1);
}

/** The shape of each output by its name. */
export function outputShapes(graph: Graph, inputShape: Pair): Map<string, MapShape> {
  const shapes = inferShapes(graph, inputShape);
  return new Map(graph.outputs.map(({ name, node }) => [name, shapes[node]!]));
}

/**
 * Multiply-accumulates for one image of `inputShape` pixels: one for each weight of a convolution or linear layer at
 * each position it is applied to, padding included. Batch norm, biases, activations, pooling and the products and
 * sums of maps are not counted, as in the papers.
 */
export function countMacs(graph: Graph, inputShape: Pair): number {
  const shapes = inferShapes(graph, inputShape);
  return graph.nodes.reduce((sum, node, id) => {
    if (node.op !== 'conv2d') return sum;
    const [, height, width] = shapes[id]!;
    return sum + node.outChannels * weightsPerChannel(node) * height * width;
  }, 0);
}

function inferShape(node: GraphNode, shapes: readonly MapShape[], inputShape: Pair): MapShape {
  switch (node.op) {
    case 'input':
      return [node.channels, ...inputShape];
    case 'conv2d':
      return convShape(node, shapes[node.input]!);
    case 'avg_pool2d': {
      const [channels, height, width] = shapes[node.input]!;
      return [
        channels,
        windows(height, node.kernel[0], node.stride[0]),
        windows(width, node.kernel[1], node.stride[1]),
      ];
    }
    case 'global_avg_pool':
      return [shapes[node.input]![0], 1, 1];
    case 'concat': {
      const [, height, width] = shapes[node.inputs[0]!]!;
      return [node.channels, height, width];
    }
    case 'upsample_nearest':
    case 'upsample_bilinear': {
      const [, height, width] = shapes[node.like]!;
      return [shapes[node.input]![0], height, width];
    }
    case 'mul':
    case 'add':
      return shapes[node.inputs[0]]!;
  }
}

function convShape({ outChannels, kernel, stride, padding, dilation }: Conv2dNode, input: MapShape): MapShape {
  const side = (axis: 0 | 1): number => {
    const extent = dilation[axis] * (kernel[axis] - 1) + 1;
    return windows(input[axis + 1]! + 2 * padding[axis], extent, stride[axis]);
  };
  return [outChannels, side(0), side(1)];
}

function windows(size: number, extent: number, stride: number): number {
  return Math.floor((size - extent) / stride) + 1;
}
