/**
 * The smallest value that at least `percent` % of the values do not exceed.
 *
 * @param {readonly number[]} values
 * @param {number} percent above 0
 */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? NaN;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/**
 * @typedef {object} Ratio how many times as long one takes as the other
 * @property {number} median over the rounds
 * @property {number} min
 * @property {number} max
 */

/**
 * Compares within each round, whose values were measured one right after the other: the machine's mood, which changes
 * from round to round, cancels out.
 *
 * @param {readonly number[]} values one per round
 * @param {readonly number[]} baseline one per round
 * @returns {Ratio}
 */
export function ratioPerRound(values, baseline) {
  const ratios = values.map((value, round) => value / (baseline[round] ?? NaN));
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/**
 * @param {Float32Array | undefined} found
 * @param {Float32Array} expected
 * @returns {number} as a part of the largest value that is expected; NaN for another number of values, or where one is NaN
 */
export function largestDifference(found, expected) {
  if (found?.length !== expected.length) return NaN;
  const largest = (/** @type {(index: number) => number} */ of) =>
    expected.reduce((most, _, i) => Math.max(most, of(i)), 0);
  return largest((i) => Math.abs(found[i] - expected[i])) / largest((i) => Math.abs(expected[i]));
}

/**
 * @param {() => unknown} run
 * @param {number} samples after one that is not counted
 */
export async function medianMs(run, samples) {
  const times = [];
  for (let i = 0; i <= samples; i++) {
    const start = performance.now();
    await run();
    if (i > 0) times.push(performance.now() - start);
  }
  return median(times);
}
