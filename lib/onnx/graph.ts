import { GhostNetError } from '../errors.js';
import { littleEndianBytes } from '../formats/floats.js';
import type { ConcatNode, Conv2dNode, Graph, GraphNode, NodeId, Pair, UpsampleNode } from '../graph/graph.js';
import { fold } from '../graph/fold.js';
import { inferShapes, type MapShape } from '../graph/shapes.js';
import { foldedWeights } from '../export/folded.js';

/** A whole number, a text, whole numbers, or a float. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

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

class Translation {
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
      if (id === output.node) this.addClassifier(node, output.name);
      else this.addNode(node);
    }
    return {
      nodes: this.nodes,
      constants: this.constants,
      input: { name: this.nameOf(0), shape: [batch, this.shapes[0]![0], ...this.inputSize] },
      output: { name: output.name, shape: [batch, this.shapes[output.node]![0]] },
    };
  }

  private addNode(node: GraphNode): void {
    switch (node.op) {
      case 'input':
        return;
      case 'conv2d':
        return this.addConv(node);
      case 'avg_pool2d':
        return this.add('AveragePool', node.name, [this.nameOf(node.input)], {
          kernel_shape: node.kernel,
          strides: node.stride,
        });
      case 'global_avg_pool':
        return this.add('GlobalAveragePool', node.name, [this.nameOf(node.input)]);
      case 'concat':
        return this.addConcat(node);
      case 'upsample_nearest':
      case 'upsample_bilinear':
        return this.addResize(node);
      case 'mul':
      case 'add':
        return this.add(
          node.op === 'mul' ? 'Mul' : 'Add',
          node.name,
          node.inputs.map((id) => this.nameOf(id)),
        );
    }
  }

  private addConv(node: Conv2dNode): void {
    const { name, outChannels, inChannels, groups, kernel, padding, activation } = node;
    const before = activation === 'none' ? name : `${name}.conv`;
    this.add(
      'Conv',
      before,
      [this.nameOf(node.input), ...this.parametersOf(node, [outChannels, inChannels / groups, ...kernel])],
      {
        kernel_shape: kernel,
        strides: node.stride,
        pads: [...padding, ...padding],
        dilations: node.dilation,
        group: groups,
      },
    );
    if (activation === 'relu') this.add('Relu', name, [before]);
    if (activation === 'sigmoid') this.add('Sigmoid', name, [before]);
    if (activation === 'hard_sigmoid')
      this.add('HardSigmoid', name, [before], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
  }

  private addClassifier(node: GraphNode, output: string): void {
    if (
      node.op !== 'conv2d' ||
      this.shapes[node.input]!.slice(1).some((side) => side !== 1) ||
      node.activation !== 'none'
    ) {
      throw new GhostNetError(
        'ERR_GHOST_ARGUMENT',
        `The output of a graph to export should be a linear layer, and ${node.name} is none.`,
      );
    }
    const flat = `${node.name}.flatten`;
    this.add('Flatten', flat, [this.nameOf(node.input)], { axis: 1 });
    this.add('Gemm', output, [flat, ...this.parametersOf(node, [node.outChannels, node.inChannels])], { transB: 1 });
  }

  /** Names of the weight and of the bias, if there is one. */
  private parametersOf(node: Conv2dNode, shape: readonly number[]): string[] {
    const { name, parameters, outChannels } = node;
    const { bias } = fold(parameters);
    const weight = this.constant(`${name}.weight`, 'float32', shape, async function* () {
      for await (const piece of foldedWeights(node)) yield littleEndianBytes(piece);
    });
    return bias
      ? [weight, this.constant(`${name}.bias`, 'float32', [outChannels], () => [littleEndianBytes(bias)])]
      : [weight];
  }

  private addConcat({ name, inputs, channels }: ConcatNode): void {
    const joined = inputs.reduce((sum, id) => sum + this.shapes[id]![0], 0);
    const whole = joined === channels;
    this.add(
      'Concat',
      whole ? name : `${name}.joined`,
      inputs.map((id) => this.nameOf(id)),
      { axis: 1 },
    );
    if (whole) return;
    const [starts, ends, axes] = [
      this.whole(`${name}.starts`, 0),
      this.whole(`${name}.ends`, channels),
      this.whole(`${name}.axes`, 1),
    ];
    this.add('Slice', name, [`${name}.joined`, starts, ends, axes]);
  }

  /** Engines are at their best with plain scales, which can say whole factors of the nearest neighbour. */
  private addResize({ op, name, input, like }: UpsampleNode): void {
    const [, height, width] = this.shapes[input]!;
    const [, outHeight, outWidth] = this.shapes[like]!;
    const nearest = op === 'upsample_nearest';
    const mode: Record<string, OnnxAttribute> = nearest
      ? { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
      : { mode: 'linear', coordinate_transformation_mode: 'align_corners' };
    if (nearest && outHeight % height === 0 && outWidth % width === 0) {
      const factors = Float32Array.of(1, 1, outHeight / height, outWidth / width);
      const scales = this.constant(`${name}.scales`, 'float32', [4], () => [littleEndianBytes(factors)]);
      return this.add('Resize', name, [this.nameOf(input), '', scales], mode);
    }
    this.add('Resize', name, [this.nameOf(input), '', '', this.whole(`${name}.sizes`, outHeight, outWidth)], {
      ...mode,
      axes: [2, 3],
    });
  }

  private nameOf(id: NodeId): string {
    return this.graph.nodes[id]!.name;
  }

  private add(op: string, name: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}): void {
    this.nodes.push({ op, name, inputs, attributes });
  }

  /** Whole numbers as a constant, by its name. */
  private whole(name: string, ...values: number[]): string {
    return this.constant(name, 'int64', [values.length], () => [int64Bytes(values)]);
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
