import type { Classification } from '../../tasks/classification.js';

/** Of one class, as the pictures have it. */
export interface ClassTally {
  readonly index: number;
  images: number;
  right: number;
  /** How often each other class was the first. */
  readonly takenFor: Map<number, number>;
}

export interface Confusion {
  readonly index: number;
  readonly images: number;
  readonly right: number;
  /** What it was most often taken for; undefined where it was always right. */
  readonly takenFor: { readonly index: number; readonly images: number } | undefined;
}

export interface Evaluation {
  readonly images: number;
  /** Shares of the pictures, 0 to 1: the right class is the first, or one of the first five. */
  readonly top1: number;
  readonly top5: number;
  /** Undefined of a model that makes no probabilities. */
  readonly calibration: Calibration | undefined;
  /** Classes with the smallest share of right ones, the worst first. */
  readonly worst: readonly Confusion[];
}

export interface Calibration {
  /** Mean probability of the first class. */
  readonly confidence: number;
  /**
   * Expected calibration error, 0 to 1 (Guo et al. 2017, equation 3): pictures in 15 bins of equal width by the first class's
   * probability, the mean distance of a bin's share of right ones from its mean probability.
   */
  readonly error: number;
}

const bins = 15;

/** Counts as PyTorch's recipes do: what is right is the first, of equal ones the one of the smaller index. */
export class Tally {
  private readonly classes = new Map<number, ClassTally>();
  /** [bins] of pictures, right ones, and sums of probabilities. */
  private readonly counts = new Float64Array(bins);
  private readonly rights = new Float64Array(bins);
  private readonly probabilities = new Float64Array(bins);
  private counted = 0;
  private amongFive = 0;

  /** @param isCalibrated whether what is added has probabilities, and no logits in their place */
  constructor(private readonly isCalibrated: boolean) {}

  /** `found`: the most probable classes, five at least where there are as many. */
  add(expected: number, found: readonly Classification[]): void {
    const first = found[0]!;
    const isRight = first.index === expected;
    this.counted++;
    if (found.slice(0, 5).some(({ index }) => index === expected)) this.amongFive++;
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(first.probability * bins) - 1));
    this.counts[bin]!++;
    this.probabilities[bin]! += first.probability;
    if (isRight) this.rights[bin]!++;
    const tally = this.classes.get(expected) ?? {
      index: expected,
      images: 0,
      right: 0,
      takenFor: new Map<number, number>(),
    };
    this.classes.set(expected, tally);
    tally.images++;
    if (isRight) tally.right++;
    else tally.takenFor.set(first.index, (tally.takenFor.get(first.index) ?? 0) + 1);
  }

  /** Added so far. */
  get images(): number {
    return this.counted;
  }

  /** So far. Not a number where nothing was added. */
  get top1(): number {
    return sum(this.rights) / this.counted;
  }

  evaluation(worst: number): Evaluation {
    const classes = [...this.classes.values()];
    classes.sort((a, b) => a.right / a.images - b.right / b.images || a.index - b.index);
    return {
      images: this.counted,
      top1: this.top1,
      top5: this.amongFive / this.counted,
      calibration: this.isCalibrated ? this.calibration() : undefined,
      worst: classes.slice(0, worst).map(confusionOf),
    };
  }

  private calibration(): Calibration {
    const apart = this.rights.map((right, bin) => Math.abs(right - this.probabilities[bin]!));
    return { confidence: sum(this.probabilities) / this.counted, error: sum(apart) / this.counted };
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function confusionOf({ index, images, right, takenFor }: ClassTally): Confusion {
  const most = [...takenFor].reduce<[number, number] | undefined>(
    (best, other) => (best === undefined || other[1] > best[1] ? other : best),
    undefined,
  );
  return { index, images, right, takenFor: most && { index: most[0], images: most[1] } };
}
