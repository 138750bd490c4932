import { ssdSizes, type SsdSizes } from '../../ssd-anchors.js';

/** What mmdetection's configs say of an SSD with so many levels, for an input of one size. */
export interface PublishedSsd {
  /** Of each level, pixels of the input. */
  readonly strides: readonly number[];
  /** Of each level's anchors. */
  readonly sizes: readonly SsdSizes[];
  /** Of each level beyond the backbone's two. */
  readonly levelStrides: readonly number[];
  readonly levelPaddings: readonly number[];
}

/** SSD300 and SSD512 of COCO. */
export const publishedSsd: readonly PublishedSsd[] = [
  {
    strides: [8, 16, 32, 64, 100, 300],
    sizes: ssdSizes(300, [0.15, 0.9], 6)!,
    levelStrides: [2, 2, 1, 1],
    levelPaddings: [1, 1, 0, 0],
  },
  {
    strides: [8, 16, 32, 64, 128, 256, 512],
    sizes: ssdSizes(512, [0.1, 0.9], 7)!,
    levelStrides: [2, 2, 2, 2, 1],
    levelPaddings: [1, 1, 1, 1, 1],
  },
];

const liteSides = [48, 100, 150, 202, 253, 304, 320];

/** SSDLite on MobileNetV2, at 320x320. */
export const publishedSsdLite: readonly PublishedSsd[] = [
  {
    strides: [16, 32, 64, 107, 160, 320],
    sizes: liteSides.slice(1).map((next, level) => [liteSides[level]!, next]),
    levelStrides: [2, 2, 2, 2],
    levelPaddings: [1, 1, 1, 1],
  },
];
