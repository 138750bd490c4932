import { GhostNetError } from '../errors.js';
import type { Graph, Pair } from './graph.js';
import { countOf, operatorOf, type GraphNode } from './operators.js';
import { tooLarge } from '../input-limits.js';

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
 * @throws {GhostNetError} ERR_GHOST_SHAPE if a map shrinks to nothing, or is not of the size that weights are for, or for
 *   an input that the engine refuses: below its limits no number here or there overflows.
 */
export function inferShapes(graph: Graph, [height, width]: Pair): readonly MapShape[] {
  const last = lastShapes.get(graph);
  if (last?.height === height && last.width === width) return last.shapes;
  const large = tooLarge(inputChannels(graph), height, width);
  if (large) throw new GhostNetError('ERR_GHOST_SHAPE', `An input of ${height}x${width} pixels ${large}.`);
  const shapes: MapShape[] = [];
  for (const node of graph.nodes) {
    const shape = shapeOf(node, shapes, [height, width]);
    checkFits(graph, node, shapes, [height, width]);
    if (!shape.every((size) => size >= 1)) {
      const message = `An input of ${height} x ${width} pixels is too small: nothing is left of it at ${node.name}.`;
      throw new GhostNetError('ERR_GHOST_SHAPE', message);
    }
    shapes.push(shape);
  }
  lastShapes.set(graph, { height, width, shapes });
  return shapes;
}

export function inputChannels({ nodes: [input] }: Graph): number {
  return operatorOf(input!).channels!(input!, []);
}

/** Of each node, whether its value is a vector: a map of a single position whatever the size of the input. */
export function vectorsOf(graph: Graph): readonly boolean[] {
  const vectors: boolean[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => vectors[id]!);
    vectors.push(operatorOf(node).pools ?? (inputs.length > 0 && inputs.every(Boolean)));
  }
  return vectors;
}

/**
 * Input pixels from one element of each output's map to the next, by the output's name: what the convolutions and pools
 * on the way to it multiply up to. Of a map that was pooled to a single element it means nothing.
 */
export function outputStrides(graph: Graph): Map<string, number> {
  const strides: number[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => strides[id]!);
    strides.push(operatorOf(node).stride?.(node, inputs) ?? inputs[0] ?? 1);
  }
  return new Map(graph.outputs.map(({ name, node }) => [name, strides[node]!]));
}

/**
 * Multiply-accumulates for one image of `inputShape` pixels: one for each weight of a convolution or linear layer at
 * each position it is applied to, padding included. Batch norm, biases, activations, pooling and the products and
 * sums of maps are not counted, as in the papers.
 */
export function countMacs(graph: Graph, inputShape: Pair): number {
  const shapes = inferShapes(graph, inputShape);
  return graph.nodes.reduce((sum, node, id) => {
    const [, height, width] = shapes[id]!;
    return sum + (operatorOf(node).macs?.(node) ?? 0) * height * width;
  }, 0);
}

/** How many rows, columns or positions its input's map has too many, where its weights are for some number of them. */
export function surplus(node: GraphNode, shapes: readonly MapShape[]): number {
  const { turns, channels } = operatorOf(node);
  if (!turns) return 0;
  const [, height, width] = shapes[node.inputs[0]!]!;
  return countOf(turns, [height, width]) - channels!(node, []);
}

function checkFits(graph: Graph, node: GraphNode, shapes: readonly MapShape[], [height, width]: Pair): void {
  const difference = surplus(node, shapes);
  if (difference === 0) return;
  const { turns, channels } = operatorOf(node);
  const expected = channels!(node, []);
  const size = graph.inputSize ? `: it is made for ${graph.inputSize.join('x')}` : '';
  const message = `An input of ${height}x${width} pixels has ${expected + difference} ${turns} at ${node.name}, where the network has weights for ${expected}${size}.`;
  throw new GhostNetError('ERR_GHOST_SHAPE', message);
}

/** Of the first image, for an input of that many pixels. */
export function shapeOf(node: GraphNode, shapes: readonly MapShape[], inputShape: Pair): MapShape {
  const { channels, size } = operatorOf(node);
  const inputs = node.inputs.map((id) => shapes[id]!);
  const counts = inputs.map(([count]) => count);
  const sizes = inputs.map(([, height, width]): Pair => [height, width]);
  const [height, width] = size?.(node, sizes, counts) ?? sizes[0] ?? inputShape;
  return [channels?.(node, counts) ?? counts[0]!, height, width];
}
