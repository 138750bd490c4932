import { parseArgs } from 'node:util';
import { engines } from './contenders/index.js';

export const usage = `node run.js [options]
  --quick               ghostnetv2_100 at 224x224, batch 1, 5 rounds; each of these can still be given
  --table               the cases of the table in the project's README, latencies alone, without onnxruntime-web
  --heads               segmenters and detectors on GhostNetV2 1.0x, latencies alone, without onnxruntime-web, --simplified;
                        --models and --threads choose among them
  --models LIST         of ghostnet_100, ghostnetv2_130, mobilenetv3_large_100, mobilenetv3_small_100, repghostnet_100
                        and other widths, in hundredths; with a head, as ghostnetv2_100_lraspp: also of _deeplabv3,
                        _unet, _smpfpn, _yolov3, _nanodetplus
  --sizes LIST          heights and widths of the input, as 224x224,480x360
  --batch LIST          images per inference, as 1,8
  --threads LIST        as 1,2
  --contenders LIST     of ${engines.join(', ')}; the first is what the others are compared with
  --isa LIST            one ghostnet for each of these instruction sets, as avx512,avx2; default: its own choice
  --every N             a call every N ms, as from a camera, without throughput and the like; default: one right after the other
  --rounds N            default 9
  --samples N           inferences of a contender in a round, default 20
  --simplified          ONNX without the Slice that PyTorch's TorchScript exporter writes after every concat
  --latency-only        no throughput, event loop, start and memory
  --json FILE           all figures, with every single latency
  --markdown FILE       the report that is also printed
  --svg FILE            bars of the latencies at the first size and batch`;

/** @typedef {{ model: string, shape: [number, number, number, number], threads: number }} Case */

/**
 * @typedef {object} Options
 * @property {Case[]} cases
 * @property {(typeof engines)[number][]} contenders
 * @property {string[]} isas
 * @property {number} everyMs 0: one call right after the other
 * @property {number} rounds
 * @property {number} samples
 * @property {boolean} simplified
 * @property {boolean} latencyOnly
 * @property {string | undefined} json
 * @property {string | undefined} markdown
 * @property {string | undefined} svg
 */

const full = {
  models: 'ghostnetv2_100,ghostnet_100,ghostnetv2_130,ghostnetv2_160',
  sizes: '224x224,128x128,192x256,320x320,480x360',
  batch: '1,8',
  threads: '1,2',
  rounds: '9',
};

const quick = { ...full, models: 'ghostnetv2_100', sizes: '224x224', batch: '1', rounds: '5' };

const at224 = { ...full, sizes: '224x224', batch: '1' };
const otherInputs = { ...quick, sizes: '128x128,192x256,320x320,480x360', batch: '1,8', threads: '1' };
const tableOfReadme = [at224, { ...quick, batch: '8', threads: '1' }, otherInputs];

/** At the size of CamVid's pictures, in multiples of 32 for smp's decoders, and at that for which small detectors are trained. */
const heads = [
  { ...quick, models: 'ghostnetv2_100_lraspp,ghostnetv2_100_deeplabv3', sizes: '360x480' },
  { ...quick, models: 'ghostnetv2_100_unet,ghostnetv2_100_smpfpn', sizes: '352x480' },
  { ...quick, models: 'ghostnetv2_100_nanodetplus,ghostnetv2_100_yolov3', sizes: '320x320' },
];

/**
 * @param {string[]} args
 * @returns {Options | undefined} undefined if help was asked for
 * @throws {Error} for what it does not understand
 */
export function parseOptions(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const { values } = parseArgs({
    args,
    options: {
      ...{ quick: flag, table: flag, heads: flag, simplified: flag, 'latency-only': flag, help: flag },
      ...{ models: text, sizes: text, batch: text, threads: text, contenders: text, isa: text },
      ...{ every: text, rounds: text, samples: text, json: text, markdown: text, svg: text },
    },
  });
  if (values.help) return undefined;
  const given = { ...(values.quick ? quick : full), ...values };
  const preset = values.table ? tableOfReadme : values.heads ? heads : undefined;
  return {
    cases: preset ? casesOfPreset(preset, values) : casesOf(given),
    contenders:
      values.contenders === undefined
        ? engines.slice(0, preset ? 2 : undefined)
        : list('contenders', values.contenders, engineName),
    isas: values.isa === undefined ? [] : list('isa', values.isa, matching(/^\w+$/, 'avx2')),
    everyMs: values.every === undefined ? 0 : count('every', values.every),
    rounds: count('rounds', given.rounds),
    samples: count('samples', values.samples ?? '20'),
    simplified: values.simplified ?? values.heads ?? false,
    latencyOnly: values['latency-only'] ?? (preset !== undefined || values.every !== undefined),
    json: values.json,
    markdown: values.markdown,
    svg: values.svg,
  };
}

/**
 * @param {readonly Parameters<typeof casesOf>[0][]} preset
 * @param {{ models?: string | undefined, threads?: string | undefined }} values which of its networks, and other threads
 */
function casesOfPreset(preset, { models, threads }) {
  const wanted = models?.split(',').map((name) => name.trim());
  const cases = preset
    .flatMap((each) => casesOf({ ...each, threads: threads ?? each.threads }))
    .filter(({ model }) => wanted?.includes(model) ?? true);
  if (cases.length > 0) return cases;
  throw new Error(`--models: there is no such network among those that are measured, found ${JSON.stringify(models)}.`);
}

/**
 * Every combination: threads vary fastest, then batch, then size.
 *
 * @param {{ models: string, sizes: string, batch: string, threads: string }} given
 * @returns {Case[]}
 */
function casesOf({ models, sizes, batch, threads }) {
  const names = list('models', models, matching(/^\w+_\d{3}(?:_[a-z]\w*)?$/, 'ghostnetv2_100'));
  const inputs = list('sizes', sizes, matching(/^\d+x\d+$/, '224x224')).map((size) => size.split('x').map(Number));
  const batches = list('batch', batch, (value) => count('batch', value));
  const threadCounts = list('threads', threads, (value) => count('threads', value));
  return names.flatMap((model) =>
    inputs.flatMap(([height = 0, width = 0]) =>
      batches.flatMap((n) =>
        threadCounts.map((threads) => {
          const shape = /** @type {Case['shape']} */ ([n, 3, height, width]);
          return { model, shape, threads };
        }),
      ),
    ),
  );
}

/**
 * @template T
 * @param {string} option
 * @param {string} value
 * @param {(item: string, option: string) => T} parse
 */
function list(option, value, parse) {
  return value.split(',').map((item) => parse(item.trim(), option));
}

/**
 * @param {string} option
 * @param {string} value
 */
function count(option, value) {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new Error(`--${option} takes whole numbers from 1 up, found ${JSON.stringify(value)}.`);
}

/**
 * @param {RegExp} pattern
 * @param {string} example
 */
function matching(pattern, example) {
  return (/** @type {string} */ item, /** @type {string} */ option) => {
    if (pattern.test(item)) return item;
    throw new Error(`--${option} takes a list of names as ${example}, found ${JSON.stringify(item)}.`);
  };
}

/** @param {string} name */
function engineName(name) {
  const engine = engines.find((known) => known === name);
  if (engine) return engine;
  throw new Error(`--contenders takes a list of ${engines.join(', ')}, found ${JSON.stringify(name)}.`);
}
