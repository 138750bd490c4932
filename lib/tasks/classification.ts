import { argumentError, checkWholeNumber, readOptions } from '../arguments/options.js';
import { classActivationRule, type ClassActivation } from '../class-activation.js';
import { checkReading, imageOptions, type ImageOptions } from '../pixels/options.js';
import { requiredOutputs, requireTask, type Asked, type Task } from './task.js';

export interface ClassifyOptions extends ImageOptions {
  /** How many classes to return, most probable first. Default 5, or all with a threshold; never more than there are. */
  topK?: number;
  /**
   * What the logits become: `softmax` over all classes, a `sigmoid` of each (several labels a picture), or `none`, the
   * logits as they are. Default `model.config.activation`: of one class alone `sigmoid`, else what the config.json says, or
   * `softmax`.
   */
  activation?: ClassActivation;
  /** Classes of a smaller probability are left out. Default: none are. */
  threshold?: number;
}

/** One class of a classification. */
export interface Classification {
  /** The logit's index. */
  readonly index: number;
  readonly label: string;
  /** 0 to 1; with the activation `none` the logit, which may be any number. */
  readonly probability: number;
}

interface AskedClasses extends Asked {
  readonly topK: number;
  /** Undefined: the model's. */
  readonly activation: ClassActivation | undefined;
  readonly threshold: number;
}

/** Of one picture. */
export const classification: Task<AskedClasses, Classification[]> = {
  takesTensors: false,
  check: (options) => {
    const given = readOptions(options, ['topK', 'activation', 'threshold', ...imageOptions]);
    return {
      topK: checkWholeNumber('topK', given.topK, { from: 1, absent: given.threshold === undefined ? 5 : Infinity }),
      activation: checkActivation(given.activation),
      threshold: checkThreshold(given.threshold),
      reading: checkReading(given),
    };
  },
  outputs: (network) => {
    if (network.task) requireTask(network, 'classification');
    return requiredOutputs(network, 'logits');
  },
  decode: ([logits], { topK, activation, threshold }, { config }) =>
    topClasses(logits!.data, config.labels, topK, activation ?? config.activation, threshold),
};

function checkActivation(activation: unknown): ClassActivation | undefined {
  if (activation === undefined || classActivationRule.accepts(activation)) return activation;
  throw argumentError(`activation should be ${classActivationRule.expected}`, activation);
}

function checkThreshold(threshold: unknown): number {
  if (threshold === undefined) return -Infinity;
  if (typeof threshold === 'number' && !Number.isNaN(threshold)) return threshold;
  throw argumentError('threshold should be a number', threshold);
}

/** [classes], of one image's logits; in float64. */
function probabilities(logits: Float32Array, activation: ClassActivation): Float64Array {
  const values = Float64Array.from(logits);
  if (activation === 'none') return values;
  if (activation === 'sigmoid') return values.map((logit) => 1 / (1 + Math.exp(-logit)));
  // Subtracting the largest logit keeps exp() from overflowing and leaves the quotients as they are.
  const largest = values.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const powers = values.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** The `topK` most probable classes of one image's logits; equal ones in the order of their index. */
export function topClasses(
  logits: Float32Array,
  labels: readonly string[],
  topK: number,
  activation: ClassActivation = 'softmax',
  threshold = -Infinity,
): Classification[] {
  const found = probabilities(logits, activation);
  // Probabilities of large logits may be equal where these are not.
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  return order
    .filter((index) => found[index]! >= threshold)
    .slice(0, topK)
    .map((index) => ({ index, label: labels[index] ?? `class ${index}`, probability: found[index]! }));
}
