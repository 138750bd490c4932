// Compares the accuracy of this engine with PyTorch's on the same pictures. What and how: README.md beside this file.
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `node bench/accuracy/compare.js --predictions FILE [options]
  --predictions FILE    what evaluate.py --predictions wrote: PyTorch's answers
  --data FOLDER         Tiny ImageNet, default ../shared/data/tiny-imagenet-200
  --photos FOLDER       photographs, default ../shared/data/photos
  --model FOLDER        default weights/ghostnetv2-tiny`;

/** Points of a percent that the engines' top-1 may differ by. */
const slackPoints = 0.2;

/** Pixels a side of the tiles that a sheet consists of. */
const tileSide = 64;

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @typedef {import('../../lib/index.js').GhostNet} GhostNet */
/** @typedef {import('../../lib/index.js').ImageInput} ImageInput */
/**
 * The classes' indices, the most probable first, of every tile of a class and of every photograph.
 * @typedef {{ inputSize: number, tiles: Record<string, number[][]>, photos: Record<string, number[]> }} Predictions
 */
/** @typedef {{ label: number, ours: number[], theirs: number[] }} Answer */

/** @returns {{ predictions: string, data: string, photos: string, model: string }} */
function parseOptions() {
  const text = /** @type {const} */ ({ type: 'string' });
  const { values } = parseArgs({ options: { predictions: text, data: text, photos: text, model: text } });
  if (values.predictions === undefined) throw new Error(`--predictions is missing.\n\n${usage}`);
  return {
    predictions: values.predictions,
    data: values.data ?? join(root, '../shared/data/tiny-imagenet-200'),
    photos: values.photos ?? join(root, '../shared/data/photos'),
    model: resolve(values.model ?? join(root, 'weights/ghostnetv2-tiny')),
  };
}

/** @param {Record<string, string>} needed what to do about it, by path */
function checkPresent(needed) {
  for (const [path, remedy] of Object.entries(needed)) {
    if (!existsSync(path)) throw new Error(`${path} is not there: ${remedy}.`);
  }
}

/**
 * The tiles of a sheet, row by row, as raw pixels.
 *
 * @param {string} path
 * @returns {Promise<ImageInput[]>}
 */
async function cutSheet(path) {
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(path)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const columns = Math.floor(info.width / tileSide);
  const count = columns * Math.floor(info.height / tileSide);
  return Array.from({ length: count }, (_, tile) => {
    const [top, left] = [Math.floor(tile / columns) * tileSide, (tile % columns) * tileSide];
    const rowBytes = tileSide * 3;
    const pixels = new Uint8Array(tileSide * rowBytes);
    for (let y = 0; y < tileSide; y++) {
      const start = ((top + y) * info.width + left) * 3;
      pixels.set(data.subarray(start, start + rowBytes), y * rowBytes);
    }
    return { data: pixels, width: tileSide, height: tileSide, channels: 3 };
  });
}

/**
 * @param {GhostNet} model
 * @param {ImageInput[]} images
 * @param {number[]} labels
 * @param {number[][]} theirs PyTorch's answers
 * @returns {Promise<Answer[]>}
 */
async function ask(model, images, labels, theirs) {
  if (images.length !== theirs.length)
    throw new Error(
      `The predictions are of ${theirs.length} pictures where ${images.length} are: write them anew with evaluate.py.`,
    );
  const answers = await model.classify(images, { topK: 5 });
  return answers.map((answer, i) => ({ label: labels[i], ours: answer.map(({ index }) => index), theirs: theirs[i] }));
}

/**
 * @param {GhostNet} model
 * @param {Predictions['tiles']} tiles
 * @param {string} data
 */
async function askAboutTiles(model, tiles, data) {
  const answers = [];
  for (const [label, [wnid, theirs]] of Object.entries(tiles).entries()) {
    const images = await cutSheet(join(data, 'val', `${wnid}.jpg`));
    answers.push(
      ...(await ask(
        model,
        images,
        images.map(() => label),
        theirs,
      )),
    );
  }
  return answers;
}

/**
 * @param {GhostNet} model
 * @param {Predictions} predictions
 * @param {string} folder
 */
function askAboutPhotos(model, { tiles, photos }, folder) {
  const files = Object.keys(photos);
  const wnids = Object.keys(tiles);
  return ask(
    model,
    files.map((file) => join(folder, file)),
    files.map((file) => wnids.indexOf(file.slice(0, 9))),
    Object.values(photos),
  );
}

/**
 * Prints one line of the table.
 *
 * @param {string} name
 * @param {Answer[]} answers
 * @returns {boolean} whether the engines' top-1 agree
 */
function report(name, answers) {
  /** @param {'ours' | 'theirs'} whose @param {number} best */
  const percent = (whose, best) =>
    (100 * answers.filter(({ label, [whose]: classes }) => classes.slice(0, best).includes(label)).length) /
    answers.length;
  const [ours, theirs] = [percent('ours', 1), percent('theirs', 1)];
  const same = answers.filter((answer) => answer.ours[0] === answer.theirs[0]).length;
  /** @param {'ours' | 'theirs'} whose */
  const both = (whose) => `top-1 ${percent(whose, 1).toFixed(2)} %, top-5 ${percent(whose, 5).toFixed(2)} %`;
  console.log(
    `${answers.length} ${name}\n  ghostnet  ${both('ours')}\n  PyTorch   ${both('theirs')}\n  the same best class for ${same}`,
  );
  return Math.abs(ours - theirs) <= slackPoints + 1e-9;
}

async function main() {
  const options = parseOptions();
  const library = new URL('../../dist/index.js', import.meta.url);
  checkPresent({
    [fileURLToPath(library)]: 'run npm run build:all first',
    [options.predictions]: 'weights/train/evaluate.py writes it',
    [options.data]: 'give the folder of Tiny ImageNet with --data; it is not part of the repository',
  });
  const predictions = /** @type {Predictions} */ (JSON.parse(await readFile(options.predictions, 'utf8')));
  const { load } = /** @type {typeof import('../../lib/index.js')} */ (await import(library.href));
  const model = await load(options.model);
  const { inputSize } = model.config.preprocess;
  if (inputSize.some((side) => side !== predictions.inputSize)) {
    throw new Error(
      `The model is for pictures of ${inputSize.join('x')}, the predictions are for ${predictions.inputSize}: write them anew with evaluate.py.`,
    );
  }
  let agree = report('validation pictures', await askAboutTiles(model, predictions.tiles, options.data));
  if (Object.keys(predictions.photos).length > 0) {
    checkPresent({
      [options.photos]: 'give the folder of photographs with --photos; it is not part of the repository',
    });
    agree = report('photographs', await askAboutPhotos(model, predictions, options.photos)) && agree;
  }
  await model.dispose();
  if (!agree) throw new Error(`Top-1 differs by more than ${slackPoints} points.`);
}

main().catch((/** @type {Error} */ error) => {
  console.error(error.message);
  process.exitCode = 1;
});
