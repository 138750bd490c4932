/**
 * The graph: what a network computes, as data. `lib/models` builds it from a checkpoint's tensors; the
 * native planner decides how it is run. A new head or family member is a new graph and no new C++.
 *
 * Activations are NCHW in meaning; their layout in memory is the planner's business.
 */

import type { StoredTensor, Tensor } from '../formats/tensor.js';

/** Index of a node in {@link Graph.nodes}; a node refers only to nodes before it. */
export type NodeId = number;

export type Activation = 'none' | 'relu' | 'sigmoid' | 'hard_sigmoid';

export type Pair = readonly [vertical: number, horizontal: number];

/** The network's input, [n, channels, h, w] float32. */
export interface InputNode {
  readonly op: 'input';
  readonly name: string;
  readonly channels: number;
}

/** Batch norm at inference: `weight * (x - mean) / sqrt(variance + eps) + bias` for each channel. */
export interface BatchNorm {
  /** Its module's name. */
  readonly name: string;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
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
export interface Conv2dNode {
  readonly op: 'conv2d';
  readonly name: string;
  readonly input: NodeId;
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
}

/** Mean over `kernel` windows without padding; what does not fill a window at the end is dropped. */
export interface AvgPool2dNode {
  readonly op: 'avg_pool2d';
  readonly name: string;
  readonly input: NodeId;
  readonly kernel: Pair;
  readonly stride: Pair;
}

/** Mean over the whole map: [n, c, h, w] -> [n, c, 1, 1]. */
export interface GlobalAvgPoolNode {
  readonly op: 'global_avg_pool';
  readonly name: string;
  readonly input: NodeId;
}

/** Channels of all inputs one after the other, cut to the first `channels`. */
export interface ConcatNode {
  readonly op: 'concat';
  readonly name: string;
  readonly inputs: readonly NodeId[];
  readonly channels: number;
}

/**
 * To the height and width of `like`: the nearest neighbour, source index floor(i * in / out); or bilinear with the
 * corners of both maps on each other, source position i * (in - 1) / (out - 1).
 */
export interface UpsampleNode {
  readonly op: 'upsample_nearest' | 'upsample_bilinear';
  readonly name: string;
  readonly input: NodeId;
  readonly like: NodeId;
}

/** Element by element; `mul`'s second input may be a 1x1 map, which counts for every position. */
export interface BinaryNode {
  readonly op: 'mul' | 'add';
  readonly name: string;
  readonly inputs: readonly [NodeId, NodeId];
}

export type GraphNode =
  InputNode | Conv2dNode | AvgPool2dNode | GlobalAvgPoolNode | ConcatNode | UpsampleNode | BinaryNode;

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
}
