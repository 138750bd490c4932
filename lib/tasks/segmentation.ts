import { argumentError, readOptions } from '../arguments/options.js';
import { classColor, type ClassColor } from '../class-color.js';
import { forcedIsa } from '../engine/options.js';
import { cpu } from '../native/native.js';
import { gridOfPicture, gridOver, labelsOf, mapsOf, type LogitMap, type PixelGrid } from '../native/segmentation.js';
import { outputsFor } from '../networks/network.js';
import { checkReading, imageOptions, type ImageOptions } from '../pixels/options.js';
import type { Region } from '../pixels/region.js';
import type { Geometry } from '../preprocess-config.js';
import {
  checkOneImage,
  checkProbability,
  checkSize,
  requireTask,
  type Asked,
  type Computed,
  type FeatureMap,
  type Task,
} from './task.js';

/** A class that a picture has. */
export interface SegmentedClass {
  readonly index: number;
  readonly label: string;
  readonly color: ClassColor;
  /** How many of the picture's pixels are of it. */
  readonly pixels: number;
  /** Of the picture's pixels, 0 to 1. */
  readonly share: number;
}

/** The class of every pixel. */
export interface Segmentation {
  readonly width: number;
  readonly height: number;
  /** [height, width], classes' indices; of more than 256 classes in 16 bits. */
  readonly labels: Uint8Array | Uint16Array;
  /** Those that the picture has, by their index. */
  readonly classes: readonly SegmentedClass[];
  /** Where a class is: [height, width], 255 there and 0 elsewhere. */
  mask(index: number): Uint8Array;
}

/** A number of each class for every pixel. */
export interface SegmentationMaps {
  readonly width: number;
  readonly height: number;
  /** Of the classes, in their order. */
  readonly labels: readonly string[];
  /** [classes, height, width] in C order. */
  readonly data: Float32Array;
}

const outputs = ['labels', 'probabilities', 'logits'] as const;

export interface SegmentOptions extends ImageOptions {
  /** What every pixel gets: the label of its class (the default), or of each class its probability or its logit. */
  output?: (typeof outputs)[number];
  /**
   * Of the result: `image` (the default), as large as the picture, of a region as large as that; `network`, as large as the
   * network's input; or [width, height], which cover the picture.
   */
  size?: 'image' | 'network' | readonly [width: number, height: number];
  /** Of a network of one class: from which probability on a pixel is of it, 0 to 1. Default 0.5. */
  threshold?: number;
}

/** The options that give labels, and those that give maps. */
export type LabelOptions = SegmentOptions & { output?: 'labels' };
export type MapOptions = SegmentOptions & { output: 'probabilities' | 'logits' };

interface AskedSegmentation extends Asked {
  readonly output: (typeof outputs)[number];
  readonly size: 'image' | 'network' | readonly [height: number, width: number];
  readonly threshold: number;
}

/** Of one picture. */
export const segmentation: Task<AskedSegmentation, Segmentation | SegmentationMaps> = {
  takesTensors: true,
  check: (options) => {
    const given = readOptions(options, ['output', 'size', 'threshold', ...imageOptions]);
    return {
      output: checkOutput(given.output),
      size: checkResultSize(given.size),
      threshold: checkProbability('threshold', given.threshold, 0.5),
      reading: checkReading(given),
    };
  },
  outputs: (network) => {
    requireTask(network, 'segmentation');
    return outputsFor(network, 'prediction');
  },
  decode: async ([head], asked, computed) => {
    const map = mapOf(head!);
    const grid = gridOf(map, asked, computed);
    const { signal } = asked.reading;
    const isa = forcedIsa(() => cpu().isas);
    const [height, width] = grid.size;
    const labels = namesOf(map, computed);
    if (asked.output !== 'labels') {
      const isEach = map.shape[0] === 1 || computed.config.activation === 'sigmoid';
      const values = asked.output === 'logits' ? 'logits' : isEach ? 'sigmoid' : 'softmax';
      return { width, height, labels: computed.config.labels, data: await mapsOf(map, grid, { values, isa, signal }) };
    }
    const found = await labelsOf(map, grid, { threshold: asked.threshold, isa, signal });
    return {
      width,
      height,
      labels: found.labels,
      classes: presentOf(found.counts, labels, (index) => colorOf(map, computed, index), width * height),
      mask: (index) => Uint8Array.from(found.labels, (label) => (label === index ? 255 : 0)),
    };
  },
};

/** Of a single class there is what is not of it. */
function namesOf({ shape: [classes] }: LogitMap, { config }: Computed): readonly string[] {
  return classes === 1 ? ['background', ...config.labels] : config.labels;
}

function colorOf({ shape: [classes] }: LogitMap, { config: { colors } }: Computed, index: number): ClassColor {
  return colors?.[classes === 1 ? index - 1 : index] ?? classColor(index);
}

function presentOf(
  counts: Uint32Array,
  labels: readonly string[],
  color: (index: number) => ClassColor,
  all: number,
): SegmentedClass[] {
  return [...counts].flatMap((pixels, index) =>
    pixels === 0 ? [] : [{ index, label: labels[index]!, color: color(index), pixels, share: pixels / all }],
  );
}

function mapOf({ data, shape: [n, classes, height, width] }: FeatureMap): LogitMap {
  checkOneImage(n);
  return { data, shape: [classes, height, width] };
}

/** Where the result's pixels lie on the head's map. */
function gridOf(
  { shape: [, height, width] }: LogitMap,
  { size, reading: { region } }: AskedSegmentation,
  { network, inputSize, geometry }: Computed,
): PixelGrid {
  const { alignCorners } = network.segmenter!;
  const ofInput = { imageSize: inputSize, scale: [1, 1], offset: [0, 0] } as const;
  const whole = size === 'network' || !geometry ? ofInput : region ? ofRegion(geometry, region) : geometry;
  const asked = typeof size === 'object' ? resized(whole, size) : whole;
  if (asked === ofInput) return gridOver([height, width], inputSize, alignCorners);
  return gridOfPicture([height, width], inputSize, asked, alignCorners);
}

/** The same of a part of the image, as if it were the image. */
function ofRegion({ scale, offset }: Geometry, { top, left, height, width }: Region): Geometry {
  return { imageSize: [height, width], scale, offset: [offset[0] + scale[0] * top, offset[1] + scale[1] * left] };
}

/** The same of the image at another size. */
function resized({ imageSize, scale, offset }: Geometry, size: readonly [height: number, width: number]): Geometry {
  const along = (axis: 0 | 1): number => (scale[axis] * imageSize[axis]) / size[axis];
  return { imageSize: size, scale: [along(0), along(1)], offset };
}

function checkOutput(output: unknown): (typeof outputs)[number] {
  if (output === undefined) return 'labels';
  const known = outputs.find((name) => name === output);
  if (known) return known;
  throw argumentError(`output should be one of ${outputs.join(', ')}`, output);
}

function checkResultSize(size: unknown): AskedSegmentation['size'] {
  if (size === undefined) return 'image';
  if (size === 'image' || size === 'network') return size;
  if (typeof size === 'string') throw argumentError('size should be image, network or [width, height]', size);
  return checkSize(size)!;
}
