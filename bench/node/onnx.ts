import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { ConcatNode, Conv2dNode, Graph, GraphNode, NodeId, UpsampleNearestNode } from '../../lib/graph.js';
import { fold } from '../../lib/models/fold.js';
import { inferShapes, type MapShape } from '../../lib/models/macs.js';

const schema = protobuf.loadSync(fileURLToPath(new URL('onnx.proto', import.meta.url)));
const ModelProto = schema.lookupType('onnx.ModelProto');

/** HardSigmoid, AveragePool and Resize are as we need them from opset 13 on; 17 is what exporters write. */
const opset = 17;
const irVersion = 8;

const dataType = { float32: 1, int64: 7 } as const;

export type InputShape = readonly [n: number, channels: number, height: number, width: number];

type Attribute = number | string | readonly number[] | { readonly float: number };

/**
 * A graph with one output as an ONNX model of fixed shapes: input `input` [n, c, h, w], output of the graph's name
 * [n, classes]. Batch norm is folded into the weights (in float64); the classifier is a Gemm, as PyTorch exports linear
 * layers. There is a Slice after every concat, even where it cuts nothing, as PyTorch's TorchScript exporter writes timm's
 * networks (`out[:, :self.out_chs]`); `simplified` leaves out those.
 */
export function onnxModel(graph: Graph, inputShape: InputShape, simplified: boolean): Uint8Array {
  const writer = new GraphWriter(graph, inputShape, simplified);
  return ModelProto.encode(
    ModelProto.fromObject({
      irVersion,
      producerName: 'ghostnet',
      graph: writer.write(),
      opsetImport: [{ domain: '', version: opset }],
    }),
  ).finish();
}

class GraphWriter {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private readonly shapes: readonly MapShape[];

  constructor(
    private readonly graph: Graph,
    private readonly inputShape: InputShape,
    private readonly simplified: boolean,
  ) {
    this.shapes = inferShapes(graph, [inputShape[2], inputShape[3]]);
  }

  write(): object {
    const [output, ...others] = this.graph.outputs;
    if (!output || others.length > 0) throw new Error('a graph with exactly one output can be exported');
    for (const [id, node] of this.graph.nodes.entries()) {
      if (id === output.node) this.writeClassifier(node, output.name);
      else this.writeNode(node);
    }
    return {
      name: 'ghostnet',
      node: this.nodes,
      initializer: this.initializers,
      input: [valueInfo('input', this.inputShape)],
      output: [valueInfo(output.name, [this.inputShape[0], this.shapes[output.node]![0]])],
    };
  }

  private writeNode(node: GraphNode): void {
    switch (node.op) {
      case 'input':
        return;
      case 'conv2d':
        return this.writeConv(node);
      case 'avg_pool2d':
        return this.add('AveragePool', node.name, [this.nameOf(node.input)], { kernel_shape: node.kernel, strides: node.stride });
      case 'global_avg_pool':
        return this.add('GlobalAveragePool', node.name, [this.nameOf(node.input)]);
      case 'concat':
        return this.writeConcat(node);
      case 'upsample_nearest':
        return this.writeResize(node);
      case 'mul':
      case 'add':
        return this.add(node.op === 'mul' ? 'Mul' : 'Add', node.name, node.inputs.map((id) => this.nameOf(id)));
    }
  }

