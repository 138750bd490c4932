import { ContenderProcess, exportCase, freshStart } from './processes.js';
import { largestDifference, median, percentile, ratioPerRound } from './statistics.js';

/** @typedef {import('./contenders/index.js').Contender} Contender */
/** @typedef {import('./options.js').Case} Case */

/**
 * @typedef {object} Latency of one contender
 * @property {string} contender
 * @property {string} detail
 * @property {number} medianMs
 * @property {number} p95Ms
 * @property {number} p99Ms
 * @property {import('./statistics.js').Ratio} ratio of its median to the first contender's, round by round
 * @property {number} difference of its outputs from the first contender's, as a part of the largest value
 * @property {number} idleLoad CPU seconds per second while others were measured
 * @property {number[][]} latenciesMs by round
 */

/**
 * @typedef {object} Service of one contender: what matters to a server besides latency
 * @property {string} contender
 * @property {Record<number, number>} inferencesPerSecond by concurrency
 * @property {number} loopDelayP99Ms
 * @property {number} startMs
 * @property {number} peakMemoryBytes above that of Node alone
 */

/** @typedef {Case & { latencies: Latency[], services: Service[] }} CaseResult */

/** @typedef {{ everyMs: number, rounds: number, samples: number, simplified: boolean, service: boolean }} Settings */

/** How far two engines' outputs may be apart, as a part of the largest value of that output. */
const tolerance = 1e-4;

/** Of every burst; before the first round there is a whole burst that is not counted. */
const warmUp = 5;

const concurrencies = [1, 4, 16];
const serviceRounds = 3;
const serviceDurationMs = 1000;

/**
 * All figures of a case. The contenders stay alive in processes of their own and take turns.
 *
 * @param {string} folder for the case's files
 * @param {Case} aCase
 * @param {readonly Contender[]} contenders
 * @param {Settings} settings
 * @returns {Promise<CaseResult>}
 * @throws {Error} if a contender fails, or its outputs are not the first one's
 */
export async function measureCase(folder, aCase, contenders, settings) {
  const load = await exportCase(folder, aCase, settings.simplified);
  const processes = contenders.map((contender) => new ContenderProcess(contender));
  try {
    const details = await inTurn(processes, 1, (process) => process.load(load));
    const differences = await compareOutputs(processes);
    const burst = { warmUp, samples: settings.samples, everyMs: settings.everyMs };
    await inTurn(processes, 1, (process) => process.ask('latency', burst));
    const bursts = await inTurn(processes, settings.rounds, (process) => process.ask('latency', burst));
    const services = settings.service ? await measureServices(processes, contenders, load) : [];
    const latencies = contenders.map(({ name }, i) => ({
      contender: name,
      detail: details[i][0],
      ...latencyFigures(bursts[i], bursts[0]),
      difference: differences[i],
      idleLoad: processes[i].idleLoad,
      latenciesMs: bursts[i],
    }));
    return { ...aCase, latencies, services };
  } finally {
    await Promise.all(processes.map((process) => process.close()));
  }
}

/**
 * One measurement at a time, in rounds; each round begins with the next contender, so that none always follows the
 * same one.
 *
 * @template T, R
 * @param {readonly T[]} items
 * @param {number} rounds
 * @param {(item: T) => Promise<R>} measure
 * @returns {Promise<R[][]>} by item and round
 */
export async function inTurn(items, rounds, measure) {
  const results = items.map(() => /** @type {R[]} */ ([]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < items.length; turn++) {
      const i = (round + turn) % items.length;
      results[i].push(await measure(items[i]));
    }
  }
  return results;
}

/**
 * @param {readonly ContenderProcess[]} processes
 * @returns {Promise<number[]>} the largest difference of each one's outputs from the first one's
 */
async function compareOutputs(processes) {
  const outputs = await inTurn(processes, 1, (process) => process.ask('outputs'));
  const [expected] = /** @type {Float32Array[][]} */ (outputs[0]);
  return outputs.map(([found], i) => {
    const differences = expected.map((values, output) => largestDifference(found[output], values));
    const largest = Math.max(...differences);
    if (found.length === expected.length && largest <= tolerance) return largest;
    const { name } = processes[i].contender;
    throw new Error(
      `The outputs of ${name} differ from those of ${processes[0].contender.name} by ${largest} of the largest value.`,
    );
  });
}

/**
 * @param {readonly number[][]} bursts latencies by round
 * @param {readonly number[][]} baseline those of the first contender
 */
function latencyFigures(bursts, baseline) {
  const all = bursts.flat();
  return {
    medianMs: median(all),
    p95Ms: percentile(all, 95),
    p99Ms: percentile(all, 99),
    ratio: ratioPerRound(bursts.map(median), baseline.map(median)),
  };
}

/**
 * @param {readonly ContenderProcess[]} processes
 * @param {readonly Contender[]} contenders
 * @param {import('./processes.js').LoadTask} load
 * @returns {Promise<Service[]>}
 */
async function measureServices(processes, contenders, load) {
  const durationMs = serviceDurationMs;
  const crowds = processes.flatMap((process) => concurrencies.map((concurrency) => ({ process, concurrency })));
  const throughputs = await inTurn(crowds, serviceRounds, ({ process, concurrency }) =>
    process.ask('throughput', { concurrency, durationMs }),
  );
  const delays = await inTurn(processes, serviceRounds, (process) => process.ask('loopDelay', { durationMs }));
  const [node, ...starts] = await inTurn([undefined, ...contenders], serviceRounds, (contender) =>
    freshStart(contender, load),
  );
  const nodeMemoryBytes = median(node.map(({ peakMemoryBytes }) => peakMemoryBytes));
  return contenders.map(({ name }, i) => ({
    contender: name,
    inferencesPerSecond: Object.fromEntries(
      concurrencies.map((concurrency, c) => [concurrency, median(throughputs[i * concurrencies.length + c])]),
    ),
    loopDelayP99Ms: median(delays[i]),
    startMs: median(starts[i].map(({ startMs }) => startMs)),
    peakMemoryBytes: median(starts[i].map(({ peakMemoryBytes }) => peakMemoryBytes)) - nodeMemoryBytes,
  }));
}
