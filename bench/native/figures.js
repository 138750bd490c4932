// What instructions.js makes of numbers and of callgrind's output.

const number = new Intl.NumberFormat('en-US');

/**
 * @typedef {object} Verdict
 * @property {boolean} passed
 * @property {string} text
 */

/**
 * @param {number} found instructions
 * @param {number} expected as recorded
 * @param {number} slackPercent how far they may be apart
 * @returns {Verdict} passed unless there are too many; too few are told too
 */
export function verdict(found, expected, slackPercent) {
  const percent = (100 * (found - expected)) / expected;
  const sign = percent < 0 ? '-' : '+';
  const figures = `${number.format(found)} instructions, expected ${number.format(expected)}: ${sign}${Math.abs(percent).toFixed(2)} %`;
  const record = 'npm run bench:instructions -- --record';
  if (percent > slackPercent) {
    const advice = `Find what grew in the list of functions. If it is worth its price, record the new figure: ${record}`;
    return { passed: false, text: `${figures}, and ${slackPercent} % more are allowed. ${advice}` };
  }
  if (percent < -slackPercent)
    return { passed: true, text: `${figures}. A gain: record it, so that it is not lost again: ${record}` };
  return { passed: true, text: `${figures}.` };
}

/**
 * @param {string} output of callgrind
 * @returns {number} the instructions it collected
 */
export function collected(output) {
  const [, count] = /^==\d+== Collected : (\d+)$/m.exec(output) ?? [];
  if (count === undefined || Number(count) === 0) throw new Error(`callgrind counted nothing:\n${output}`);
  return Number(count);
}

/**
 * @param {string} annotation output of callgrind_annotate
 * @param {number} count
 * @returns {{ name: string, instructions: number }[]} the functions with most instructions of their own
 */
export function topFunctions(annotation, count) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const [, instructions = '', signature = ''] of annotation.matchAll(
    /^ *([\d,]+) \([ \d.]+%\) +[^:\n]+:(.+)$/gm,
  )) {
    const name = shortName(signature);
    sums.set(name, (sums.get(name) ?? 0) + Number(instructions.replaceAll(',', '')));
  }
  const functions = [...sums].map(([name, instructions]) => ({ name, instructions }));
  return functions.sort((a, b) => b.instructions - a.instructions).slice(0, count);
}

/**
 * `void ghostnet::avx2::sum<16>(float const*, int) [clone .constprop.0] [/build/ghostnet_bench]` is `avx2::sum<16>`.
 *
 * @param {string} signature
 */
function shortName(signature) {
  const name = signature.replaceAll(/\(anonymous namespace\)::|ghostnet::/g, '').replace(/^void /, '');
  return name.replace(/\(.*| \[.*/, '');
}

/**
 * @param {{ name: string, instructions: number }[]} functions
 * @param {number} total instructions of all
 */
export function table(functions, total) {
  const line = ({ name, instructions }) =>
    `${number.format(instructions).padStart(12)} ${((100 * instructions) / total).toFixed(1).padStart(5)} %  ${name}`;
  return functions.map(line).join('\n');
}
