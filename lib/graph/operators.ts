import type { OnnxInput, OnnxWriter } from './onnx-writer.js';
import { weightsPerChannel, type Conv2dNode, type Node, type Pair } from './graph.js';
import type {
  AdaptiveAvgPool2dNode,
  AddNode,
  AvgPool2dNode,
  ChannelsAsPositionsNode,
  ColumnsAsChannelsNode,
  ConcatNode,
  GlobalAvgMaxPoolNode,
  GlobalAvgPoolNode,
  GlobalMaxPoolNode,
  GroupNormNode,
  InputNode,
  L2NormNode,
  MaxPool2dNode,
  MulNode,
  PixelShuffleNode,
  PositionsAsChannelsNode,
  RowsAsChannelsNode,
  UpsampleBilinearAlignedNode,
  UpsampleBilinearNode,
  UpsampleNearestNode,
} from './nodes.js';
import { meansOf, turned, windowsIn } from './windows.js';

/**
 * What is to be known of an operator in this half of the program; the engine has a file for each in
 * `native/operators`. Where a function is left out, the value is as that of the first input.
 */
export interface Operator<N extends Node> {
  /** Of its value, by those of its inputs. */
  readonly channels?: (node: N, inputs: readonly number[]) => number;
  /** Height and width of its value, by those of its inputs, and by their channels. */
  readonly size?: (node: N, inputs: readonly Pair[], channels: readonly number[]) => Pair;
  /** Pixels of the network's input from one element of its value to the next, by those of its inputs. */
  readonly stride?: (node: N, inputs: readonly number[]) => number;
  /** Whether its value is a single position whatever the input's size; otherwise where those of all its inputs are. */
  readonly pools?: boolean;
  /** What its value has as channels of a map: as many as it has channels, or the map is not what the weights are for. */
  readonly turns?: MapPart;
  /** Multiply-accumulates for each position of its value; otherwise none. */
  readonly macs?: (node: N) => number;
  /** Writes what computes it in ONNX, the last of it under the node's name. */
  readonly onnx: (node: N, out: OnnxWriter, inputs: readonly OnnxInput[]) => void;
}

/** PyTorch's. */
const groupNormEps = 1e-5;

/** mmdetection's. */
const l2NormEps = 1e-10;

/** What a map has several of. */
export type MapPart = 'rows' | 'columns' | 'positions';

export function countOf(part: MapPart, [height, width]: Pair): number {
  return { rows: height, columns: width, positions: height * width }[part];
}

