/** @typedef {import('./report.js').Results} Results */

const width = 760;
const margin = 24;
const barLeft = 210;
/** Room for the value behind the longest bar. */
const barRight = width - margin - 120;
const barHeight = 18;
const rowHeight = 24;
const groupHeight = 34;
const titleHeight = 72;

/**
 * The background is part of the picture: it is legible on any page, whether or not the page follows the system's theme.
 */
const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .group { font-weight: 600; }
  .muted { fill: #59636e; }
  .page { fill: #ffffff; stroke: #d0d7de; }
  .first { fill: #1a7f37; }
  .other { fill: #8c959f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .muted { fill: #9198a1; }
    .page { fill: #0d1117; stroke: #3d444d; }
    .first { fill: #3fb950; }
    .other { fill: #656c76; }
  }`;

/**
 * The median latencies at the first case's input shape as horizontal bars, a group for each network and number of
 * threads.
 *
 * @param {Results} results
 * @returns {string} SVG
 */
export function latencyChart({ cases, contenders, machine, date }) {
  const shape = cases[0].shape;
  const groups = cases.filter((aCase) => String(aCase.shape) === String(shape));
  const longestMs = Math.max(...groups.flatMap(({ latencies }) => latencies.map(({ medianMs }) => medianMs)));
  const rows = [];
  let y = titleHeight;
  for (const { model, threads, latencies } of groups) {
    rows.push(text(margin, y + 20, `${model}, ${threads} thread${threads > 1 ? 's' : ''}`, 'group'));
    y += groupHeight;
    for (const [i, latency] of latencies.entries()) {
      rows.push(bar(y, latency, longestMs, contenders[i].engine === contenders[0].engine ? 'first' : 'other'));
      y += rowHeight;
    }
  }
  const height = y + margin;
  const title = `Median latency in ms, input ${shape.join('x')}, float32: shorter is better`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${style}
</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${text(margin, 34, title, 'title')}
${text(margin, 56, `${machine.cpu}, Node ${machine.node}, ${date.slice(0, 10)}`, 'muted')}
${rows.join('\n')}
</svg>
`;
}

/**
 * @param {number} y of its top
 * @param {import('./measure.js').Latency} latency
 * @param {number} longestMs
 * @param {'first' | 'other'} kind
 */
function bar(y, { contender, medianMs, ratio }, longestMs, kind) {
  const length = ((barRight - barLeft) * medianMs) / longestMs;
  const baseline = y + barHeight - 5;
  // The first contender is compared with itself.
  const value = `${medianMs.toFixed(2)}${ratio.min === 1 && ratio.max === 1 ? '' : `  (${ratio.median.toFixed(1)}x)`}`;
  return [
    text(barLeft - 10, baseline, contender, 'label', 'end'),
    `<rect class="${kind}" x="${barLeft}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
    text(barLeft + length + 8, baseline, value, 'muted'),
  ].join('');
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} kind
 * @param {'start' | 'end'} [anchor]
 */
function text(x, y, content, kind, anchor = 'start') {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** @param {string} content */
function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
