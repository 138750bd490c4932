import type { Tensor } from '../lib/formats/tensor.js';
import { isConv2d, type Activation, type Conv2dNode, type Graph, type Pair } from '../lib/graph/graph.js';
import { fold } from '../lib/graph/fold.js';
import type { GraphNode, Op } from '../lib/graph/operators.js';
import { inTwoPieces } from './checkpoints/whole.js';

/** Values of one image, [channels, height, width] in C order. */
export interface Map3d {
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
    const weight = isConv2d(node) ? await wholeWeight(node) : new Float32Array(0);
    const inputs = node.inputs.map((id) => values[id]!);
    values.push(valueOf(node, inputs.length > 0 ? inputs : [input], weight));
  }
  return new Map(graph.outputs.map(({ name, node }) => [name, values[node]!.data]));
}

/** What a node makes of its inputs; the only one of the network's input is the image. */
export function valueOf(node: GraphNode, inputs: readonly Map3d[], weight: Float32Array): Map3d {
  return (meanings[node.op] as Meaning<GraphNode>)(node, inputs, weight);
}

async function wholeWeight({ parameters: { weight } }: Conv2dNode): Promise<Float32Array> {
  return weight.data ?? (await inTwoPieces(weight)).data;
}

type Meaning<N> = (node: N, inputs: readonly Map3d[], weight: Float32Array) => Map3d;

/** A row an operator; the only input of the network's input is the image. */
const meanings: { readonly [K in Op]: Meaning<Extract<GraphNode, { op: K }>> } = {
  input: (_, [image]) => image!,
  conv2d: (node, [x], weight) => convolve(node, weight, x!),
  avg_pool2d: ({ kernel, stride }, [x]) => {
    const [height, width] = [x!.height, x!.width].map((size, i) => Math.floor((size - kernel[i]!) / stride[i]!) + 1);
    return meanOf(x!, kernel, stride, height!, width!);
  },
  max_pool2d: ({ kernel, stride, padding = [0, 0], dilation = [1, 1] }, [x]) => {
    const [height, width] = [x!.height, x!.width].map(
      (size, i) => Math.floor((size + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1,
    );
    return fill(x!.channels, height!, width!, (c, i, j) => {
      let largest = -Infinity;
      for (let ky = 0; ky < kernel[0]; ky++) {
        for (let kx = 0; kx < kernel[1]; kx++) {
          const y = i * stride[0] - padding[0] + ky * dilation[0];
          const column = j * stride[1] - padding[1] + kx * dilation[1];
          if (y >= 0 && y < x!.height && column >= 0 && column < x!.width)
            largest = Math.max(largest, at(x!, c, y, column));
        }
      }
      return largest;
    });
  },
  global_avg_pool: (_, [x]) => meanOf(x!, [x!.height, x!.width], [1, 1], 1, 1),
  global_max_pool: (_, [x]) => largestOf(x!),
  global_avgmax_pool: (_, [x]) => {
    const mean = meanOf(x!, [x!.height, x!.width], [1, 1], 1, 1);
    return elementwise(mean, largestOf(x!), (a, b) => (a + b) / 2);
  },
  adaptive_avg_pool2d: ({ size }, [x]) =>
    fill(x!.channels, size[0], size[1], (c, i, j) => {
      const [top, bottom] = adaptiveWindow(x!.height, size[0], i);
      const [left, right] = adaptiveWindow(x!.width, size[1], j);
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let column = left; column < right; column++) sum += at(x!, c, y, column);
      return sum / ((bottom - top) * (right - left));
    }),
  group_norm: ({ groups }, [x]) => {
    const count = x!.data.length / groups;
    const means = Array.from({ length: groups }, (_, g) => meanIn(x!.data, g * count, count, (value) => value));
    const variances = means.map((mean, g) => meanIn(x!.data, g * count, count, (value) => (value - mean) ** 2));
    const group = (i: number): number => Math.floor(i / count);
    return {
      ...x!,
      data: x!.data.map((value, i) => (value - means[group(i)]!) / Math.sqrt(variances[group(i)]! + 1e-5)),
    };
  },
  l2_norm: (_, [x]) => {
    const plane = x!.height * x!.width;
    const lengths = Array.from({ length: plane }, (_, i) => Math.hypot(...x!.data.filter((_, at) => at % plane === i)));
    return { ...x!, data: x!.data.map((value, i) => value / (lengths[i % plane]! + 1e-10)) };
  },
  pixel_shuffle: ({ stride, padding }, inputs) => {
    const [first] = inputs as [Map3d];
    const [height, width] = [first.height * stride[0], first.width * stride[1]];
    return fill(first.channels, height - 2 * padding[0], width - 2 * padding[1], (c, i, j) => {
      const [y, x] = [i + padding[0], j + padding[1]];
      const input = inputs[(y % stride[0]) * stride[1] + (x % stride[1])]!;
      return at(input, c, Math.floor(y / stride[0]), Math.floor(x / stride[1]));
    });
  },
  concat: ({ channels }, inputs) => {
    const { height, width } = inputs[0]!;
    const all = inputs.flatMap(({ data }) => [...data]);
    return { channels, height, width, data: Float64Array.from(all.slice(0, channels * height * width)) };
  },
  upsample_nearest: (_, [x, like]) => {
    const { height, width } = like!;
    return fill(x!.channels, height, width, (c, i, j) => {
      return at(x!, c, Math.floor((i * x!.height) / height), Math.floor((j * x!.width) / width));
    });
  },
  upsample_bilinear: (_, [x, like]) => bilinear(x!, like!, halfPixels),
  upsample_bilinear_aligned: (_, [x, like]) => bilinear(x!, like!, aligned),
  mul: (_, [a, b]) => elementwise(a!, b!, (x, y) => x * y),
  add: (_, [a, b]) => elementwise(a!, b!, (x, y) => x + y),
  rows_as_channels: (_, [x]) => fill(x!.height, x!.channels, x!.width, (c, i, j) => at(x!, i, c, j)),
  columns_as_channels: (_, [x]) => fill(x!.width, x!.height, x!.channels, (c, i, j) => at(x!, j, i, c)),
  positions_as_channels: (_, [x]) =>
    fill(x!.height * x!.width, 1, x!.channels, (c, _, i) => at(x!, i, Math.floor(c / x!.width), c % x!.width)),
  channels_as_positions: (_, [x, like]) =>
    fill(x!.width, like!.height, like!.width, (c, i, j) => at(x!, i * like!.width + j, 0, c)),
};

function elementwise(a: Map3d, b: Map3d, combine: (x: number, y: number) => number): Map3d {
  const second = (c: number, i: number, j: number): number => (b.height * b.width === 1 ? b.data[c]! : at(b, c, i, j));
  return fill(a.channels, a.height, a.width, (c, i, j) => combine(at(a, c, i, j), second(c, i, j)));
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
    return activations[node.activation]((scale?.[o] ?? 1) * sum + (bias?.[o] ?? 0), node.slope);
  });
}

