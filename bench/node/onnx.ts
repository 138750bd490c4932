import { onnxFile } from '../../lib/onnx/file.js';
import { int64Bytes, onnxGraph, type OnnxConstant, type OnnxGraph, type OnnxNode } from '../../lib/onnx/graph.js';
import type { Graph } from '../../lib/graph/graph.js';

export type InputShape = readonly [n: number, channels: number, height: number, width: number];

/**
 * A graph as the library exports it, but of fixed shapes, and unless `simplified` with a Slice after every concat of
 * a ghost module, even where it cuts nothing, as PyTorch's TorchScript exporter writes timm's networks (`out[:, :self.out_chs]`).
 */
export async function onnxModel(
  graph: Graph,
  [n, , height, width]: InputShape,
  simplified: boolean,
): Promise<Uint8Array> {
  const plain = onnxGraph(graph, [height, width], n);
  const pieces: Uint8Array[] = [];
  for await (const piece of onnxFile(simplified ? plain : withSlices(plain, graph))) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** No head of those that are measured cuts what it has put side by side. */
function isTimms(concat: string): boolean {
  return concat.startsWith('blocks.');
}

/** A concat that is cut has a Slice already, and another name than the graph's. */
function withSlices(plain: OnnxGraph, graph: Graph): OnnxGraph {
  const channels = new Map(
    graph.nodes.flatMap((node) => (node.op === 'concat' && isTimms(node.name) ? [[node.name, node.channels]] : [])),
  );
  const constants: OnnxConstant[] = [...plain.constants];
  const nodes = plain.nodes.flatMap((node): OnnxNode[] => {
    const end = channels.get(node.name);
    if (node.op !== 'Concat' || end === undefined) return [node];
    const joined = `${node.name}.joined`;
    const limits = Object.entries({ starts: 0, ends: end, axes: 1 }).map(([key, value]) => {
      const name = `${node.name}.${key}`;
      constants.push({ name, type: 'int64', shape: [1], pieces: () => [int64Bytes([value])] });
      return name;
    });
    return [
      { ...node, name: joined },
      { op: 'Slice', name: node.name, inputs: [joined, ...limits], attributes: {} },
    ];
  });
  return { ...plain, nodes, constants };
}
