import { littleEndianBytes } from '../formats/floats.js';
import { isConv2d, weightsPerChannel, type Conv2dNode, type Graph, type NodeId, type Pair } from '../graph/graph.js';
import { fold } from '../graph/fold.js';
import type { OnnxAttribute, OnnxInput, OnnxWriter } from '../graph/onnx-writer.js';
import { operatorOf } from '../graph/operators.js';
import { inferShapes, vectorsOf, type MapShape } from '../graph/shapes.js';
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
  readonly outputs: readonly OnnxValue[];
}

/**
 * A graph as ONNX: input `input` [batch, c, h, w] of `inputSize`, outputs of the graph's names, maps [batch, c, h, w]
 * and vectors [batch, c]. All other values have their nodes' names. Batch norm is folded into the weights in float64; a
 * linear layer that is an output is a Gemm. The operators need opset {@link opset}.
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
  private readonly isVector: readonly boolean[];
  /** Of each node's value, by the node's name. */
  private readonly names: ReadonlyMap<string, string>;

  constructor(
    private readonly graph: Graph,
    private readonly inputSize: Pair,
  ) {
    this.shapes = inferShapes(graph, inputSize);
    this.isVector = vectorsOf(graph);
    this.names = this.valueNames();
  }

  translate(batch: number | 'batch'): OnnxGraph {
    const { nodes, outputs } = this.graph;
    for (const [id, node] of nodes.entries()) {
      const inputs = node.inputs.map((input) => this.valueOf(input));
      const linear = this.linearOutput(id);
      if (linear !== undefined) this.addLinear(node as Conv2dNode, inputs[0]!, linear);
      else operatorOf(node).onnx(node, this, inputs);
    }
    for (const { name, node } of outputs) this.addOutput(name, node);
    return {
      nodes: this.nodes,
      constants: this.constants,
      input: { name: this.valueOf(0).name, shape: [batch, this.shapes[0]![0], ...this.inputSize] },
      outputs: outputs.map(({ name, node }) => {
        const [channels, ...size] = this.shapes[node]!;
        return { name, shape: [batch, channels, ...(this.isVector[node]! ? [] : size)] };
      }),
    };
  }

  add(
    op: string,
    name: string,
    inputs: readonly (OnnxInput | string)[],
    attributes: OnnxNode['attributes'] = {},
  ): void {
    const names = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    this.nodes.push({ op, name: this.names.get(name) ?? name, inputs: names, attributes });
  }

  activate(node: Conv2dNode, sums: string): void {
    activations[node.activation](this, sums, node);
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

  matrix(name: string, rows: readonly (readonly number[])[]): string {
    const values = Float32Array.from(rows.flat());
    return this.constant(name, 'float32', [rows.length, rows[0]!.length], () => [littleEndianBytes(values)]);
  }

  integers(name: string, ...values: number[]): string {
    return this.constant(name, 'int64', [values.length], () => [int64Bytes(values)]);
  }

  private valueOf(id: NodeId): OnnxInput {
    const { name } = this.graph.nodes[id]!;
    return { name: this.names.get(name)!, shape: this.shapes[id]! };
  }

  /** A map that is an output has its name, and no other value has an output's. The input stays what it is. */
  private valueNames(): Map<string, string> {
    const { nodes, outputs } = this.graph;
    const taken = new Set(outputs.map(({ name }) => name));
    return new Map(
      nodes.map(({ name }, id) => {
        const output = id > 0 && !this.isVector[id] && outputs.find(({ node }) => node === id);
        return [name, output ? output.name : taken.has(name) ? `${name}.value` : name];
      }),
    );
  }

  /** The output that a node is as a linear layer whose value nobody else reads; otherwise undefined. */
  private linearOutput(id: NodeId): string | undefined {
    const { nodes, outputs } = this.graph;
    const node = nodes[id]!;
    const [output, ...others] = outputs.filter((candidate) => candidate.node === id);
    if (!output || others.length > 0 || !isConv2d(node) || node.activation !== 'none') return undefined;
    const isLinear = this.isVector[node.inputs[0]] && node.groups === 1 && weightsPerChannel(node) === node.inChannels;
    const isRead = nodes.some(({ inputs }) => inputs.some((input) => input === id));
    return isLinear && !isRead ? output.name : undefined;
  }

  private addLinear(node: Conv2dNode, input: OnnxInput, output: string): void {
    const flat = `${node.name}.flatten`;
    this.add('Flatten', flat, [input], { axis: 1 });
    const parameters = this.parameters(node, [node.outChannels, node.inChannels]);
    this.nodes.push({ op: 'Gemm', name: output, inputs: [flat, ...parameters], attributes: { transB: 1 } });
  }

  /** Where the value does not bear its name yet. */
  private addOutput(name: string, id: NodeId): void {
    const value = this.valueOf(id).name;
    if (value === name || this.linearOutput(id) === name) return;
    if (this.isVector[id]) this.nodes.push({ op: 'Flatten', name, inputs: [value], attributes: { axis: 1 } });
    else this.nodes.push({ op: 'Identity', name, inputs: [value], attributes: {} });
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
