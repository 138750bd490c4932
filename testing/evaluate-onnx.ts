import type { Tensor } from '../lib/formats/tensor.js';
import type { Activation, Conv2dNode, Pair } from '../lib/graph/graph.js';
import { valueOf, type Map3d } from './evaluate.js';
import { floatsOf, integersOf, type OnnxFile, type OnnxFileNode } from './onnx.js';

/** What an ONNX file's nodes mean, in plain loops and float64: the outputs for one image [1, c, h, w], by name. */
export function evaluateOnnx(file: OnnxFile, image: Tensor): Map<string, Float64Array> {
  const [, channels, height, width] = image.shape as [number, number, number, number];
  const values = new Map<string, Map3d>([
    [file.inputs[0]!.name, { channels, height, width, data: Float64Array.from(image.data) }],
  ]);
  for (const node of file.nodes) {
    const inputs = node.inputs.flatMap((name) => values.get(name) ?? []);
    values.set(node.name, meaningOf(node, inputs, file));
  }
  return new Map(file.outputs.map(({ name }) => [name, values.get(name)!.data]));
}

const plain = { name: '', inputs: [0] as const };
const activations: Readonly<Record<string, Activation>> = {
  Relu: 'relu',
  Sigmoid: 'sigmoid',
  HardSigmoid: 'hard_sigmoid',
  HardSwish: 'hard_swish',
  LeakyRelu: 'leaky_relu',
};

/** Of Resize, by its coordinate transformation: one of the nearest neighbour, two of `linear`. */
const upsamplings: Readonly<Record<string, 'upsample_nearest' | 'upsample_bilinear' | 'upsample_bilinear_aligned'>> = {
  asymmetric: 'upsample_nearest',
  half_pixel: 'upsample_bilinear',
  align_corners: 'upsample_bilinear_aligned',
};

/** By the loops of `evaluate.ts`, each operator with the attributes that the file has. */
function meaningOf({ op, inputs: names, attributes }: OnnxFileNode, inputs: readonly Map3d[], file: OnnxFile): Map3d {
  const [x] = inputs;
  const constant = (index: number): Buffer => file.constants.get(names[index]!)!.content;
  const pair = (name: string): Pair => attributes[name] as Pair;
  const activation = activations[op];
  if (activation) return activated(x!, activation, attributes['alpha']);
  switch (op) {
    case 'Conv':
      return convolved(x!, floatsOf(constant(1)), names[2] === undefined ? undefined : floatsOf(constant(2)), {
        kernel: pair('kernel_shape'),
        stride: pair('strides'),
        padding: (attributes['pads'] as number[]).slice(0, 2) as unknown as Pair,
        dilation: pair('dilations'),
        groups: attributes['group'] as number,
      });
    case 'Clip': {
      const limits = [1, 2].map((index) => floatsOf(constant(index))[0]);
      if (limits.join() !== '0,6') throw new Error('Clip is the activation of MobileNetV2');
      return activated(x!, 'relu6');
    }
    case 'Gemm':
      return convolved(x!, floatsOf(constant(1)), floatsOf(constant(2)), {});
    case 'Flatten':
    case 'Identity':
      return x!;
    case 'GlobalAveragePool':
      return valueOf({ op: 'global_avg_pool', ...plain }, inputs, new Float32Array(0));
    case 'GlobalMaxPool':
      return valueOf({ op: 'global_max_pool', ...plain }, inputs, new Float32Array(0));
    case 'Mean': {
      const [a, b] = inputs as [Map3d, Map3d];
      return { ...a, data: a.data.map((value, i) => (value + b.data[i]!) / 2) };
    }
    case 'AveragePool': {
      const windows = { kernel: pair('kernel_shape'), stride: pair('strides') };
      return valueOf({ op: 'avg_pool2d', ...plain, ...windows }, inputs, new Float32Array(0));
    }
    case 'MaxPool': {
      const [[top, left], dilation] = [pair('pads'), pair('dilations')];
      const windows = {
        kernel: pair('kernel_shape'),
        stride: pair('strides'),
        padding: [top, left] as const,
        dilation,
      };
      return valueOf({ op: 'max_pool2d', ...plain, ...windows }, inputs, new Float32Array(0));
    }
    case 'Concat': {
      const channels = inputs.reduce((sum, input) => sum + input.channels, 0);
      return valueOf({ op: 'concat', ...plain, channels }, inputs, new Float32Array(0));
    }
    case 'Slice':
      return sliced(x!, [1, 2, 3].map((index) => integersOf(constant(index))) as [number[], number[], number[]]);
    case 'InstanceNormalization':
      return valueOf({ op: 'group_norm', ...plain, groups: x!.channels }, inputs, new Float32Array(0));
    case 'MatMul': {
      const left = file.constants.get(names[0]!)?.content;
      return left ? timesRows(floatsOf(left), x!) : timesColumns(x!, floatsOf(constant(1)));
    }
    case 'DepthToSpace': {
      const blocks = (attributes['blocksize'] as number) ** 2;
      const stride = [attributes['blocksize'], attributes['blocksize']] as unknown as Pair;
      const size = x!.data.length / blocks;
      const parts = Array.from({ length: blocks }, (_, i) => ({
        ...x!,
        channels: x!.channels / blocks,
        data: x!.data.slice(i * size, (i + 1) * size),
      }));
      const node = { op: 'pixel_shuffle', name: '', inputs: [], stride, padding: [0, 0] } as const;
      return valueOf(node, parts, new Float32Array(0));
    }
    case 'ReduceL2': {
      // Over 1: what l2_norm divides by.
      const plane = x!.height * x!.width;
      const data = Float64Array.from({ length: plane }, (_, i) =>
        Math.hypot(...x!.data.filter((_, at) => at % plane === i)),
      );
      return { ...x!, channels: 1, data };
    }
    case 'Div': {
      const [a, b] = inputs as [Map3d, Map3d];
      const plane = b.height * b.width;
      return { ...a, data: a.data.map((value, i) => value / b.data[i % plane]!) };
    }
    case 'Add':
    case 'Mul':
      // What l2_norm adds to a length.
      if (inputs.length === 1) return { ...x!, data: x!.data.map((value) => value + floatsOf(constant(1))[0]!) };
      return valueOf({ op: op === 'Add' ? 'add' : 'mul', name: '', inputs: [0, 1] }, inputs, new Float32Array(0));
    case 'Resize': {
      const scales = names[2] === '' ? undefined : floatsOf(constant(2));
      const [height, width] = scales
        ? [x!.height * scales[2]!, x!.width * scales[3]!]
        : (integersOf(constant(3)) as [number, number]);
      const like = { channels: 0, height, width, data: new Float64Array(0) };
      const mode = attributes['coordinate_transformation_mode'] as string;
      return valueOf({ op: upsamplings[mode]!, name: '', inputs: [0, 0] }, [x!, like], new Float32Array(0));
    }
    case 'Transpose': {
      const names = ['', 'channels', 'height', 'width'] as const;
      const [, channels, height, width] = (attributes['perm'] as number[]).map((axis) => names[axis]);
      return transposed(x!, [channels, height, width] as Axis[]);
    }
    case 'Reshape': {
      const [, channels, height, width] = integersOf(constant(1)) as [number, number, number, number];
      const { data } = x!;
      const count = channels || x!.channels;
      return { channels: count, height, width: width === -1 ? data.length / count / height : width, data };
    }
    default:
      throw new Error(`${op} has no meaning here`);
  }
}

