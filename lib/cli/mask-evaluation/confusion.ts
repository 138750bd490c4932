import { GhostNetError } from '../../errors.js';

/** How many pixels of each class were taken for which: all that is asked of masks. */
export interface MaskMetrics {
  /** Pixels of which the class is known. */
  readonly pixels: number;
  /** Share of them that is right. */
  readonly accuracy: number | undefined;
  /** Mean over the classes that are there or were found; undefined where there are none. */
  readonly meanIou: number | undefined;
  /** Mean share of a class's pixels that is right, over the classes that are there. */
  readonly meanAccuracy: number | undefined;
  /** By their index. */
  readonly classes: readonly ClassMetrics[];
}

export interface ClassMetrics {
  readonly index: number;
  /** That are of it. */
  readonly pixels: number;
  /** Of the pixels that are of it or were taken for it, those that are both; undefined where there are none. */
  readonly iou: number | undefined;
  /** Of the pixels that are of it, those that were found. */
  readonly accuracy: number | undefined;
}

/** Pixels counted by what they are and what they were taken for, over all pictures. */
export class Confusion {
  /** [classes, classes]: what they are, what they were taken for. Whole numbers, exact up to 2^53. */
  private readonly counts: Float64Array;

  /**
   * @param classes how many there are
   * @param voids labels of pixels of which nobody knows what they are: these do not count
   */
  constructor(
    private readonly classes: number,
    private readonly voids: ReadonlySet<number>,
  ) {
    this.counts = new Float64Array(classes * classes);
  }

  /**
   * One picture.
   *
   * @param truth [height, width], classes' indices
   * @param found the same, of the same size
   * @param name of the picture, for messages
   * @throws {GhostNetError} ERR_GHOST_FILE for labels of `truth` that are neither a class nor void, ERR_GHOST_SHAPE for another size
   */
  add(truth: Uint8Array | Uint16Array, found: Uint8Array | Uint16Array, name: string): void {
    const { classes, voids, counts } = this;
    if (truth.length !== found.length)
      throw new GhostNetError(
        'ERR_GHOST_SHAPE',
        `${name}: the mask has ${truth.length} pixels and what was found ${found.length}; they should be of one size.`,
      );
    for (let i = 0; i < truth.length; i++) {
      const label = truth[i]!;
      if (voids.has(label)) continue;
      if (label >= classes) throw this.unknown(label, name);
      counts[label * classes + found[i]!]!++;
    }
  }

  private unknown(label: number, name: string): GhostNetError {
    const voids = this.voids.size > 0 ? `, or ${[...this.voids].join(' or ')} where nothing is known` : '';
    const message = `${name}: the labels of the mask should be classes from 0 to ${this.classes - 1}${voids}, found ${label}. Say with --void which numbers do not count.`;
    return new GhostNetError('ERR_GHOST_FILE', message);
  }

  metrics(): MaskMetrics {
    const indices = Array.from({ length: this.classes }, (_, index) => index);
    const count = (truth: number, found: number): number => this.counts[truth * this.classes + found]!;
    const classes = indices.map((index): ClassMetrics => {
      const right = count(index, index);
      const pixels = indices.reduce((sum, found) => sum + count(index, found), 0);
      const taken = indices.reduce((sum, truth) => sum + count(truth, index), 0);
      return { index, pixels, iou: share(right, pixels + taken - right), accuracy: share(right, pixels) };
    });
    const pixels = classes.reduce((sum, one) => sum + one.pixels, 0);
    const right = indices.reduce((sum, index) => sum + count(index, index), 0);
    return {
      pixels,
      accuracy: share(right, pixels),
      meanIou: mean(classes.map(({ iou }) => iou)),
      meanAccuracy: mean(classes.map(({ accuracy }) => accuracy)),
      classes,
    };
  }
}

function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return share(
    known.reduce((sum, value) => sum + value, 0),
    known.length,
  );
}
