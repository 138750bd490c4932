import { shapeText } from '../messages/quoted.js';
import type { Shapes, StateDict } from '../formats/tensor.js';
import { GhostNetError } from '../errors.js';
import type { Activation, Conv2dNode, Graph, GraphOutput, NodeId, Pair } from './graph.js';
import { operatorOf, type GraphNode } from './operators.js';
import { fixedInputSize } from './fixed-size.js';
import { mergeBranches, type Branch } from './branches.js';
import { asFound, numbersIn, specsOf, type Sources, type TensorSpec } from './sources.js';

/** A convolution whose numbers are still in the checkpoint. */
interface PlannedConv2d extends Omit<Conv2dNode, 'parameters'> {
  readonly from: Sources & { readonly weight: TensorSpec };
  /** In place of that, but for the weight's shape. */
  readonly branches?: readonly Sources[];
  /** Of all its batch norms. */
  readonly eps: number;
}

/** One of the convolutions whose sum a network was trained with in place of one: see {@link mergeBranches}. */
export interface BranchOptions {
  /** The module that holds the weight; absent for the identity. */
  readonly module?: string;
  readonly batchNorm: string;
  /** 1x1 in place of the whole kernel. */
  readonly middle?: boolean;
}

type PlainNode = Exclude<GraphNode, Conv2dNode>;
type PlannedNode = PlainNode | PlannedConv2d;

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
  /** Default 1; odd, and padded so that stride 1 keeps the map's size. */
  readonly kernel?: number | Pair;
  readonly stride?: number;
  /** Elements from one of its taps to the next. Default 1. */
  readonly dilation?: number;
  /** Each channel by itself, which becomes one or more. */
  readonly depthwise?: boolean;
  /** A linear layer: its weight is stored as [out, in]. */
  readonly linear?: boolean;
  readonly activation?: Activation;
  /** Of `leaky_relu`. Default: PyTorch's, 0.01. */
  readonly slope?: number;
}

const pytorchEps = 1e-5;

/** What an output is good for: each task takes its own. */
export type OutputRole = 'logits' | 'embedding' | 'feature' | 'attention' | 'prediction' | 'segmentation';

/** A value that may be asked for. */
export interface Output {
  readonly name: string;
  readonly role: OutputRole;
  /** What users call it. */
  readonly label: string;
  /** Whether a task takes it if nobody says which ones. */
  readonly byDefault: boolean;
}

/**
 * A network before its weights: the graph's nodes, in order of execution, with names where the numbers will be. The
 * same description so tells which tensors a checkpoint must have and what is made of them.
 *
 * Any convolution may have its batch norm folded into it: its bias is in the checkpoint then, and its norm is not. Where
 * both are, the bias counts before the norm.
 */
export class Blueprint {
  private readonly nodes: PlannedNode[] = [];
  private readonly channels: number[] = [];
  private readonly strides: number[] = [];
  private readonly besides: string[] = [];
  private offered: readonly (Output & { readonly node: NodeId })[] = [];

  /** @param channels of the image */
  input(channels = 3): NodeId {
    return this.add({ op: 'input', name: 'input', inputs: [], channels });
  }

  conv(input: NodeId, name: string, outChannels: number, options: ConvOptions = {}): NodeId {
    const { module = name, batchNorm, eps = pytorchEps, stride = 1, dilation = 1, activation = 'none' } = options;
    const { kernel: side = 1 } = options;
    const kernel: Pair = typeof side === 'number' ? [side, side] : side;
    const inChannels = this.channelsOf(input);
    const groups = options.depthwise ? inChannels : 1;
    const shape = options.linear ? [outChannels, inChannels] : [outChannels, inChannels / groups, ...kernel];
    const node: PlannedConv2d = {
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
      padding: [(dilation * (kernel[0] - 1)) / 2, (dilation * (kernel[1] - 1)) / 2],
      dilation: [dilation, dilation],
      eps,
      from: {
        weight: { name: `${module}.weight`, shape },
        ...(options.bias && { bias: { name: `${module}.bias`, shape: [outChannels] } }),
        ...(batchNorm !== undefined && { batchNorm }),
      },
      ...(options.branches && { branches: options.branches.map((branch) => plannedBranch(branch, shape)) }),
    };
    return this.append(node, outChannels);
  }

