import { GhostNetError } from '../errors.js';
import { littleEndianBytes } from '../formats/floats.js';
import { isConv2d, type Activation, type Conv2dNode, type Graph, type Pair } from '../graph/graph.js';
import { fold } from '../graph/fold.js';
import type { OnnxAttribute, OnnxInput, OnnxWriter } from '../graph/onnx-writer.js';
import { operatorOf, type GraphNode } from '../graph/operators.js';
import { inferShapes, type MapShape } from '../graph/shapes.js';
import { activations } from './activations.js';
import { foldedWeights } from './folded.js';

/** Has one output, which bears its name. */
export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  /** Names of nodes, constants or the input; '' for one that is left out. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant, whose little-endian bytes are made when the file is written. */
export interface OnnxConstant {
  readonly name: string;
  readonly type: 'float32' | 'int64';
  readonly shape: readonly number[];
  readonly pieces: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface OnnxValue {
  readonly name: string;
  /** A text is the name of a size that is free. */
  readonly shape: readonly (number | string)[];
}

/** A network as ONNX has it, of float32 values. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly input: OnnxValue;
  readonly output: OnnxValue;
}

/**
 * A graph with one output, a linear layer's, as ONNX: input `input` [batch, c, h, w] of `inputSize`, output of the
 * graph's name [batch, classes]. Nodes keep their names. Batch norm is folded into the weights in float64; the linear
 * layer is a Gemm. The operators need opset {@link opset}.
 */
export function onnxGraph(graph: Graph, inputSize: Pair, batch: number | 'batch' = 'batch'): OnnxGraph {
  return new Translation(graph, inputSize).translate(batch);
}

/** The first in which Resize takes the sizes of some axes, and so none of the batch. */
export const opset = 18;

class Translation implements OnnxWriter {
  private readonly nodes: OnnxNode[] = [];
  private readonly constants: OnnxConstant[] = [];
  private readonly shapes: readonly MapShape[];

  constructor(
    private readonly graph: Graph,
    private readonly inputSize: Pair,
  ) {
    this.shapes = inferShapes(graph, inputSize);
  }

  translate(batch: number | 'batch'): OnnxGraph {
    const [output, ...others] = this.graph.outputs;
    if (!output || others.length > 0)
      throw new GhostNetError('ERR_GHOST_ARGUMENT', 'A graph to export should have exactly one output.');
    for (const [id, node] of this.graph.nodes.entries()) {
      const inputs = node.inputs.map((input) => ({ name: this.graph.nodes[input]!.name, shape: this.shapes[input]! }));
      if (id === output.node) this.addClassifier(node, inputs, output.name);
      else operatorOf(node).onnx(node, this, inputs);
    }
    return {
      nodes: this.nodes,
      constants: this.constants,
      input: { name: this.graph.nodes[0]!.name, shape: [batch, this.shapes[0]![0], ...this.inputSize] },
      output: { name: output.name, shape: [batch, this.shapes[output.node]![0]] },
    };
  }

  add(
    op: string,
    name: string,
    inputs: readonly (OnnxInput | string)[],
    attributes: OnnxNode['attributes'] = {},
  ): void {
    const names = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    this.nodes.push({ op, name, inputs: names, attributes });
  }

  activate(activation: Activation, sums: string, name: string): void {
    activations[activation](this, sums, name);
  }

  parameters(node: Conv2dNode, shape: readonly number[]): string[] {
    const { name, parameters, outChannels } = node;
    const { bias } = fold(parameters);
    const weight = this.constant(`${name}.weight`, 'float32', shape, async function* () {
      for await (const piece of foldedWeights(node)) yield littleEndianBytes(piece);
    });
    return bias
      ? [weight, this.constant(`${name}.bias`, 'float32', [outChannels], () => [littleEndianBytes(bias)])]
      : [weight];
  }

  floats(name: string, values: readonly number[] | number): string {
    const [shape, elements] = typeof values === 'number' ? [[], [values]] : [[values.length], values];
    return this.constant(name, 'float32', shape, () => [littleEndianBytes(Float32Array.from(elements))]);
  }

  integers(name: string, ...values: number[]): string {
    return this.constant(name, 'int64', [values.length], () => [int64Bytes(values)]);
  }

  private addClassifier(node: GraphNode, [input]: readonly OnnxInput[], output: string): void {
    if (!isConv2d(node) || input!.shape.slice(1).some((side) => side !== 1) || node.activation !== 'none') {
      throw new GhostNetError(
        'ERR_GHOST_ARGUMENT',
        `The output of a graph to export should be a linear layer, and ${node.name} is none.`,
      );
    }
    const flat = `${node.name}.flatten`;
    this.add('Flatten', flat, [input!], { axis: 1 });
    this.add('Gemm', output, [flat, ...this.parameters(node, [node.outChannels, node.inChannels])], { transB: 1 });
  }

  private constant(
    name: string,
    type: OnnxConstant['type'],
    shape: readonly number[],
    pieces: OnnxConstant['pieces'],
  ): string {
    this.constants.push({ name, type, shape, pieces });
    return name;
  }
}

/** Little-endian. */
export function int64Bytes(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeBigInt64LE(BigInt(value), 8 * i);
  return bytes;
}