  private writeConv(node: Conv2dNode): void {
    const { name, outChannels, inChannels, groups, kernel, padding, activation } = node;
    const before = activation === 'none' ? name : `${name}.conv`;
    this.add('Conv', before, [this.nameOf(node.input), ...this.parametersOf(node, [outChannels, inChannels / groups, ...kernel])], {
      kernel_shape: kernel,
      strides: node.stride,
      pads: [...padding, ...padding],
      dilations: node.dilation,
      group: groups,
    });
    if (activation === 'relu') this.add('Relu', name, [before]);
    if (activation === 'sigmoid') this.add('Sigmoid', name, [before]);
    if (activation === 'hard_sigmoid') this.add('HardSigmoid', name, [before], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
  }

  private writeClassifier(node: GraphNode, output: string): void {
    if (node.op !== 'conv2d' || this.shapes[node.input]!.slice(1).some((side) => side !== 1) || node.activation !== 'none') {
      throw new Error(`${node.name}: only a linear layer can be the output`);
    }
    const flat = `${node.name}.flatten`;
    this.add('Flatten', flat, [this.nameOf(node.input)], { axis: 1 });
    this.add('Gemm', output, [flat, ...this.parametersOf(node, [node.outChannels, node.inChannels])], { transB: 1 });
  }

  /** Names of the weight, with the scale multiplied in, and of the bias. */
  private parametersOf({ name, parameters, outChannels }: Conv2dNode, shape: readonly number[]): string[] {
    const weight = parameters.weight.data;
    if (!weight) throw new Error(`${name}: its weight is still in a file`);
    const { scale, bias } = fold(parameters);
    const perChannel = weight.length / outChannels;
    const folded = scale ? weight.map((value, i) => value * scale[Math.floor(i / perChannel)]!) : weight;
    const names = [this.constant(`${name}.weight`, shape, folded)];
    if (bias) names.push(this.constant(`${name}.bias`, [outChannels], bias));
    return names;
  }

  private writeConcat({ name, inputs, channels }: ConcatNode): void {
    const joined = inputs.reduce((sum, id) => sum + this.shapes[id]![0], 0);
    const names = inputs.map((id) => this.nameOf(id));
    if (joined === channels && this.simplified) return this.add('Concat', name, names, { axis: 1 });
    const range = { starts: 0, ends: channels, axes: 1 };
    const limits = Object.entries(range).map(([key, value]) => this.constant(`${name}.${key}`, [1], BigInt64Array.of(BigInt(value))));
    this.add('Concat', `${name}.joined`, names, { axis: 1 });
    this.add('Slice', name, [`${name}.joined`, ...limits]);
  }

  /** Nearest neighbour, source index floor(i * in / out). Engines are at their best with plain scales, where these are whole. */
  private writeResize({ name, input, like }: UpsampleNearestNode): void {
    const [channels, height, width] = this.shapes[input]!;
    const [, outHeight, outWidth] = this.shapes[like]!;
    const whole = outHeight % height === 0 && outWidth % width === 0;
    const target = whole
      ? ['', this.constant(`${name}.scales`, [4], Float32Array.of(1, 1, outHeight / height, outWidth / width))]
      : ['', '', this.constant(`${name}.sizes`, [4], BigInt64Array.from([this.inputShape[0], channels, outHeight, outWidth].map(BigInt)))];
    this.add('Resize', name, [this.nameOf(input), ...target], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
  }

  private nameOf(id: NodeId): string {
    return this.graph.nodes[id]!.name;
  }

  /** Every node has one output, which bears the node's name. */
  private add(opType: string, name: string, input: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): void {
    const attribute = Object.entries(attributes).map(([key, value]) => ({ name: key, ...attributeValue(value) }));
    this.nodes.push({ opType, name, input, output: [name], attribute });
  }

  private constant(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): string {
    this.initializers.push({
      name,
      dims,
      dataType: data instanceof Float32Array ? dataType.float32 : dataType.int64,
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
  }
}

function attributeValue(value: Attribute): object {
  if (typeof value === 'number') return { type: 'INT', i: value };
  if (typeof value === 'string') return { type: 'STRING', s: Buffer.from(value) };
  if ('float' in value) return { type: 'FLOAT', f: value.float };
  return { type: 'INTS', ints: value };
}

function valueInfo(name: string, shape: readonly number[]): object {
  const dim = shape.map((size) => ({ dimValue: size }));
  return { name, type: { tensorType: { elemType: dataType.float32, shape: { dim } } } };
}
