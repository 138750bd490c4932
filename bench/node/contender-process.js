// One engine in a process of its own, driven by messages: each task is answered by one message. Between tasks the
// process does nothing, so that it can stay alive, warm, while others are measured.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { importEngine } from './contenders/index.js';
import { readFloats } from './input.js';

/** Thread pools spin for a while after the last inference (onnxruntime's for about 30 ms). */
const settleMs = 100;

/**
 * Slow cases have fewer inferences in a burst: no new one begins after so much time at work, but for the fewest
 * samples.
 */
const longestWarmUpMs = 1000;
const longestBurstMs = 2000;
const fewestSamples = 3;

const loopTimerMs = 1;

/** @type {import('./contenders/index.js').Engine} */
let engine;
/** @type {Float32Array} */
let input;

let idleSince = { cpu: process.cpuUsage(), at: performance.now() };

const tasks = {
  /** @param {{ engine: string } & import('./processes.js').LoadTask} task */
  async load({ engine: name, files, inputFile, shape, threads }) {
    input = readFloats(inputFile);
    engine = await (await importEngine(name))(files, shape, threads);
    return engine.detail;
  },

  async outputs() {
    return (await engine.infer(input)).map((values) => Float32Array.from(values));
  },

  /**
   * Inferences one after the other, or one every `everyMs`.
   * @param {{ warmUp: number, samples: number, everyMs: number }} task
   */
  async latency({ warmUp, samples, everyMs }) {
    await repeat({ atMost: warmUp, atLeast: 1, workMs: longestWarmUpMs, everyMs });
    return repeat({ atMost: samples, atLeast: fewestSamples, workMs: longestBurstMs, everyMs });
  },

  /**
   * Inferences per second, `concurrency` of them at any time.
   * @param {{ concurrency: number, durationMs: number }} task
   */
  async throughput({ concurrency, durationMs }) {
    let count = 0;
    const start = performance.now();
    const lane = async () => {
      while (performance.now() - start < durationMs) {
        await engine.infer(input);
        count++;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    return (1000 * count) / (performance.now() - start);
  },

  /**
   * @param {{ durationMs: number }} task
   */
  async loopDelay({ durationMs }) {
    const histogram = monitorEventLoopDelay({ resolution: loopTimerMs });
    const end = performance.now() + durationMs;
    histogram.enable();
    while (performance.now() < end) {
      await engine.infer(input);
      // A request ends with a turn of the event loop; an engine that never waits would not let the timer fire at all.
      await turn();
    }
    histogram.disable();
    // The histogram holds the whole time from one firing to the next.
    return Math.max(0, histogram.percentile(99) / 1e6 - loopTimerMs);
  },
};

/**
 * @param {{ atMost: number, atLeast: number, workMs: number, everyMs: number }} limits
 * @returns {Promise<number[]>} the inferences' latencies in ms
 */
async function repeat({ atMost, atLeast, workMs, everyMs }) {
  const latenciesMs = [];
  let workedMs = 0;
  while (latenciesMs.length < atMost && (workedMs < workMs || latenciesMs.length < atLeast)) {
    const start = performance.now();
    await engine.infer(input);
    const latencyMs = performance.now() - start;
    workedMs += latencyMs;
    latenciesMs.push(latencyMs);
    if (latencyMs < everyMs) await sleep(everyMs - latencyMs);
  }
  return latenciesMs;
}

/** Since the last task was done and had settled: what an idle engine takes from the others. */
function idleTime() {
  const { user, system } = process.cpuUsage(idleSince.cpu);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - idleSince.at };
}

process.on(
  'message',
  async (/** @type {{ task: keyof typeof tasks, [option: string]: any }} */ { task, ...options }) => {
    const idle = idleTime();
    try {
      const result = await tasks[task](/** @type {any} */ (options));
      await sleep(settleMs);
      idleSince = { cpu: process.cpuUsage(), at: performance.now() };
      process.send?.({ result, idle });
    } catch (error) {
      process.send?.({ error: error instanceof Error ? error.message : String(error) });
    }
  },
);

process.on('disconnect', () => process.exit());
