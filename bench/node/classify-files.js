// Images per second from files: `ghostnet classify` decodes ahead while the model computes; a plain loop does not.
//   node bench/node/classify-files.js FOLDER [ROUNDS [THREADS]]
import { cpus } from 'node:os';
import { findImageFiles, imagesAhead } from '../../dist/cli/pictures/image-files.js';
import { inOrder } from '../../dist/cli/pictures/in-order.js';
import { load } from '../../dist/index.js';
import { median, ratioPerRound } from './statistics.js';

const [folder, rounds = '5', threads] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('The folder of the images is missing: node bench/node/classify-files.js FOLDER [ROUNDS [THREADS]]');
const { files } = await findImageFiles(folder);
if (files.length === 0) throw new Error(`${folder} holds no images.`);
const model = await load(undefined, threads === undefined ? {} : { threads: Number(threads) });

/** @type {Record<string, () => Promise<void>>} */
const contenders = {
  async 'plain loop'() {
    for (const file of files) await model.classify(file);
  },
  async 'decoding ahead'() {
    for await (const outcome of inOrder(files, imagesAhead, (file) => model.classify(file)))
      if ('error' in outcome) throw outcome.error;
  },
};

console.log(
  `${files.length} images, ${model.config.architecture}, ${model.info.threads} threads (${model.info.isa}), ${cpus()[0]?.model}`,
);
for (const run of Object.values(contenders)) await run();
/** @type {Record<string, number[]>} seconds of each round */
const seconds = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, run] of Object.entries(contenders)) {
    const start = performance.now();
    await run();
    seconds[name]?.push((performance.now() - start) / 1000);
  }
}
for (const [name, values] of Object.entries(seconds))
  console.log(`${name.padEnd(14)} ${(files.length / median(values)).toFixed(1)} images a second`);
const ratio = ratioPerRound(seconds['plain loop'] ?? [], seconds['decoding ahead'] ?? []);
console.log(
  `decoding ahead is ${ratio.median.toFixed(2)} times as fast (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)} in ${rounds} rounds)`,
);
await model.dispose();
