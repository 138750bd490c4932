import { maxInputSide } from '../input-limits.js';
import type { Pair } from './graph.js';
import { operatorOf, type GraphNode, type MapPart } from './operators.js';
import { shapeOf, surplus, type MapShape } from './shapes.js';

/**
 * The size of a network's input, [height, width] in pixels, where weights are for maps of one size: one whose maps have
 * as many rows, columns and positions as there are weights for. Of several, which lie next to each other, it is the one
 * that can be halved most often. Positions do not tell height from width: they are taken for a square's.
 *
 * @param nodes of its graph, which may lack parameters
 * @param strides of each node: input pixels from one element of its map to the next
 * @returns undefined where any size will do, or none is found
 */
export function fixedInputSize(nodes: readonly GraphNode[], strides: readonly number[]): Pair | undefined {
  if (!nodes.some((node) => operatorOf(node).turns)) return undefined;
  if (!nodes.some((node) => operatorOf(node).turns === 'positions')) {
    const [height, width] = [sideFor(nodes, strides, ['rows']), sideFor(nodes, strides, ['columns'])];
    return height && width ? [height, width] : undefined;
  }
  const side = sideFor(nodes, strides, ['positions', 'rows', 'columns']);
  return side === undefined ? undefined : [side, side];
}

/** Of a square of which all these parts of maps are as many as they should be. */
function sideFor(
  nodes: readonly GraphNode[],
  strides: readonly number[],
  parts: readonly MapPart[],
): number | undefined {
  const concerned = nodes.filter((node) => parts.some((part) => operatorOf(node).turns === part));
  const first = concerned.find((node) => operatorOf(node).turns === parts[0]);
  if (!first) return undefined;
  const count = operatorOf(first).channels!(first, []);
  const length = parts[0] === 'positions' ? Math.sqrt(count) : count;
  // A map is nowhere more than one element larger or smaller than the input's part of it.
  const stride = strides[nodes.indexOf(first)]!;
  const [low, high] = [Math.max(1, Math.ceil((length - 1) * stride)), Math.min((length + 1) * stride, maxInputSide)];
  let best: number | undefined;
  for (let side = low; side <= high; side++) {
    const fits = surplusesAt(nodes, concerned, side).every((difference) => difference === 0);
    if (fits && (best === undefined || halvings(side) >= halvings(best))) best = side;
  }
  return best;
}

function surplusesAt(nodes: readonly GraphNode[], concerned: readonly GraphNode[], side: number): number[] {
  const shapes: MapShape[] = [];
  for (const node of nodes) shapes.push(shapeOf(node, shapes, [side, side]));
  return concerned.map((node) => surplus(node, shapes));
}

function halvings(side: number): number {
  return Math.log2(side & -side);
}