  /** A node of any operator without parameters. */
  add(node: PlainNode): NodeId {
    const inputs = node.inputs.map((id) => this.channelsOf(id));
    return this.append(node, operatorOf(node).channels?.(node, inputs) ?? inputs[0]!);
  }

  /** Lets a node's value be asked for, by default as a feature; to be called in the order of execution. */
  output(name: string, node: NodeId, options: Partial<Output> = {}): void {
    this.offered = [...this.offered, { name, role: 'feature', label: name, byDefault: true, ...options, node }];
  }

  get outputs(): readonly Output[] {
    return this.offered;
  }

  /** A tensor that a checkpoint may have with it and that nothing is computed with. */
  mayHave(tensor: string): void {
    this.besides.push(tensor);
  }

  /** The maps that may be asked for, in the order in which they are computed. */
  features(): readonly (Output & { readonly node: NodeId })[] {
    return this.offered.filter(({ role }) => role === 'feature');
  }

  /** The features that stand for the network where nobody says which ones. A head, whose maps will, takes their place. */
  takeFeatures(): NodeId[] {
    const taken = this.offered.filter(({ role, byDefault }) => role === 'feature' && byDefault);
    this.offered = this.offered.map((output) => (taken.includes(output) ? { ...output, byDefault: false } : output));
    return taken.map(({ node }) => node);
  }

  /** See {@link fixedInputSize}. */
  get inputSize(): Pair | undefined {
    return fixedInputSize(this.nodes as readonly GraphNode[], this.strides);
  }

  get imageChannels(): number {
    return this.channels[0]!;
  }

  channelsOf(node: NodeId): number {
    return this.channels[node]!;
  }

  /** Input pixels from one element of a node's map to the next. */
  strideOf(node: NodeId): number {
    return this.strides[node]!;
  }

  /**
   * Every parameter that the network needs, once: nodes may share one.
   *
   * @param found a checkpoint's, which may have batch norms folded; by default none is
   */
  tensors(found: Shapes = new Map()): TensorSpec[] {
    return this.specsOf(found, (node) => parametersOf(node, found));
  }

  /** The same of the network as it is computed: in place of branches the one convolution whose sum they are. */
  mergedTensors(found: Shapes): TensorSpec[] {
    return this.specsOf(found, (node) =>
      node.branches
        ? [node.from.weight, { name: `${node.name}.bias`, shape: [node.outChannels] }]
        : parametersOf(node, found),
    );
  }

  /** How many of the convolutions that are trained with batch norm have it folded into them in a checkpoint. */
  foldedIn(found: Shapes): { readonly folded: number; readonly trained: number } {
    const sources = this.nodes.flatMap((node) =>
      'from' in node ? sourcesOf(node).map((from) => ({ from, node })) : [],
    );
    const trained = sources.filter(
      ({ from: { weight, bias, batchNorm } }) => weight && !bias && batchNorm !== undefined,
    );
    const folded = trained.filter(({ from, node }) => asFound(from, node.outChannels, found).batchNorm === undefined);
    return { folded: folded.length, trained: trained.length };
  }

  /**
   * The graph that computes `outputs` and nothing else, with the weights of `tensors`, which it shares.
   *
   * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if a tensor is missing or has another shape, ERR_GHOST_ARGUMENT for
   *   an unknown output.
   */
  graph(tensors: StateDict, outputs: readonly string[]): Graph {
    if (outputs.length === 0 || new Set(outputs).size !== outputs.length)
      throw new GhostNetError('ERR_GHOST_ARGUMENT', 'outputs should name one or more outputs, each of them once.');
    const wanted = outputs.map((name): GraphOutput => ({ name, node: this.nodeOf(name) }));
    const needed = this.neededFor(wanted.map(({ node }) => node));
    const renumbered = new Map(needed.map((id, index) => [id, index]));
    const at = (id: NodeId): NodeId => renumbered.get(id)!;
    const { inputSize } = this;
    return {
      ...(inputSize && { inputSize }),
      nodes: needed.map((id) => withInputs(materialise(this.nodes[id]!, tensors), at)),
      outputs: wanted.map(({ name, node }) => ({ name, node: at(node) })),
    };
  }

