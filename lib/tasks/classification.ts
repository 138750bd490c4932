/** One class of a classification. */
export interface Classification {
  /** The logit's index. */
  readonly index: number;
  readonly label: string;
  /** Softmax over all classes: 0 to 1. */
  readonly probability: number;
}

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
