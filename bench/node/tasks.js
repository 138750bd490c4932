// What answers take beside their networks: labels of segmenters, boxes of detectors and their drawing. What and how: README.md.
// node bench/node/tasks.js [--threads LIST] [--rounds N] [--samples N]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawDetections, load } from '../../dist/index.js';
import { openNetwork } from '../../dist/networks/checkpoint.js';
import { detection } from '../../dist/tasks/detection.js';
import { readFloats } from './input.js';
import { describeMachine } from './machine.js';
import { inTurn } from './measure.js';
import { parseOptions } from './options.js';
import { exportCase } from './processes.js';
import { table } from './report.js';
import { median, medianMs, ratioPerRound } from './statistics.js';

/** @typedef {import('../../dist/index.js').GhostNet} GhostNet */
/** @typedef {import('../../dist/index.js').Tensor4} Tensor4 */

/** @typedef {{ name: string, run: () => Promise<unknown> }} Part a part of the work, or all of it */

/**
 * The backbone by itself, which is what the others are compared with: its deepest map that the head stands on.
 *
 * @param {GhostNet} model
 * @param {Tensor4} tensor
 * @returns {Promise<Part[]>}
 */
async function partsOfSegmenter(model, tensor) {
  const levels = (model.info.head?.levels?.value ?? []).filter((level) => level !== 'stem');
  const all = await model.features(tensor);
  const deepest = levels.length > 0 ? `blocks.${Math.max(...levels)}` : (all.at(-1)?.name ?? '');
  const { classes } = await model.segment(tensor);
  return [
    { name: `backbone, to ${deepest}`, run: () => model.features(tensor, { stages: [deepest] }) },
    { name: 'infer(), its head', run: () => model.infer(tensor, { outputs: ['head'] }) },
    { name: `segment(), ${classes.length} classes there`, run: () => model.segment(tensor) },
  ];
}

/**
 * All of it, which is what the rest is compared with, and what is left to do once the network has been computed.
 *
 * @param {GhostNet} model
 * @param {Tensor4} tensor
 * @param {string} folder of its files
 * @returns {Promise<Part[]>}
 */
async function partsOfDetector(model, tensor, folder) {
  const { network, checkpoint } = await openNetwork(folder);
  await checkpoint.close();
  const [, , height, width] = tensor.shape;
  const picture = { data: new Uint8Array(3 * 480 * 640), height: 480, width: 640 };
  const computed = {
    network,
    config: model.config,
    inputSize: /** @type {const} */ ([height, width]),
    geometry: undefined,
  };
  const values = /** @type {Parameters<typeof detection.decode>[0]} */ (
    /** @type {unknown} */ (Object.values(await model.infer(tensor)))
  );
  const found = await model.detect(tensor);
  return [
    { name: 'detect(), drawDetections()', run: async () => drawDetections(picture, await model.detect(tensor)) },
    {
      name: `decoding, suppression and drawing of ${found.length}`,
      run: async () => drawDetections(picture, await detection.decode(values, detection.check({}), computed)),
    },
  ];
}

/**
 * @param {string} folder
 * @param {import('./options.js').Case} aCase
 * @param {{ rounds: number, samples: number }} settings
 */
async function measureParts(folder, aCase, { rounds, samples }) {
  const { shape, threads } = aCase;
  const { inputFile } = await exportCase(folder, aCase, true);
  const tensor = { data: readFloats(inputFile), shape };
  const model = await load(folder, { threads });
  const parts = await (model.task === 'detection'
    ? partsOfDetector(model, tensor, folder)
    : partsOfSegmenter(model, tensor));
  const [, ...times] = await inTurn(
    [undefined, ...parts],
    rounds + 1,
    async (part) => part && medianMs(part.run, samples),
  );
  await model.dispose();
  const counted = times.map((each) => each.slice(1).map((time) => time ?? NaN));
  return parts.map(({ name }, i) => ({
    ...aCase,
    name,
    medianMs: median(counted[i]),
    ratio: ratioPerRound(counted[i], counted[0]),
  }));
}

/** @type {import('./report.js').Column<Awaited<ReturnType<typeof measureParts>>[number]>[]} */
const columns = [
  { title: 'network', text: true, cell: ({ model }) => model },
  { title: 'input', text: true, cell: ({ shape }) => shape.join('x') },
  { title: 'threads', cell: ({ threads }) => String(threads) },
  { title: 'part', text: true, cell: ({ name }) => name },
  { title: 'median ms', cell: ({ medianMs }) => medianMs.toFixed(2) },
  { title: 'ratio', cell: ({ ratio }) => `${ratio.median.toFixed(3)}x` },
  { title: 'lowest … highest', cell: ({ ratio }) => `${ratio.min.toFixed(3)} … ${ratio.max.toFixed(3)}` },
];

/**
 * The cases of `run.js --heads`.
 *
 * @param {import('./options.js').Options} options
 */
async function main({ cases, rounds, samples }) {
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const machine = describeMachine();
  const rows = [];
  for (const aCase of cases) rows.push(...(await measureParts(folder, aCase, { rounds, samples })));
  const description = [
    `- ${machine.cpu}, ${machine.cores} core(s); ${machine.system}; Node ${machine.node}; load before: ${machine.loadBefore.toFixed(1)}`,
    `- ghostnet; ${rounds} rounds of ${samples} calls for each part; float32, random weights`,
  ];
  process.stdout.write(`${description.join('\n')}\n\n${table(columns, rows)}\n`);
}

try {
  const options = parseOptions(['--heads', ...process.argv.slice(2)]);
  if (options) await main(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
