import { Command, InvalidArgumentError } from 'commander';
import type { GhostNet } from '../../model.js';
import { cpu } from '../../native/native.js';
import type { Tensor4 } from '../../engine/tensor-input.js';
import { endLines, headLines, rowLine, type BenchFacts, type BenchRow } from '../bench/report.js';
import { measureLatencies } from '../bench/latencies.js';
import { loadModel, type ModelOptions } from '../load.js';
import { readMachine } from '../bench/machine.js';
import {
  imageSize,
  jsonOption,
  modelOption,
  precisionOption,
  weightsOptions,
  wholeNumber,
  withOptions,
} from '../options.js';
import type { PreprocessFlags } from '../preprocess-options.js';
import { platform, print, printJson, round } from '../output/print.js';
import { readClocks, readHeat, readTemperatures } from '../bench/throttling.js';
import { version } from '../version.js';

interface Options extends Omit<ModelOptions, 'threads' | keyof PreprocessFlags> {
  threads?: number[];
  size?: [height: number, width: number];
  seconds: number;
  every?: number;
  json?: boolean;
}

export function benchCommand(): Command {
  return withOptions(
    new Command('bench')
      .description('Measures the latency of an image on this machine, its clocks and its heat: a report to send in.')
      .option(
        '-t, --threads <list>',
        'numbers of threads to measure, as 1,2,4 (default: from 1 to the usable cores)',
        threadList,
      )
      .option('--size <pixels>', "height and width of the image, as 224 or 192x256 (default: the model's)", imageSize)
      .option('--seconds <n>', 'how long to measure each number of threads', positive, 5)
      .option(
        '--every <ms>',
        'begin an image every so many milliseconds, as a camera does (default: one after the other)',
        positive,
      )
      .addOption(jsonOption())
      .action(bench),
    [modelOption(), ...weightsOptions(), precisionOption()],
  );
}

async function bench({ size: wanted, ...options }: Options): Promise<void> {
  const show = (lines: readonly string[]): void => {
    if (!options.json) lines.forEach(print);
  };
  const rows: BenchRow[] = [];
  let facts: BenchFacts | undefined;
  for (const threads of options.threads ?? threadCounts(cpu().cores)) {
    const model = await loadModel({ ...options, threads });
    try {
      const size = wanted ?? model.config.preprocess.inputSize;
      // Says so before memory is asked for where the size is impossible.
      model.plan(size);
      const input = noise(model.config.preprocess.mean.length, size);
      if (!facts) {
        facts = await describe(model, input, options);
        show(headLines(facts));
      }
      const row = await measure(model, input, options);
      rows.push(row);
      show([rowLine(row)]);
    } finally {
      await model.dispose();
    }
  }
  const after = await readHeat();
  show(endLines(facts!.before, after));
  if (options.json) printJson({ ...facts, rows, after });
}

async function describe(
  model: GhostNet,
  { shape: [, , height, width] }: Tensor4,
  { seconds, every }: Options,
): Promise<BenchFacts> {
  const { info, config } = model;
  const { steps } = model.plan([height, width]);
  return {
    ghostnet: version,
    node: process.version,
    platform: platform(),
    ...readMachine(),
    cpu: info.cpu,
    cores: cpu().cores,
    isa: info.isa,
    architecture: config.architecture,
    task: model.task,
    numClasses: config.numClasses,
    precision: info.precision,
    inputSize: [height, width],
    macs: steps.reduce((sum, { macs }) => sum + macs, 0),
    seconds,
    ...(every !== undefined && { everyMs: every }),
    before: await readHeat(),
  };
}

async function measure(model: GhostNet, input: Tensor4, { seconds, every }: Options): Promise<BenchRow> {
  const run = (): Promise<unknown> => (model.task === 'features' ? model.features(input) : model.infer(input));
  const latencies = await measureLatencies(run, seconds, every);
  // At once: clocks fall soon after the work ends.
  const clocksMHz = readClocks().flatMap(({ currentMHz }) => currentMHz ?? []);
  const celsius = readTemperatures().map((temperature) => temperature.celsius);
  return {
    threads: model.info.threads,
    ...latencies,
    ...(clocksMHz.length > 0 ? { clocksMHz } : {}),
    ...(celsius.length > 0 ? { hottestCelsius: round(Math.max(...celsius), 1) } : {}),
  };
}

/** Every number up to 8; of more cores, powers of two and all of them. */
export function threadCounts(cores: number): number[] {
  if (cores <= 8) return Array.from({ length: cores }, (_, i) => i + 1);
  const powers = Array.from({ length: Math.ceil(Math.log2(cores)) }, (_, i) => 2 ** i);
  return [...powers, cores];
}

/** Normalised pixels, evenly from -2 to 2: what a network is fed, and no zeros that could be quicker. */
function noise(channels: number, [height, width]: readonly [number, number]): Tensor4 {
  const data = new Float32Array(channels * height * width);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state / 2 ** 30 - 2;
  }
  return { data, shape: [1, channels, height, width] };
}

function threadList(value: string): number[] {
  return value.split(',').map(wholeNumber);
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 86400)) throw new InvalidArgumentError('Expected a number above 0, up to 86400.');
  return number;
}
