import type { Shapes, StateDict } from '../formats/tensor.js';
import { GhostNetError } from '../errors.js';
import type { Conv2dNode, Graph, GraphOutput, NodeId, Pair } from './graph.js';
import { operatorOf, type GraphNode } from './operators.js';
import { fixedInputSize } from './fixed-size.js';
import {
  parametersOf,
  plannedConv,
  sourcesOf,
  withNumbers,
  type ConvOptions,
  type PlannedConv2d,
} from './planned-conv.js';
import { asFound, type TensorSpec } from './sources.js';

type PlainNode = Exclude<GraphNode, Conv2dNode>;
type PlannedNode = PlainNode | PlannedConv2d;

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
    return this.append(plannedConv(name, input, this.channelsOf(input), outChannels, options), outChannels);
  }

  /**
   * A transposed convolution of stride 2 and a 4x4 kernel, a map's size doubled: as many 2x2 convolutions as there are places
   * between the input's elements, and their values between each other (see {@link Phase}).
   */
  transposedConv(input: NodeId, name: string, outChannels: number, options: ConvOptions = {}): NodeId {
    const [kernel, stride] = [4, 2];
    const { module = name } = options;
    const phases = [0, 1].flatMap((y) =>
      [0, 1].map((x) => {
        const phase = { kernel, stride, at: [y, x] } as const;
        return this.conv(input, `${name}.${y}${x}`, outChannels, { ...options, module, phase });
      }),
    );
    return this.add({ op: 'pixel_shuffle', name, inputs: phases, stride: [stride, stride], padding: [1, 1] });
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
      nodes: needed.map((id) => withInputs(materialised(this.nodes[id]!, tensors), at)),
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

function materialised(node: PlannedNode, tensors: StateDict): GraphNode {
  return 'from' in node ? withNumbers(node, tensors) : node;
}
