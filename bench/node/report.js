/** @typedef {import('./measure.js').CaseResult} CaseResult */
/** @typedef {import('./measure.js').Latency} Latency */
/** @typedef {import('./measure.js').Service} Service */

/**
 * @typedef {object} Results all that was measured, as in the JSON file
 * @property {string} date ISO 8601
 * @property {string} command
 * @property {import('./machine.js').Machine} machine
 * @property {import('./contenders/index.js').Contender[]} contenders
 * @property {number} everyMs 0: one call right after the other
 * @property {number} rounds
 * @property {number} samples
 * @property {boolean} simplified whether the ONNX graph lacks the Slice after every concat
 * @property {CaseResult[]} cases
 */

/** CPU seconds per second: above this an idle contender has disturbed the others. */
const highestIdleLoad = 0.05;

/**
 * @param {Results} results
 * @returns {string} Markdown
 */
export function report(results) {
  const { cases, contenders } = results;
  const baseline = contenders[0].name;
  const parts = [
    description(results),
    '## Latency',
    `The ratio says how many times as long as ${baseline} a contender takes: the median of the rounds' ratios of medians, and the lowest and highest.`,
    table(
      latencyColumns,
      cases.flatMap((aCase) => aCase.latencies.map((latency) => ({ ...aCase, ...latency }))),
    ),
  ];
  const services = cases.flatMap((aCase) => aCase.services.map((service) => ({ ...aCase, ...service })));
  if (services.length > 0) parts.push('## As part of a server', serviceLegend, table(serviceColumns, services));
  return `${[...parts, ...warnings(cases)].join('\n\n')}\n`;
}

/** @param {Results} results */
function description({ date, command, machine, contenders, everyMs, rounds, samples, simplified }) {
  const graph = simplified
    ? "without the Slices of PyTorch's TorchScript exporter (--simplified)"
    : "with a Slice after every concat, as from PyTorch's TorchScript exporter";
  return [
    `- ${date.slice(0, 16).replace('T', ' ')} UTC: \`${command}\``,
    `- ${machine.cpu}, ${machine.cores} core(s); ${machine.system}; Node ${machine.node}; load before: ${machine.loadBefore.toFixed(1)}`,
    `- ${contenders.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
    `- ${rounds} rounds of up to ${samples} inferences for each contender${everyMs > 0 ? `, one every ${everyMs} ms` : ''}; float32, random weights, input ready as a Float32Array`,
    `- ONNX graph: ${graph}`,
  ].join('\n');
}

const serviceLegend =
  'Inferences per second with 1, 4 and 16 requests at a time; how late a timer of 1 ms fires ' +
  'while inferences run one after the other (99th percentile); in a fresh process, the time from the import to the ' +
  'first logits, and the peak of resident memory after 11 inferences above that of Node alone.';

/**
 * @template T
 * @typedef {object} Column
 * @property {string} title
 * @property {boolean} [text] left-aligned
 * @property {(row: T) => string} cell
 */

/** @type {Column<CaseResult>[]} */
const caseColumns = [
  { title: 'network', text: true, cell: ({ model }) => model },
  { title: 'input', text: true, cell: ({ shape }) => shape.join('x') },
  { title: 'threads', cell: ({ threads }) => String(threads) },
];

/** @type {Column<CaseResult & Latency>[]} */
const latencyColumns = [
  ...caseColumns,
  { title: 'contender', text: true, cell: ({ contender }) => contender },
  { title: 'median ms', cell: ({ medianMs }) => medianMs.toFixed(2) },
  { title: 'p95', cell: ({ p95Ms }) => p95Ms.toFixed(2) },
  { title: 'p99', cell: ({ p99Ms }) => p99Ms.toFixed(2) },
  { title: 'ratio', cell: ({ ratio }) => `${ratio.median.toFixed(2)}x` },
  { title: 'lowest … highest', cell: ({ ratio }) => `${ratio.min.toFixed(2)} … ${ratio.max.toFixed(2)}` },
];

/** @type {Column<CaseResult & Service>[]} */
const serviceColumns = [
  ...caseColumns,
  { title: 'contender', text: true, cell: ({ contender }) => contender },
  ...[1, 4, 16].map((concurrency) => ({
    title: `${concurrency} at a time`,
    cell: (/** @type {Service} */ { inferencesPerSecond }) => `${inferencesPerSecond[concurrency].toFixed(1)}/s`,
  })),
  { title: 'timer late by', cell: ({ loopDelayP99Ms }) => `${loopDelayP99Ms.toFixed(1)} ms` },
  { title: 'start', cell: ({ startMs }) => `${startMs.toFixed(0)} ms` },
  { title: 'memory', cell: ({ peakMemoryBytes }) => `${(peakMemoryBytes / 1e6).toFixed(0)} MB` },
];

/**
 * @template T
 * @param {readonly Column<T>[]} columns
 * @param {readonly T[]} rows
 */
export function table(columns, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ text }) => (text ? '---' : '--:'))),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ].join('\n');
}

/** @param {readonly CaseResult[]} cases */
function warnings(cases) {
  const restless = cases.flatMap(({ latencies }) => latencies.filter(({ idleLoad }) => idleLoad > highestIdleLoad));
  if (restless.length === 0) return [];
  const worst = restless.reduce((a, b) => (a.idleLoad > b.idleLoad ? a : b));
  const share = `${(100 * worst.idleLoad).toFixed(0)} % of a core`;
  return [`**Not a fair run:** ${worst.contender} used up to ${share} while others were measured.`];
}
