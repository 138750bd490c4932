/**
 * The graph: what a network computes, as data. `lib/networks` builds it from a checkpoint's tensors; the native planner
 * decides how it is run. A new head or network is a new graph and no new C++. What the operators mean is in
 * `operators.ts`, a row each.
 *
 * Activations are NCHW in meaning; their layout in memory is the planner's business.
 */

import type { StoredTensor, Tensor } from '../formats/tensor.js';
import type { GraphNode } from './operators.js';

/** Index of a node in {@link Graph.nodes}; a node refers only to nodes before it. */
export type NodeId = number;

/**
 * What a convolution's sums become, each by itself. `hard_sigmoid` is relu6(x + 3) / 6, `hard_swish` x times that,
 * `silu` x * sigmoid(x), `relu6` min(max(x, 0), 6), `leaky_relu` x, below zero times the convolution's slope.
 */
export type Activation = 'none' | 'relu' | 'leaky_relu' | 'relu6' | 'sigmoid' | 'hard_sigmoid' | 'hard_swish' | 'silu';

/** Of a leaky ReLU of which nothing else is said: PyTorch's. */
export const usualSlope = 0.01;

export type Pair = readonly [vertical: number, horizontal: number];

/** What every node has; its other fields are its operator's, and the engine reads them by their names. */
export interface Node<Op extends string = string, Inputs extends readonly NodeId[] = readonly NodeId[]> {
  readonly op: Op;
  readonly name: string;
  readonly inputs: Inputs;
}

/** Batch norm at inference: `weight * (x - mean) / sqrt(variance + eps) + bias` for each channel. */
export interface BatchNorm {
  /** Its module's name. */
  readonly name: string;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly eps: number;
}

/** A convolution's numbers. */
export interface Parameters {
  /**
   * [outChannels, inChannels / groups, kernel[0], kernel[1]], perhaps still in the checkpoint's file or in branches.
   */
  readonly weight: Tensor | StoredTensor;
  /** The weight's name in the checkpoint. */
  readonly weightName: string;
  /** [outChannels]; absent means zero. */
  readonly bias?: Float32Array;
  readonly batchNorm?: BatchNorm;
}

/**
 * A convolution with its batch norm and its activation: `activation(batchNorm(sum(weight * x) + bias))`. A linear layer
 * is a 1x1 convolution of a 1x1 map.
 */
export interface Conv2dNode extends Node<'conv2d', readonly [NodeId]> {
  readonly parameters: Parameters;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** 1, or inChannels for a depthwise convolution (then outChannels = inChannels). */
  readonly groups: number;
  readonly activation: Activation;
  /** Of `leaky_relu`. Default {@link usualSlope}. */
  readonly slope?: number;
}

/** Whether a node has parameters. */
export function isConv2d(node: GraphNode): node is Conv2dNode {
  return node.op === 'conv2d';
}

/** How many weights each output channel has. */
export function weightsPerChannel({ inChannels, groups, kernel }: Conv2dNode): number {
  return (inChannels / groups) * kernel[0] * kernel[1];
}

/** A node whose value is handed back, as [n, channels, h, w] float32 (a 1x1 map as [n, channels]). */
export interface GraphOutput {
  readonly name: string;
  readonly node: NodeId;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly GraphOutput[];
  /** Of the input, where weights are for maps of one size: one that fits, as others next to it may; not known: absent. */
  readonly inputSize?: Pair;
}