/** Where position `i` of `size` lies in a map of `source`, the corners on each other. */
function aligned(i: number, source: number, size: number): number {
  return size === 1 ? 0 : (i * (source - 1)) / (size - 1);
}

/** The same, pixels as areas, which cover each other. */
function halfPixels(i: number, source: number, size: number): number {
  return Math.max(0, ((i + 0.5) * source) / size - 0.5);
}

function bilinear(x: Map3d, { height, width }: Map3d, position: typeof aligned): Map3d {
  return fill(x.channels, height, width, (c, i, j) =>
    between(x, c, position(i, x.height, height), position(j, x.width, width)),
  );
}

function between(x: Map3d, c: number, row: number, column: number): number {
  const [i, j] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - i, column - j];
  const [below, beside] = [Math.min(i + 1, x.height - 1), Math.min(j + 1, x.width - 1)];
  const upper = (1 - right) * at(x, c, i, j) + right * at(x, c, i, beside);
  return (1 - down) * upper + down * ((1 - right) * at(x, c, below, j) + right * at(x, c, below, beside));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const relu6 = (x: number): number => Math.min(Math.max(x, 0), 6);

const activations: Readonly<Record<Activation, (x: number, slope?: number) => number>> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6,
  sigmoid,
  hard_sigmoid: (x) => relu6(x + 3) / 6,
  hard_swish: (x) => (x * relu6(x + 3)) / 6,
  silu: (x) => x * sigmoid(x),
  leaky_relu: (x, slope = 0.01) => (x > 0 ? x : slope * x),
};

function meanIn(data: Float64Array, first: number, count: number, of: (value: number) => number): number {
  let sum = 0;
  for (let i = first; i < first + count; i++) sum += of(data[i]!);
  return sum / count;
}

function adaptiveWindow(source: number, count: number, i: number): [number, number] {
  return [Math.floor((i * source) / count), Math.ceil(((i + 1) * source) / count)];
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

function largestOf(x: Map3d): Map3d {
  const pixels = x.height * x.width;
  return fill(x.channels, 1, 1, (c) => Math.max(...x.data.subarray(c * pixels, (c + 1) * pixels)));
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
