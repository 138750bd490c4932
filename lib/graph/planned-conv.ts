import { elementCount, type Shapes, type StateDict, type StoredTensor, type Tensor } from '../formats/tensor.js';
import { mergeBranches, type Branch } from './branches.js';
import type { Activation, Conv2dNode, NodeId, Pair } from './graph.js';
import { asFound, checkTensor, numbersIn, specsOf, type Sources, type TensorSpec } from './sources.js';
import { partOf, tapsOf, type Phase } from './transposed.js';

/** A convolution whose numbers are still in the checkpoint. */
export interface PlannedConv2d extends Omit<Conv2dNode, 'parameters'> {
  readonly from: Sources & { readonly weight: TensorSpec };
  /** In place of that, but for the weight's shape. */
  readonly branches?: readonly Sources[];
  /** Of all its batch norms. */
  readonly eps: number;
  /** Of the transposed convolution whose weight it has a part of. */
  readonly phase?: Phase;
  /** All of its weight, which is no tensor then. */
  readonly constant?: number;
}

/** One of the convolutions whose sum a network was trained with in place of one: see {@link mergeBranches}. */
export interface BranchOptions {
  /** The module that holds the weight; absent for the identity. */
  readonly module?: string;
  readonly batchNorm: string;
  /** 1x1 in place of the whole kernel. */
  readonly middle?: boolean;
}

const pytorchEps = 1e-5;

export interface ConvOptions {
  /** The module that holds the weight, where it is not the node's own name. */
  readonly module?: string;
  /** The module of the norm behind it, which a checkpoint may have folded into the convolution: see {@link Blueprint}. */
  readonly batchNorm?: string;
  /** Of its batch norm, or its branches'. Default: PyTorch's. */
  readonly eps?: number;
  /** With a batch norm: the one or the other, as the checkpoint has it. */
  readonly bias?: boolean;
  /** In place of module, batchNorm and bias. */
  readonly branches?: readonly BranchOptions[];
  /** Default 1. */
  readonly kernel?: number | Pair;
  /** Default: that of an odd kernel with which stride 1 keeps the map's size. */
  readonly padding?: number;
  readonly stride?: number;
  /** Elements from one of its taps to the next. Default 1. */
  readonly dilation?: number;
  /** Each channel by itself, which becomes one or more. */
  readonly depthwise?: boolean;
  /** Of a transposed convolution, which has kernel and padding of its own. */
  readonly phase?: Phase;
  /**
   * With `depthwise`. `channels`: each times a number of its own, of a weight that is stored as [channels]; `map`: all times
   * one number, `MODULE.scale`, stored as [].
   */
  readonly scaling?: 'channels' | 'map';
  /** What all of its weight is, in place of a tensor. Without bias and norm. */
  readonly constant?: number;
  /** A linear layer: its weight is stored as [out, in]. */
  readonly linear?: boolean;
  readonly activation?: Activation;
  /** Of `leaky_relu`. Default: PyTorch's, 0.01. */
  readonly slope?: number;
}

export function plannedConv(
  name: string,
  input: NodeId,
  inChannels: number,
  outChannels: number,
  options: ConvOptions,
): PlannedConv2d {
  const { module = name, batchNorm, eps = pytorchEps, stride = 1, dilation = 1, activation = 'none', phase } = options;
  const { kernel: side = phase ? tapsOf(phase) : 1 } = options;
  const kernel: Pair = typeof side === 'number' ? [side, side] : side;
  const groups = options.depthwise ? inChannels : 1;
  const whole = options.linear ? [outChannels, inChannels] : [outChannels, inChannels / groups, ...kernel];
  const shape = options.scaling === undefined ? whole : { channels: [outChannels], map: [] }[options.scaling];
  const around = (taps: number): number => options.padding ?? (phase ? taps - 1 : (dilation * (taps - 1)) / 2);
  return {
    op: 'conv2d',
    name,
    inputs: [input],
    inChannels,
    outChannels,
    kernel,
    groups,
    activation,
    ...(options.slope !== undefined && { slope: options.slope }),
    stride: [stride, stride],
    padding: [around(kernel[0]), around(kernel[1])],
    dilation: [dilation, dilation],
    eps,
    from: {
      weight: {
        name: options.scaling === 'map' ? `${module}.scale` : `${module}.weight`,
        shape: phase ? [inChannels, outChannels, phase.kernel, phase.kernel] : shape,
      },
      ...(options.bias && { bias: { name: `${module}.bias`, shape: [outChannels] } }),
      ...(batchNorm !== undefined && { batchNorm }),
    },
    ...(options.branches && { branches: options.branches.map((branch) => plannedBranch(branch, shape)) }),
    ...(phase && { phase }),
    ...(options.constant !== undefined && { constant: options.constant }),
  };
}

function plannedBranch({ module, batchNorm, middle = false }: BranchOptions, shape: readonly number[]): Sources {
  if (module === undefined) return { batchNorm };
  return { batchNorm, weight: { name: `${module}.weight`, shape: middle ? [...shape.slice(0, -2), 1, 1] : shape } };
}

/** Of the convolution, or of all whose sum it is. */
export function sourcesOf({ from, branches }: PlannedConv2d): readonly Sources[] {
  return branches ?? [from];
}

/** The tensors that it has in a checkpoint. */
export function parametersOf(node: PlannedConv2d, found: Shapes): TensorSpec[] {
  if (node.constant !== undefined) return [];
  return sourcesOf(node).flatMap((from) => specsOf(asFound(from, node.outChannels, found), node.outChannels));
}

/**
 * The convolution with its numbers, or with where they are.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if a tensor is missing or has another shape
 */
export function withNumbers(node: PlannedConv2d, tensors: StateDict): Conv2dNode {
  for (const spec of parametersOf(node, tensors)) checkTensor(spec, tensors);
  const { from, branches, eps, phase, constant, ...rest } = node;
  const { name, shape } = from.weight;
  const numbersOf = (each: Sources): Branch => numbersIn(tensors, asFound(each, node.outChannels, tensors), eps);
  if (branches) return { ...rest, parameters: mergeBranches(node.name, branches.map(numbersOf), shape) };
  if (constant !== undefined) {
    const data = new Float32Array(elementCount({ shape })).fill(constant);
    return { ...rest, parameters: { weight: { shape, data }, weightName: name } };
  }
  const whole = tensors.get(name)!;
  const weight = phase ? partOf(name, whole, phase) : shape.length === 0 ? spread(whole, node.outChannels) : whole;
  return { ...rest, parameters: { ...numbersOf(from), weight, weightName: name } };
}

/** A scalar for each of so many channels. Scalars are never left in the file. */
function spread({ data }: Tensor | StoredTensor, channels: number): Tensor {
  return { shape: [channels], data: new Float32Array(channels).fill(data![0]!) };
}
