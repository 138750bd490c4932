// Exports networks as ONNX and compares onnxruntime's logits of photographs with ghostnet's:
//   node bench/node/oracle.js [FOLDER OF PHOTOGRAPHS]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { exportModel, load, preprocess } from '../../dist/index.js';
import { photographsIn } from './photographs.js';
import { largestDifference } from './statistics.js';

/** Of the largest logit of a photograph. */
const tolerance = 1e-4;

/** onnxruntime gets so many photographs at a time, the last time what is left; ghostnet gets each alone. */
const batch = 7;

/**
 * @typedef {object} Network
 * @property {string} name
 * @property {1 | 2 | 3} [version] of synthetic weights; absent: the model in the box
 * @property {boolean} [mindSpore]
 * @property {[height: number, width: number]} [inputSize]
 */

/** @type {Network[]} */
const networks = [
  { name: 'GhostNet 1.0x', version: 1 },
  { name: 'GhostNetV2 1.0x', version: 2 },
  { name: 'GhostNetV3 1.0x', version: 3 },
  { name: 'GhostNetV2 1.0x, 161x97', version: 2, inputSize: [161, 97] },
  { name: "GhostNetV2 1.0x, MindSpore's", version: 2, mindSpore: true },
  { name: 'the model in the box' },
];

const files = await photographsIn(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), 'ghostnet-oracle-'));
try {
  for (const network of networks) await compare(network);
} finally {
  await rm(folder, { recursive: true });
}

/** @param {Network} network */
async function compare({ name, version, mindSpore, inputSize }) {
  const source = version
    ? join(folder, mindSpore ? 'model.ckpt' : 'model.safetensors')
    : fileURLToPath(new URL('../../weights/ghostnetv2-tiny', import.meta.url));
  if (version) {
    const script = fileURLToPath(new URL('oracle-checkpoint.ts', import.meta.url));
    await promisify(execFile)(process.execPath, [
      '--import',
      import.meta.resolve('tsx'),
      script,
      source,
      String(version),
    ]);
  }
  const onnx = join(folder, 'model.onnx');
  await exportModel(source, onnx, { overwrite: true, ...(inputSize && { inputSize }) });
  const session = await InferenceSession.create(onnx);
  const model = await load(source);
  const config = { ...model.config.preprocess, ...(inputSize && { inputSize }) };
  let [largest, agreeing] = [0, 0];
  for (let first = 0; first < files.length; first += batch) {
    const images = await Promise.all(files.slice(first, first + batch).map((file) => preprocess(file, config)));
    const ours = await Promise.all(images.map(async (image) => (await model.infer(image)).data));
    const theirs = await runTogether(session, images);
    for (const [i, logits] of ours.entries()) {
      const error = largestDifference(theirs[i], logits);
      // Also where it is no number.
      if (!(error <= largest)) largest = error;
      if (logits.indexOf(Math.max(...logits)) === theirs[i].indexOf(Math.max(...theirs[i]))) agreeing++;
    }
  }
  await model.dispose();
  await session.release();
  const passed = largest <= tolerance;
  if (!passed) process.exitCode = 1;
  console.log(
    `${name.padEnd(30)} ${files.length} photographs, largest error ${largest.toExponential(1)} of the largest logit, same class ${agreeing}: ${passed ? 'passed' : 'FAILED'}`,
  );
}

/**
 * @param {InferenceSession} session
 * @param {import('../../dist/index.js').Tensor4[]} images of one each
 * @returns {Promise<Float32Array[]>} the logits of each
 */
async function runTogether(session, images) {
  const [{ data, shape }] = images;
  const pixels = new Float32Array(images.length * data.length);
  for (const [i, image] of images.entries()) pixels.set(image.data, i * data.length);
  const { logits } = await session.run({ input: new Tensor('float32', pixels, [images.length, ...shape.slice(1)]) });
  const all = /** @type {Float32Array} */ (logits.data);
  const classes = all.length / images.length;
  return images.map((_, i) => all.subarray(i * classes, (i + 1) * classes));
}
