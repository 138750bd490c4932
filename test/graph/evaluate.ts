import type { Tensor } from '../../lib/formats/tensor.js';
import type { Activation, Conv2dNode, Graph, GraphNode, Pair } from '../../lib/graph/graph.js';
import { fold } from '../../lib/graph/fold.js';
import { inTwoPieces } from '../checkpoints/folder.js';

/** Values of one image, [channels, height, width] in C order. */
interface Map3d {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float64Array;
}

/** What a graph means, in plain loops and float64: the outputs for one image [1, 3, h, w], by name. */
export async function evaluate(graph: Graph, image: Tensor): Promise<Map<string, Float64Array>> {
  const [, channels, height, width] = image.shape as [number, number, number, number];
  const input = { channels, height, width, data: Float64Array.from(image.data) };
  const values: Map3d[] = [];
  for (const node of graph.nodes) {
    const weight = node.op === 'conv2d' ? await wholeWeight(node) : new Float32Array(0);
    values.push(evaluateNode(node, weight, values, input));
  }
  return new Map(graph.outputs.map(({ name, node }) => [name, values[node]!.data]));
}

async function wholeWeight({ parameters: { weight } }: Conv2dNode): Promise<Float32Array> {
  return weight.data ?? (await inTwoPieces(weight)).data;
}

function evaluateNode(node: GraphNode, weight: Float32Array, values: readonly Map3d[], input: Map3d): Map3d {
  switch (node.op) {
    case 'input':
      return input;
    case 'conv2d':
      return convolve(node, weight, values[node.input]!);
    case 'avg_pool2d': {
      const x = values[node.input]!;
      return meanOf(x, node.kernel, node.stride, Math.floor(x.height / 2), Math.floor(x.width / 2));
    }
    case 'global_avg_pool': {
      const x = values[node.input]!;
      return meanOf(x, [x.height, x.width], [1, 1], 1, 1);
    }
    case 'concat': {
      const inputs = node.inputs.map((id) => values[id]!);
      const { height, width } = inputs[0]!;
      const all = inputs.flatMap(({ data }) => [...data]);
      const data = Float64Array.from(all.slice(0, node.channels * height * width));
      return { channels: node.channels, height, width, data };
    }
    case 'upsample_nearest': {
      const x = values[node.input]!;
      const { height, width } = values[node.like]!;
      return fill(x.channels, height, width, (c, i, j) => {
        return at(x, c, Math.floor((i * x.height) / height), Math.floor((j * x.width) / width));
      });
    }
    case 'upsample_bilinear': {
      const x = values[node.input]!;
      const { height, width } = values[node.like]!;
      return fill(x.channels, height, width, (c, i, j) =>
        bilinear(x, c, aligned(i, x.height, height), aligned(j, x.width, width)),
      );
    }
    case 'mul':
    case 'add': {
      const [a, b] = [values[node.inputs[0]]!, values[node.inputs[1]]!];
      const second = (c: number, i: number, j: number): number =>
        b.height * b.width === 1 ? b.data[c]! : at(b, c, i, j);
      return fill(a.channels, a.height, a.width, (c, i, j) => {
        return node.op === 'mul' ? at(a, c, i, j) * second(c, i, j) : at(a, c, i, j) + second(c, i, j);
      });
    }
  }
}

function convolve(node: Conv2dNode, weight: Float32Array, x: Map3d): Map3d {
  const { parameters, kernel, stride, padding, dilation, groups, outChannels, inChannels } = node;
  const { scale, bias } = fold(parameters);
  const [height, width] = [0, 1].map((axis) => {
    const size = axis === 0 ? x.height : x.width;
    return Math.floor((size + 2 * padding[axis]! - dilation[axis]! * (kernel[axis]! - 1) - 1) / stride[axis]!) + 1;
  }) as [number, number];
  const perGroup = inChannels / groups;
  return fill(outChannels, height, width, (o, i, j) => {
    const firstChannel = Math.floor(o / (outChannels / groups)) * perGroup;
    let sum = 0;
    let w = o * perGroup * kernel[0] * kernel[1];
    for (let c = firstChannel; c < firstChannel + perGroup; c++) {
      for (let k = 0; k < kernel[0]; k++) {
        for (let l = 0; l < kernel[1]; l++, w++) {
          const row = i * stride[0] + k * dilation[0] - padding[0];
          const column = j * stride[1] + l * dilation[1] - padding[1];
          if (row >= 0 && row < x.height && column >= 0 && column < x.width) sum += weight[w]! * at(x, c, row, column);
        }
      }
    }
    return activate(node.activation, (scale?.[o] ?? 1) * sum + (bias?.[o] ?? 0));
  });
}

/** Where position `i` of `size` lies in a map of `source`, the corners on each other. */
function aligned(i: number, source: number, size: number): number {
  return size === 1 ? 0 : (i * (source - 1)) / (size - 1);
}

function bilinear(x: Map3d, c: number, row: number, column: number): number {
  const [i, j] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - i, column - j];
  const [below, beside] = [Math.min(i + 1, x.height - 1), Math.min(j + 1, x.width - 1)];
  const upper = (1 - right) * at(x, c, i, j) + right * at(x, c, i, beside);
  return (1 - down) * upper + down * ((1 - right) * at(x, c, below, j) + right * at(x, c, below, beside));
}

function activate(activation: Activation, x: number): number {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return Math.max(x, 0);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'hard_sigmoid':
      return Math.min(Math.max(x + 3, 0), 6) / 6;
  }
}

function meanOf(x: Map3d, kernel: Pair, stride: Pair, height: number, width: number): Map3d {
  return fill(x.channels, height, width, (c, i, j) => {
    let sum = 0;
    for (let k = 0; k < kernel[0]; k++) {
      for (let l = 0; l < kernel[1]; l++) sum += at(x, c, i * stride[0] + k, j * stride[1] + l);
    }
    return sum / (kernel[0] * kernel[1]);
  });
}

function at({ height, width, data }: Map3d, c: number, i: number, j: number): number {
  return data[(c * height + i) * width + j]!;
}

function fill(
  channels: number,
  height: number,
  width: number,
  value: (c: number, i: number, j: number) => number,
): Map3d {
  const data = new Float64Array(channels * height * width);
  let index = 0;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) data[index++] = value(c, i, j);
  }
  return { channels, height, width, data };
}
