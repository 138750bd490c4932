import type { Graph, Pair } from '../lib/graph/graph.js';
import { inferShapes, type MapShape } from '../lib/graph/shapes.js';

/** The shape of each output by its name. */
export function outputShapes(graph: Graph, inputShape: Pair): Map<string, MapShape> {
  const shapes = inferShapes(graph, inputShape);
  return new Map(graph.outputs.map(({ name, node }) => [name, shapes[node]!]));
}
