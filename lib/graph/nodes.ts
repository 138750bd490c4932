import type { Node, NodeId, Pair } from './graph.js';

/** The network's input, [n, channels, h, w] float32. */
export interface InputNode extends Node<'input', readonly []> {
  readonly channels: number;
}

/** Windows that lie over a map; what does not fill one at the end is dropped, as PyTorch does. */
export interface Windows {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
}

/** Mean over `kernel` windows without padding. */
export interface AvgPool2dNode extends Node<'avg_pool2d', readonly [NodeId]> {
  readonly kernel: Pair;
  readonly stride: Pair;
}

/** The largest number in each window; padding, at most half the kernel, is none at all. */
export type MaxPool2dNode = Node<'max_pool2d', readonly [NodeId]> & Windows;

/** Mean over the whole map: [n, c, h, w] -> [n, c, 1, 1]. */
export type GlobalAvgPoolNode = Node<'global_avg_pool', readonly [NodeId]>;

/** The largest number of the whole map: [n, c, h, w] -> [n, c, 1, 1]. */
export type GlobalMaxPoolNode = Node<'global_max_pool', readonly [NodeId]>;

/** The mean of the two. */
export type GlobalAvgMaxPoolNode = Node<'global_avgmax_pool', readonly [NodeId]>;

/**
 * Means over windows that cover the map, as many as `size` says: of rows floor(i * in / out) to ceil((i + 1) * in / out), and
 * the same of columns.
 */
export interface AdaptiveAvgPool2dNode extends Node<'adaptive_avg_pool2d', readonly [NodeId]> {
  readonly size: Pair;
}

/**
 * Of each of `groups` equal shares of the channels (x - mean) / sqrt(variance + 1e-5), over all pixels of these channels:
 * PyTorch's GroupNorm before its weight and bias.
 */
export interface GroupNormNode extends Node<'group_norm', readonly [NodeId]> {
  readonly groups: number;
}

/** The numbers of each position over their length and 1e-10: SSD's L2Norm before its weight. */
export type L2NormNode = Node<'l2_norm', readonly [NodeId]>;

/**
 * The elements of stride[0] * stride[1] maps of one shape between each other: (i, j) of input y * stride[1] + x becomes
 * (i * stride[0] + y, j * stride[1] + x); then `padding` rows and columns at either side are left out.
 */
export interface PixelShuffleNode extends Node<'pixel_shuffle'> {
  readonly stride: Pair;
  readonly padding: Pair;
}

/** Channels of all inputs one after the other, cut to the first `channels`. */
export interface ConcatNode extends Node<'concat'> {
  readonly channels: number;
}

/** The first input at the height and width of the second: the nearest neighbour, source index floor(i * in / out). */
export type UpsampleNearestNode = Node<'upsample_nearest', readonly [input: NodeId, like: NodeId]>;

/**
 * The same bilinearly, pixels as areas: source position (i + 0.5) * in / out - 0.5, at least 0. PyTorch's
 * `align_corners=False`.
 */
export type UpsampleBilinearNode = Node<'upsample_bilinear', readonly [input: NodeId, like: NodeId]>;

/** The same bilinearly, the corners of both maps on each other: source position i * (in - 1) / (out - 1). */
export type UpsampleBilinearAlignedNode = Node<'upsample_bilinear_aligned', readonly [input: NodeId, like: NodeId]>;

/** Element by element; the second input may be a 1x1 map, which counts for every position. */
export type MulNode = Node<'mul', readonly [NodeId, NodeId]>;

/** Element by element, of maps of one shape. */
export type AddNode = Node<'add', readonly [NodeId, NodeId]>;

/** One whose value has a number of channels that its input has in another place. */
interface TurningNode<Op extends string, Inputs extends readonly NodeId[] = readonly [NodeId]> extends Node<
  Op,
  Inputs
> {
  readonly channels: number;
}

/** Rows and channels change places, `channels` the number of rows: [n, c, h, w] -> [n, h, c, w], and back. */
export type RowsAsChannelsNode = TurningNode<'rows_as_channels'>;

/** The same of columns: [n, c, h, w] -> [n, w, h, c], and back. */
export type ColumnsAsChannelsNode = TurningNode<'columns_as_channels'>;

/** The same of positions, row by row: [n, c, h, w] -> [n, h * w, 1, c]. */
export type PositionsAsChannelsNode = TurningNode<'positions_as_channels'>;

/** Back: [n, h * w, 1, channels] -> [n, channels, h, w], the height and width of the second input. */
export type ChannelsAsPositionsNode = TurningNode<'channels_as_positions', readonly [input: NodeId, like: NodeId]>;
