// Exports networks with heads as ONNX and compares onnxruntime's maps of photographs, and what they mean, with ghostnet's:
//   node bench/node/oracle-heads.js [FOLDER OF PHOTOGRAPHS [HOW MANY]]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exportModel, load, preprocess } from '../../dist/index.js';
import { openNetwork } from '../../dist/networks/checkpoint.js';
import { detection } from '../../dist/tasks/detection.js';
import { segmentation } from '../../dist/tasks/segmentation.js';
import { photographsIn } from './photographs.js';
import { largestDifference } from './statistics.js';

/** @typedef {import('../../dist/tasks/task.js').Computed} Computed */
/** @typedef {import('../../dist/tasks/task.js').FeatureMap} FeatureMap */
/** @typedef {import('../../dist/index.js').Detection} Detection */
/** @typedef {import('../../dist/index.js').Segmentation} Segmentation */

/** Of a map's largest value. */
const tolerance = 1e-4;

/** Of pixels' labels. Two classes' logits may differ by rounding alone. */
const otherLabels = 1e-4;

/**
 * Of boxes. Untrained detectors have thousands whose scores are nearly one; where two of them change places, others are
 * suppressed.
 */
const otherBoxes = 1e-3;

/** Low enough for every untrained detector to find something. */
const search = { threshold: 0.2 };

/** In pixels, and of scores: what is the same box. */
const otherPlace = 0.05;
const otherScore = 1e-4;

const { InferenceSession, Tensor } = await import('onnxruntime-node').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.log('Skipped: onnxruntime-node, which is not installed. Install it with: npm --prefix bench/node ci');
  process.exit(0);
});
const files = (await photographsIn(process.argv[2])).slice(0, Number(process.argv[3] ?? Infinity));
const folder = await mkdtemp(join(tmpdir(), 'ghostnet-oracle-'));
try {
  const script = [
    '--import',
    import.meta.resolve('tsx'),
    fileURLToPath(new URL('oracle-head-models.ts', import.meta.url)),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [...script, folder]);
  for (const model of JSON.parse(stdout)) await compare(model);
} finally {
  await rm(folder, { recursive: true });
}

/** @param {{ name: string, path: string, inputSize: readonly [number, number] }} model */
async function compare({ name, path, inputSize }) {
  const onnx = join(folder, 'model.onnx');
  await exportModel(path, onnx, { overwrite: true, inputSize });
  const session = await InferenceSession.create(onnx);
  const model = await load(path);
  const { network, checkpoint } = await openNetwork(path);
  await checkpoint.close();
  const computed = { network, config: model.config, inputSize, geometry: undefined };
  let [largest, answers, others] = [0, 0, 0];
  for (const file of files) {
    const tensor = await preprocess(file, { ...model.config.preprocess, inputSize, resize: 'stretch' });
    const values = await session.run({ input: new Tensor('float32', tensor.data, tensor.shape) });
    const theirs = session.outputNames.map((output) => ({ name: output, ...mapOf(values[output]), stride: 0 }));
    const ours = await model.infer(tensor, { outputs: session.outputNames });
    largest = Math.max(largest, ...theirs.map((map) => largestDifference(map.data, ours[map.name].data)));
    const found = await (model.task === 'detection' ? sameBoxes : sameLabels)(model, tensor, theirs, computed);
    answers += found.answers;
    others += found.others;
  }
  await model.dispose();
  await session.release();
  const passed =
    largest <= tolerance && answers > 0 && others <= (model.task === 'detection' ? otherBoxes : otherLabels) * answers;
  if (!passed) process.exitCode = 1;
  const what = model.task === 'detection' ? 'boxes' : 'labels';
  console.log(
    `${name.padEnd(34)} ${files.length} photographs, largest error ${largest.toExponential(1)} of the largest value, ${others} of ${answers} ${what} differ: ${passed ? 'passed' : 'FAILED'}`,
  );
}

/**
 * @param {import('onnxruntime-node').Tensor} value
 * @returns {Pick<FeatureMap, 'data' | 'shape'>}
 */
function mapOf({ data, dims }) {
  return /** @type {any} */ ({ data, shape: dims });
}

/**
 * @param {import('../../dist/index.js').GhostNet} model
 * @param {import('../../dist/index.js').Tensor4} tensor
 * @param {FeatureMap[]} theirs
 * @param {Computed} computed
 */
async function sameLabels(model, tensor, theirs, computed) {
  const { labels } = await model.segment(tensor);
  const decoded = await segmentation.decode(theirs, segmentation.check({}), computed);
  const others = /** @type {Segmentation} */ (decoded).labels;
  return { answers: labels.length, others: labels.filter((label, i) => label !== others[i]).length };
}

/** @type {typeof sameLabels} */
async function sameBoxes(model, tensor, theirs, computed) {
  const found = await model.detect(tensor, search);
  const others = await detection.decode(theirs, detection.check(search), computed);
  // Not in their order: boxes of one score may change places.
  const same = found.filter((each) => others.some((other) => isSame(each, other))).length;
  return { answers: found.length, others: Math.max(found.length, others.length) - same };
}

/**
 * @param {Detection} one
 * @param {Detection} other
 */
function isSame({ index, score, box }, other) {
  if (index !== other.index || Math.abs(score - other.score) > otherScore) return false;
  const sides = /** @type {const} */ (['xmin', 'ymin', 'xmax', 'ymax']);
  return sides.every((side) => Math.abs(box[side] - other.box[side]) <= otherPlace);
}