/** Every operator, by the name that nodes and the engine have for it. */
export const operators = {
  input: row<InputNode>({ channels: (node) => node.channels, onnx: () => undefined }),

  conv2d: row<Conv2dNode>({
    channels: (node) => node.outChannels,
    size: (node, [input]) => windowsIn(input!, node),
    stride: (node, [input]) => input! * node.stride[0],
    macs: (node) => node.outChannels * weightsPerChannel(node),
    onnx: (node, out, [input]) => {
      const { name, outChannels, inChannels, groups, kernel, padding, activation } = node;
      const sums = activation === 'none' ? name : `${name}.conv`;
      const parameters = out.parameters(node, [outChannels, inChannels / groups, ...kernel]);
      out.add('Conv', sums, [input!, ...parameters], {
        kernel_shape: kernel,
        strides: node.stride,
        pads: [...padding, ...padding],
        dilations: node.dilation,
        group: groups,
      });
      out.activate(node, sums);
    },
  }),

  avg_pool2d: row<AvgPool2dNode>({
    size: (node, [input]) => windowsIn(input!, node),
    stride: (node, [input]) => input! * node.stride[0],
    onnx: ({ name, kernel, stride }, out, [input]) =>
      out.add('AveragePool', name, [input!], { kernel_shape: kernel, strides: stride }),
  }),

  max_pool2d: row<MaxPool2dNode>({
    size: (node, [input]) => windowsIn(input!, node),
    stride: (node, [input]) => input! * node.stride[0],
    onnx: ({ name, kernel, stride, padding = [0, 0], dilation = [1, 1] }, out, [input]) =>
      out.add('MaxPool', name, [input!], {
        kernel_shape: kernel,
        strides: stride,
        pads: [...padding, ...padding],
        dilations: dilation,
      }),
  }),

  global_avg_pool: row<GlobalAvgPoolNode>({
    size: () => [1, 1],
    pools: true,
    onnx: ({ name }, out, [input]) => out.add('GlobalAveragePool', name, [input!]),
  }),

  global_max_pool: row<GlobalMaxPoolNode>({
    size: () => [1, 1],
    pools: true,
    onnx: ({ name }, out, [input]) => out.add('GlobalMaxPool', name, [input!]),
  }),

  global_avgmax_pool: row<GlobalAvgMaxPoolNode>({
    size: () => [1, 1],
    pools: true,
    onnx: ({ name }, out, [input]) => {
      const [mean, largest] = [`${name}.mean`, `${name}.largest`];
      out.add('GlobalAveragePool', mean, [input!]);
      out.add('GlobalMaxPool', largest, [input!]);
      out.add('Mean', name, [mean, largest]);
    },
  }),

  adaptive_avg_pool2d: row<AdaptiveAvgPool2dNode>({
    size: ({ size }) => size,
    pools: false,
    // Two products with matrices: ONNX has no such pool.
    onnx: ({ name, size }, out, [input]) => {
      const [, height, width] = input!.shape;
      const rows = out.matrix(`${name}.rows`, meansOf(height, size[0]));
      const columns = out.matrix(`${name}.columns`, turned(meansOf(width, size[1])));
      out.add('MatMul', `${name}.across`, [input!, columns]);
      out.add('MatMul', name, [rows, `${name}.across`]);
    },
  }),

  pixel_shuffle: row<PixelShuffleNode>({
    size: ({ stride, padding }, [input]) =>
      input!.map((side, axis) => side * stride[axis]! - 2 * padding[axis]!) as unknown as Pair,
    stride: (node, [input]) => input! / node.stride[0],
    pools: false,
    onnx: ({ name, stride, padding }, out, inputs) => {
      const [, height, width] = inputs[0]!.shape;
      const [top, left] = padding;
      out.add('Concat', `${name}.joined`, inputs, { axis: 1 });
      out.add('DepthToSpace', `${name}.whole`, [`${name}.joined`], { blocksize: stride[0] });
      const ends = [height * stride[0] - top, width * stride[1] - left];
      const limits = Object.entries({ starts: [top, left], ends, axes: [2, 3] });
      const within = limits.map(([key, values]) => out.integers(`${name}.${key}`, ...values));
      out.add('Slice', name, [`${name}.whole`, ...within]);
    },
  }),

  group_norm: row<GroupNormNode>({
    // Groups are what InstanceNormalization has as channels.
    onnx: ({ name, groups }, out, [input]) => {
      const [channels, height, width] = input!.shape;
      const [flat, normed] = [`${name}.flat`, `${name}.normed`];
      const ones = out.floats(`${name}.ones`, new Array<number>(groups).fill(1));
      const zeros = out.floats(`${name}.zeros`, new Array<number>(groups).fill(0));
      out.add('Reshape', flat, [input!, out.integers(`${name}.groups`, 0, groups, 1, -1)]);
      out.add('InstanceNormalization', normed, [flat, ones, zeros], { epsilon: { float: groupNormEps } });
      out.add('Reshape', name, [normed, out.integers(`${name}.shape`, 0, channels, height, width)]);
    },
  }),

  l2_norm: row<L2NormNode>({
    onnx: ({ name }, out, [input]) => {
      const [length, above] = [`${name}.length`, `${name}.above`];
      out.add('ReduceL2', length, [input!, out.integers(`${name}.axes`, 1)]);
      out.add('Add', above, [length, out.floats(`${name}.eps`, l2NormEps)]);
      out.add('Div', name, [input!, above]);
    },
  }),

  concat: row<ConcatNode>({
    channels: (node) => node.channels,
    onnx: ({ name, channels }, out, inputs) => {
      const whole = inputs.reduce((sum, { shape }) => sum + shape[0], 0) === channels;
      const joined = whole ? name : `${name}.joined`;
      out.add('Concat', joined, inputs, { axis: 1 });
      if (whole) return;
      const limits = Object.entries({ starts: 0, ends: channels, axes: 1 });
      out.add('Slice', name, [joined, ...limits.map(([key, value]) => out.integers(`${name}.${key}`, value))]);
    },
  }),

  upsample_nearest: row<UpsampleNearestNode>({
    size: (_, [, like]) => like!,
    stride: (_, [, like]) => like!,
    // Engines are at their best with plain scales, which can say whole factors of the nearest neighbour.
    onnx: ({ name }, out, [input, like]) => {
      const mode = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
      const factors = [1, 2].map((axis) => like!.shape[axis]! / input!.shape[axis]!);
      if (!factors.every(Number.isInteger)) return resize(name, out, input!, like!, mode);
      out.add('Resize', name, [input!, '', out.floats(`${name}.scales`, [1, 1, ...factors])], mode);
    },
  }),

  upsample_bilinear: row<UpsampleBilinearNode>({
    size: (_, [, like]) => like!,
    stride: (_, [, like]) => like!,
    // `pytorch_half_pixel` takes the first pixel where only one is asked for; PyTorch takes the middle.
    onnx: ({ name }, out, [input, like]) =>
      resize(name, out, input!, like!, { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }),
  }),

  upsample_bilinear_aligned: row<UpsampleBilinearAlignedNode>({
    size: (_, [, like]) => like!,
    stride: (_, [, like]) => like!,
    onnx: ({ name }, out, [input, like]) =>
      resize(name, out, input!, like!, { mode: 'linear', coordinate_transformation_mode: 'align_corners' }),
  }),

  mul: row<MulNode>({
    onnx: ({ name }, out, inputs) => out.add('Mul', name, inputs),
  }),

  add: row<AddNode>({
    onnx: ({ name }, out, inputs) => out.add('Add', name, inputs),
  }),

  rows_as_channels: row<RowsAsChannelsNode>({
    channels: (node) => node.channels,
    size: (_, [map], [channels]) => [channels!, map![1]],
    pools: false,
    turns: 'rows',
    onnx: ({ name }, out, [input]) => out.add('Transpose', name, [input!], { perm: [0, 2, 1, 3] }),
  }),

  columns_as_channels: row<ColumnsAsChannelsNode>({
    channels: (node) => node.channels,
    size: (_, [map], [channels]) => [map![0], channels!],
    pools: false,
    turns: 'columns',
    onnx: ({ name }, out, [input]) => out.add('Transpose', name, [input!], { perm: [0, 3, 2, 1] }),
  }),

  positions_as_channels: row<PositionsAsChannelsNode>({
    channels: (node) => node.channels,
    size: (_, __, [channels]) => [1, channels!],
    pools: false,
    turns: 'positions',
    onnx: ({ name }, out, [input]) => {
      // 0: as it is, -1: all that is left.
      out.add('Reshape', `${name}.flat`, [input!, out.integers(`${name}.shape`, 0, 0, 1, -1)]);
      out.add('Transpose', name, [`${name}.flat`], { perm: [0, 3, 2, 1] });
    },
  }),

  channels_as_positions: row<ChannelsAsPositionsNode>({
    channels: (node) => node.channels,
    size: (_, [, like]) => like!,
    pools: false,
    onnx: ({ name }, out, [input, like]) => {
      const [, height, width] = like!.shape;
      out.add('Transpose', `${name}.flat`, [input!], { perm: [0, 3, 2, 1] });
      out.add('Reshape', name, [`${name}.flat`, out.integers(`${name}.shape`, 0, 0, height, width)]);
    },
  }),
};

export type Op = keyof typeof operators;

type NodeOf<Row> = Row extends Operator<infer N> ? N : never;

export type GraphNode = NodeOf<(typeof operators)[Op]>;

export function operatorOf<N extends GraphNode>(node: N): Operator<N> {
  return operators[node.op] as unknown as Operator<N>;
}

function row<N extends Node>(operator: Operator<N>): Operator<N> {
  return operator;
}

function resize(
  name: string,
  out: OnnxWriter,
  input: OnnxInput,
  like: OnnxInput,
  mode: Readonly<Record<string, string>>,
): void {
  const [, height, width] = like.shape;
  out.add('Resize', name, [input, '', '', out.integers(`${name}.sizes`, height, width)], {
    ...mode,
    axes: [2, 3],
  });
}
