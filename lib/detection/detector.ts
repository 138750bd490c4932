import type { Anchor } from '../head-config.js';

/** What the maps of a detector mean: one of each level, [n, channels, h, w], level by level in the order of its outputs. */
export type Detector = YoloDetector | DistributionDetector | FcosDetector | SsdDetector;

interface Levels {
  readonly classes: number;
  /** Pixels of the network's input from one element to the next, of each level. */
  readonly strides: readonly number[];
}

/**
 * YOLOv3's (arXiv 1804.02767, as mmdetection has it): for each anchor x, y, width, height, objectness and classes. A box has the
 * centre (sigmoid(x) + column, sigmoid(y) + row) times the stride and the size (anchor's width times exp(width), …); its
 * score is sigmoid(objectness) * sigmoid(class).
 */
export interface YoloDetector extends Levels {
  readonly kind: 'yolo';
  /** Of each level. */
  readonly anchors: readonly (readonly Anchor[])[];
}

/**
 * NanoDet's (generalised focal loss, arXiv 2006.04388): classes, then for each of the left, top, right and bottom `bins`
 * numbers, whose softmax is how likely the side is 0, 1, 2, … strides away from the point (column + offset, row + offset) times the stride. A
 * score is sigmoid(class).
 */
export interface DistributionDetector extends Levels {
  readonly kind: 'distribution';
  readonly bins: number;
  /** 0 of NanoDet-Plus, 0.5 of NanoDet before it. */
  readonly offset: number;
}

/**
 * FCOS's (arXiv 1904.01355, as mmdetection has it): classes, then how far the left, top, right and bottom are from the point (column + 0.5,
 * row + 0.5) times the stride, then the centre-ness. A score is sigmoid(class) * sigmoid(centre-ness).
 */
export interface FcosDetector extends Levels {
  readonly kind: 'fcos';
  /** `exp`: exp(x) pixels; `strides`: max(x, 0) strides. */
  readonly sides: 'exp' | 'strides';
}

/**
 * SSD's (arXiv 1512.02325, as mmdetection has it): for each anchor the classes and the background, then for each x, y, width and height. These
 * times `stds` and plus `means` are deltas: a box has the centre of its element plus (anchor's width times x, …), and the size
 * (anchor's width times exp(width), …). Scores are the softmax of the classes and the background.
 */
export interface SsdDetector extends Levels {
  readonly kind: 'ssd';
  /** Of each level. */
  readonly anchors: readonly (readonly Anchor[])[];
  /** Four numbers, as the next. */
  readonly means: readonly number[];
  readonly stds: readonly number[];
}
