// Compares ghostnet's preprocessing with sharp's resize. What and how: README.md.
// node bench/node/preprocess.js [--rounds N]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { defaultPreprocessConfig } from '../../dist/preprocess-config.js';
import { preprocess } from '../../dist/index.js';
import { preprocessPixels } from '../../dist/native/pictures.js';
import { describeMachine } from './machine.js';
import { inTurn } from './measure.js';
import { table } from './report.js';
import { median, medianMs, ratioPerRound } from './statistics.js';

/** @typedef {{ data: Uint8Array, width: number, height: number, channels: 3 }} Picture */

/** @typedef {{ name: string, run: () => Promise<Float32Array | Uint8Array> }} Contender */

const sizes = [
  [4000, 3000],
  [1920, 1080],
];
const isa = process.env['GHOSTNET_ISA'] ?? '';
const {
  inputSize: [inputHeight, inputWidth],
  cropPct,
} = defaultPreprocessConfig;

/** Of a contender in a round, after one that is not counted. */
const samples = 3;

/**
 * How far sharp may be from ghostnet on average, of 255: it reduces by a whole number with a box before the cubic
 * filter.
 */
const tolerance = 1;

/**
 * Something with large shapes and noise; speed does not depend on what it is.
 *
 * @param {number} width
 * @param {number} height
 * @returns {Picture}
 */
function pictureOf(width, height) {
  const data = new Uint8Array(width * height * 3);
  let random = 1;
  for (let i = 0; i < data.length; i++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    data[i] = 127 + 90 * Math.sin((9 + channel) * x) * Math.cos(7 * y) + (random >>> 27);
  }
  return { data, width, height, channels: 3 };
}

/**
 * What timm's transform does, on one thread each: the shorter side to 256, cubic; the 224x224 in the middle.
 *
 * @param {Picture} picture
 * @returns {Contender[]} the first is what the others are compared with
 */
function contendersOf(picture) {
  const { data, width, height, channels } = picture;
  const shorter = Math.floor(inputHeight / cropPct);
  const resized = [
    Math.trunc((shorter * width) / Math.min(width, height)),
    Math.trunc((shorter * height) / Math.min(width, height)),
  ];
  // A half goes to the even pixel.
  const [left, top] = [resized[0] - inputWidth, resized[1] - inputHeight].map(
    (surplus) => (surplus >> 1) + (surplus & (surplus >> 1) & 1),
  );
  const crop = { left, top, width: inputWidth, height: inputHeight };
  const raw = { width, height, channels };
  return [
    {
      name: 'ghostnet',
      run: async () =>
        (await preprocessPixels(picture, defaultPreprocessConfig, isa, { signal: undefined, spent: false })).data,
    },
    { name: 'ghostnet, preprocess() of raw pixels', run: async () => (await preprocess(picture)).data },
    {
      name: 'sharp',
      run: () =>
        sharp(data, { raw })
          .resize(resized[0], resized[1], { fit: 'fill', kernel: 'cubic' })
          .extract(crop)
          .raw()
          .toBuffer(),
    },
  ];
}

/**
 * @param {Float32Array | Uint8Array} pixels normalised planes, or bytes [height, width, 3]
 * @param {number} i of the byte
 */
function byteOf(pixels, i) {
  if (pixels instanceof Uint8Array) return pixels[i];
  const { mean, std } = defaultPreprocessConfig;
  const channel = i % 3;
  return 255 * (pixels[channel * inputHeight * inputWidth + Math.floor(i / 3)] * std[channel] + mean[channel]);
}

/**
 * @param {readonly Contender[]} contenders
 * @throws {Error} if one makes another picture of it than the first
 */
async function compareResults(contenders) {
  const results = await Promise.all(contenders.map(({ run }) => run()));
  const count = 3 * inputHeight * inputWidth;
  for (const [c, { name }] of contenders.entries()) {
    let difference = 0;
    for (let i = 0; i < count; i++) difference += Math.abs(byteOf(results[c], i) - byteOf(results[0], i)) / count;
    if (results[c].length === count && difference <= tolerance) continue;
    throw new Error(`${name} differs from ${contenders[0].name} by ${difference} of 255 on average.`);
  }
}

/** @param {number} rounds */
async function measure(rounds) {
  const rows = [];
  for (const [width, height] of sizes) {
    const contenders = contendersOf(pictureOf(width, height));
    await compareResults(contenders);
    const times = await inTurn(contenders, rounds, ({ run }) => medianMs(run, samples));
    for (const [c, { name }] of contenders.entries()) {
      rows.push({
        picture: `${width}x${height}`,
        name,
        medianMs: median(times[c]),
        ratio: ratioPerRound(times[c], times[0]),
      });
    }
  }
  return rows;
}

/** @type {import('./report.js').Column<Awaited<ReturnType<typeof measure>>[number]>[]} */
const columns = [
  { title: 'picture', text: true, cell: ({ picture }) => picture },
  { title: 'contender', text: true, cell: ({ name }) => name },
  { title: 'median ms', cell: ({ medianMs }) => medianMs.toFixed(2) },
  { title: 'ratio', cell: ({ ratio }) => `${ratio.median.toFixed(2)}x` },
  { title: 'lowest … highest', cell: ({ ratio }) => `${ratio.min.toFixed(2)} … ${ratio.max.toFixed(2)}` },
];

async function main() {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
  if (!/^[1-9]\d{0,3}$/.test(values.rounds))
    throw new Error(`--rounds takes a whole number from 1 up, found ${JSON.stringify(values.rounds)}.`);
  sharp.concurrency(1);
  sharp.cache(false);
  const machine = describeMachine();
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const rows = await measure(Number(values.rounds));
  const description = [
    `- ${machine.cpu}; ${machine.system}; Node ${machine.node}; load before: ${machine.loadBefore.toFixed(1)}`,
    `- ghostnet ${version}${isa && ` (${isa})`}, sharp ${sharp.versions.sharp} (libvips ${sharp.versions.vips}), one thread; ${values.rounds} rounds`,
  ];
  process.stdout.write(`${description.join('\n')}\n\n${table(columns, rows)}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
