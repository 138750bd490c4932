import { checkWholeNumber, readOptions } from '../arguments/options.js';
import { checkLimits, imageOptions, type ImageOptions } from '../pixels/options.js';
import { requiredOutputs, type Asked, type Task } from './task.js';

export interface ClassifyOptions extends ImageOptions {
  /** How many classes to return, most probable first. Default 5; never more than there are. */
  topK?: number;
}

/** One class of a classification. */
export interface Classification {
  /** The logit's index. */
  readonly index: number;
  readonly label: string;
  /** Softmax over all classes: 0 to 1. */
  readonly probability: number;
}

interface AskedClasses extends Asked {
  readonly topK: number;
}

/** Of one picture. */
export const classification: Task<AskedClasses, Classification[]> = {
  takesTensors: false,
  check: (options) => {
    const given = readOptions(options, ['topK', ...imageOptions]);
    return { topK: checkWholeNumber('topK', given.topK, { from: 1, absent: 5 }), limits: checkLimits(given) };
  },
  outputs: (network) => requiredOutputs(network, 'logits'),
  decode: ([logits], { topK }, { config }) => topClasses(logits!.data, config.labels, topK),
};

/** The `topK` most probable classes of one image's logits; equal ones in the order of their index. */
export function topClasses(logits: Float32Array, labels: readonly string[], topK: number): Classification[] {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  // Subtracting the largest logit keeps exp() from overflowing and leaves the quotients as they are.
  for (const logit of logits) sum += Math.exp(logit - largest);
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  return order.slice(0, topK).map((index) => ({
    index,
    label: labels[index] ?? `class ${index}`,
    probability: Math.exp(logits[index]! - largest) / sum,
  }));
}
