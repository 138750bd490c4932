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
