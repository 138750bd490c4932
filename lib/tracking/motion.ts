import type { Box } from '../tasks/detection.js';

// ByteTrack's Kalman filter (arXiv 2110.06864, that of DeepSORT, arXiv 1703.07402): the state is a box's centre, aspect ratio and
// height, and how fast each changes. None of its matrices mixes these four, so that the filter of 8 x 8 is four of 2 x 2.

/** Standard deviations of positions and velocities, as shares of the box's height. */
const positionShare = 1 / 20;
const velocityShare = 1 / 160;

/** The same of the aspect ratio, as they are. */
const aspectDeviation = 1e-2;
const aspectVelocityDeviation = 1e-5;
const measuredAspectDeviation = 1e-1;

/** A value that changes at a constant rate, as it is known. */
interface Estimate {
  value: number;
  /** A frame. */
  velocity: number;
  /** The covariance's three numbers. */
  valueVariance: number;
  covariance: number;
  velocityVariance: number;
}

/** Where an object is and goes. */
export class Motion {
  private readonly centerX: Estimate;
  private readonly centerY: Estimate;
  private readonly aspect: Estimate;
  private readonly height: Estimate;

  /** @param box which must have an area */
  constructor(box: Box) {
    const { x, y, aspect, height } = measured(box);
    const [position, velocity] = [2 * positionShare * height, 10 * velocityShare * height];
    this.centerX = estimate(x, position, velocity);
    this.centerY = estimate(y, position, velocity);
    this.aspect = estimate(aspect, aspectDeviation, aspectVelocityDeviation);
    this.height = estimate(height, position, velocity);
  }

  get box(): Box {
    const height = this.height.value;
    const width = this.aspect.value * height;
    const [x, y] = [this.centerX.value, this.centerY.value];
    return { xmin: x - width / 2, ymin: y - height / 2, xmax: x + width / 2, ymax: y + height / 2 };
  }

  /** What is not seen keeps its height. */
  keepHeight(): void {
    this.height.velocity = 0;
  }

  /** @param frames that pass; what they add to the variances is in proportion */
  predict(frames: number): void {
    const position = (positionShare * this.height.value) ** 2;
    const velocity = (velocityShare * this.height.value) ** 2;
    for (const one of [this.centerX, this.centerY, this.height]) advance(one, frames, position, velocity);
    advance(this.aspect, frames, aspectDeviation ** 2, aspectVelocityDeviation ** 2);
  }

  correct(box: Box): void {
    const { x, y, aspect, height } = measured(box);
    const noise = (positionShare * this.height.value) ** 2;
    correct(this.centerX, x, noise);
    correct(this.centerY, y, noise);
    correct(this.aspect, aspect, measuredAspectDeviation ** 2);
    correct(this.height, height, noise);
  }
}

function measured({ xmin, ymin, xmax, ymax }: Box): { x: number; y: number; aspect: number; height: number } {
  const height = ymax - ymin;
  return { x: (xmin + xmax) / 2, y: (ymin + ymax) / 2, aspect: (xmax - xmin) / height, height };
}

function estimate(value: number, deviation: number, velocityDeviation: number): Estimate {
  return { value, velocity: 0, valueVariance: deviation ** 2, covariance: 0, velocityVariance: velocityDeviation ** 2 };
}

function advance(one: Estimate, frames: number, variance: number, velocityVariance: number): void {
  one.value += frames * one.velocity;
  one.valueVariance += frames * (2 * one.covariance + frames * one.velocityVariance + variance);
  one.covariance += frames * one.velocityVariance;
  one.velocityVariance += frames * velocityVariance;
}

function correct(one: Estimate, value: number, noise: number): void {
  const total = one.valueVariance + noise;
  const [gain, velocityGain] = [one.valueVariance / total, one.covariance / total];
  const error = value - one.value;
  one.value += gain * error;
  one.velocity += velocityGain * error;
  one.velocityVariance -= velocityGain * one.covariance;
  one.covariance -= gain * one.covariance;
  one.valueVariance -= gain * one.valueVariance;
}
