import type { ClassColor } from '../class-color.js';

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