/** Of channels, or of rows and columns; the limits are those of the first axes. */
function sliced(x: Map3d, [starts, ends, axes]: readonly [number[], number[], number[]]): Map3d {
  if (axes.join() === '1' && starts[0] === 0)
    return valueOf({ op: 'concat', ...plain, channels: ends[0]! }, [x], new Float32Array(0));
  if (axes.join() !== '2,3') throw new Error('Slice cuts the last channels off, or a border');
  const [[top, left], [bottom, right]] = [starts, ends] as [[number, number], [number, number]];
  const size = { channels: x.channels, height: bottom - top, width: right - left };
  return { ...size, data: madeOf(size, (c, i, j) => x.data[(c * x.height + i + top) * x.width + j + left]!) };
}

/** A matrix [n, height] times each channel. */
function timesRows(matrix: Float32Array, x: Map3d): Map3d {
  const size = { ...x, height: matrix.length / x.height };
  const value = (c: number, i: number, j: number): number =>
    sumOf(x.height, (k) => matrix[i * x.height + k]! * x.data[(c * x.height + k) * x.width + j]!);
  return { ...size, data: madeOf(size, value) };
}

/** Each channel times a matrix [width, n]. */
function timesColumns(x: Map3d, matrix: Float32Array): Map3d {
  const size = { ...x, width: matrix.length / x.width };
  const value = (c: number, i: number, j: number): number =>
    sumOf(x.width, (k) => x.data[(c * x.height + i) * x.width + k]! * matrix[k * size.width + j]!);
  return { ...size, data: madeOf(size, value) };
}

function sumOf(count: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += term(k);
  return sum;
}

function madeOf(
  { channels, height, width }: Omit<Map3d, 'data'>,
  value: (c: number, i: number, j: number) => number,
): Float64Array {
  const data: number[] = [];
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) data.push(value(c, i, j));
  return Float64Array.from(data);
}

type Axis = 'channels' | 'height' | 'width';

function transposed(x: Map3d, axes: readonly Axis[]): Map3d {
  const strides = { channels: x.height * x.width, height: x.width, width: 1 };
  const [channels, height, width] = axes.map((axis) => x[axis]) as [number, number, number];
  const [plane, row, column] = axes.map((axis) => strides[axis]) as [number, number, number];
  const data: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) data.push(x.data[c * plane + i * row + j * column]!);
  }
  return { channels, height, width, data: Float64Array.from(data) };
}

/** @param alpha a leaky ReLU's slope; another one's is always the same */
function activated(x: Map3d, activation: Activation, alpha?: unknown): Map3d {
  const ones = new Float32Array(x.channels).fill(1);
  return convolved(x, ones, undefined, {
    groups: x.channels,
    activation,
    ...(typeof alpha === 'number' && { slope: alpha }),
  });
}

function convolved(
  x: Map3d,
  weight: Float32Array,
  bias: Float32Array | undefined,
  options: Partial<Omit<Conv2dNode, 'op' | 'name' | 'inputs' | 'parameters'>>,
): Map3d {
  const { groups = 1, kernel = [1, 1] } = options;
  const outChannels = weight.length / ((x.channels / groups) * kernel[0] * kernel[1]);
  const node: Conv2dNode = {
    op: 'conv2d',
    ...plain,
    parameters: { weight: { shape: [weight.length], data: weight }, weightName: '', ...(bias && { bias }) },
    inChannels: x.channels,
    outChannels,
    kernel,
    stride: [1, 1],
    padding: [0, 0],
    dilation: [1, 1],
    groups,
    activation: 'none',
    ...options,
  };
  return valueOf(node, [x], weight);
}