  private specsOf(found: Shapes, parameters: (node: PlannedConv2d) => readonly TensorSpec[]): TensorSpec[] {
    const specs = this.nodes.flatMap((node) => ('from' in node ? parameters(node) : []));
    const besides = this.besides.flatMap((name) => {
      const shape = found.get(name)?.shape;
      return shape ? [{ name, shape }] : [];
    });
    return [...new Map([...specs, ...besides].map((spec) => [spec.name, spec])).values()];
  }

  private append(node: PlannedNode, channels: number): NodeId {
    this.channels.push(channels);
    const strides = node.inputs.map((id) => this.strides[id]!);
    this.strides.push(operatorOf(node as GraphNode).stride?.(node as GraphNode, strides) ?? strides[0] ?? 1);
    return this.nodes.push(node) - 1;
  }

  private nodeOf(output: string): NodeId {
    const found = this.offered.find(({ name }) => name === output);
    if (found) return found.node;
    const known = this.offered.map(({ name }) => name).join(', ');
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `There is no output ${JSON.stringify(output)}; there are ${known}.`);
  }

  /** In ascending order, which is the order of execution. */
  private neededFor(nodes: readonly NodeId[]): NodeId[] {
    const needed = new Set(nodes);
    for (let id = this.nodes.length - 1; id >= 0; id--) {
      if (needed.has(id)) for (const input of this.nodes[id]!.inputs) needed.add(input);
    }
    return [...needed].sort((a, b) => a - b);
  }
}

function withInputs<N extends GraphNode>(node: N, renumber: (id: NodeId) => NodeId): N {
  return { ...node, inputs: node.inputs.map(renumber) };
}

function plannedBranch({ module, batchNorm, middle = false }: BranchOptions, shape: readonly number[]): Sources {
  if (module === undefined) return { batchNorm };
  return { batchNorm, weight: { name: `${module}.weight`, shape: middle ? [...shape.slice(0, -2), 1, 1] : shape } };
}

function sourcesOf({ from, branches }: PlannedConv2d): readonly Sources[] {
  return branches ?? [from];
}

function parametersOf(node: PlannedConv2d, found: Shapes): TensorSpec[] {
  return sourcesOf(node).flatMap((from) => specsOf(asFound(from, node.outChannels, found), node.outChannels));
}

function materialise(node: PlannedNode, tensors: StateDict): GraphNode {
  if (!('from' in node)) return node;
  for (const spec of parametersOf(node, tensors)) checkTensor(spec, tensors);
  const { from, branches, eps, ...rest } = node;
  const { name, shape } = from.weight;
  const numbersOf = (each: Sources): Branch => numbersIn(tensors, asFound(each, node.outChannels, tensors), eps);
  if (branches) return { ...rest, parameters: mergeBranches(node.name, branches.map(numbersOf), shape) };
  return { ...rest, parameters: { ...numbersOf(from), weight: tensors.get(name)!, weightName: name } };
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, d) => size === b[d]);
}

/** @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if the tensor is missing or has another shape. */
function checkTensor(spec: TensorSpec, tensors: Shapes): void {
  const fault = tensorFault(spec, tensors, 'the network');
  if (fault !== undefined) throw new GhostNetError('ERR_GHOST_ARCHITECTURE', `Tensor ${fault}.`);
}

/** Why `network` cannot use a tensor that it needs, beginning with the tensor's name; undefined if it can. */
export function tensorFault({ name, shape }: TensorSpec, tensors: Shapes, network: string): string | undefined {
  const found = tensors.get(name)?.shape;
  if (found && sameShape(found, shape)) return undefined;
  return `${name} ${found ? `has shape ${shapeText(found)}` : 'is missing'}, where ${network} needs ${shapeText(shape)}`;
}
