// Hours of mixed use in one process: loads, inferences, pictures, aborts, disposals and workers, at random and at once.
// Prints what must not happen: answers with other bits, handles and threads that stay, memory that grows, an event loop
// that stands still.
//     npm run soak -- [--minutes 10] [--at-once 6]
// Exit code 1 if something is wrong. Needs a built library.
import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { GhostNetError, load, preprocess } from '../dist/index.js';

const random = (/** @type {number} */ below) => Math.floor(Math.random() * below);
const sample = fileURLToPath(new URL('../examples/sample.png', import.meta.url));

/** A tensor that depends on its size alone. */
function tensor(height, width, images = 1) {
  return {
    data: Float32Array.from({ length: images * 3 * height * width }, (_, i) => Math.sin(i * 0.37)),
    shape: [images, 3, height, width],
  };
}

const picture = {
  data: Uint8Array.from({ length: 3 * 500 * 400 }, (_, i) => (i * 31 + (i >> 7)) & 255),
  width: 500,
  height: 400,
  channels: 3,
};

class Soak {
  operations = 0;
  wrong = [];
  #first = new Map();
  #model;

  async start() {
    this.#model = await load(undefined, { threads: 2 });
  }

  /** Compares an answer with the first one to the same question. */
  #expectTheSame(question, answer) {
    const first = this.#first.get(question);
    if (first === undefined) this.#first.set(question, structuredClone(answer));
    else if (!isDeepStrictEqual(first, answer)) this.wrong.push(`${question}: another answer than the first`);
  }

  kinds = {
    infer: async () => {
      const [height, width, images] = [32 * (2 + random(6)), 32 * (2 + random(6)), 1 + random(3)];
      this.#expectTheSame(
        `infer ${images}x${height}x${width}`,
        (await this.#model.infer(tensor(height, width, images))).data,
      );
    },
    classify: async () => this.#expectTheSame('classify pixels', await this.#model.classify(picture)),
    classifyFile: async () => this.#expectTheSame('classify file', await this.#model.classify(sample)),
    preprocess: async () => this.#expectTheSame('preprocess', (await preprocess(picture)).data),
    embed: async () => this.#expectTheSame('embed', await this.#model.embed(picture)),
    // Its own model: with another number of threads the bits are the same.
    load: async () => {
      const model = await load(undefined, { threads: 1 + random(3) });
      this.#expectTheSame('infer 1x64x64', (await model.infer(tensor(64, 64))).data);
      if (random(4) > 0) await model.dispose();
    },
    disposeWhileBusy: async () => {
      const model = await load();
      const running = [model.infer(tensor(96, 96)), model.classify(picture)];
      await Promise.all([model.dispose(), ...running]);
    },
    abort: async () => {
      const stop = new AbortController();
      const reason = new Error('stopped');
      const running = [
        this.#model.infer(tensor(224, 224, 2), { signal: stop.signal }),
        this.#model.classify(picture, { signal: stop.signal }),
        load(undefined, { signal: stop.signal }),
      ];
      setTimeout(() => stop.abort(reason), random(20));
      for (const { status, value, reason: found } of await Promise.allSettled(running)) {
        if (status === 'rejected' && found !== reason) this.wrong.push(`abort: ${found}`);
        if (typeof value?.dispose === 'function') await value.dispose();
      }
    },
    badInput: async () => {
      const refused = await this.#model
        .infer({ data: new Float32Array(5), shape: [1, 3, 2, 2] })
        .catch((error) => error);
      if (!(refused instanceof GhostNetError)) this.wrong.push(`bad input: ${refused}`);
    },
    worker: async () => {
      const worker = new Worker(new URL('soak-worker.js', import.meta.url));
      const [answer] = await once(worker, 'message');
      this.#expectTheSame('infer 1x64x64', answer);
      if (random(2)) await wait(random(30));
      await worker.terminate();
    },
  };

  async #work(untilMs) {
    // Loads and workers cost as much as a hundred inferences.
    const { infer, classify, classifyFile, preprocess: prepare, badInput, ...rare } = this.kinds;
    const frequent = [infer, infer, classify, classifyFile, prepare, badInput];
    const seldom = Object.values(rare);
    while (performance.now() < untilMs) {
      const kinds = random(20) ? frequent : seldom;
      await kinds[random(kinds.length)]();
      this.operations++;
    }
  }

  /** @returns {Promise<void>} after `ms`, with nothing under way */
  async run(ms, atOnce) {
    const untilMs = performance.now() + ms;
    await Promise.all(Array.from({ length: atOnce }, () => this.#work(untilMs)));
  }
}

/** With all that has ended collected. */
async function state() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await wait(50);
  }
  const resources = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout');
  return { residentMB: process.memoryUsage().rss / 1e6, handles: resources.length, threads: threadCount() };
}

function threadCount() {
  try {
    return readdirSync('/proc/self/task').length;
  } catch {
    return NaN; // only Linux tells
  }
}

/** Of the straight line with the least squares through some points. */
function slopeOf(points) {
  const mean = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return (
    points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) /
    points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  );
}

/** What may not be more at the end than at the beginning; memory by its slope, for it comes and goes. */
function verdict(soak, states, delay) {
  const [first, last] = [states[0], states.at(-1)];
  const slopeMB = slopeOf(states.map(({ operations, residentMB }) => [operations / 1000, residentMB]));
  const grownMB = (slopeMB * (last.operations - first.operations)) / 1000;
  const ms = (/** @type {number} */ nanoseconds) => (nanoseconds / 1e6).toFixed(1);
  console.log(`operations        ${soak.operations}`);
  console.log(`wrong answers     ${soak.wrong.length}`);
  console.log(`handles           ${first.handles} to ${last.handles}`);
  console.log(`threads           ${first.threads} to ${last.threads}`);
  console.log(
    `memory            ${first.residentMB.toFixed(0)} to ${last.residentMB.toFixed(0)} MB, ${slopeMB.toFixed(3)} MB per 1000 operations`,
  );
  console.log(
    `event-loop delay  p50 ${ms(delay.percentile(50))}, p99 ${ms(delay.percentile(99))}, max ${ms(delay.max)} ms`,
  );
  for (const text of soak.wrong.slice(0, 20)) console.log(`WRONG ${text}`);
  const faults = [
    soak.wrong.length > 0 && 'answers differ',
    last.handles > first.handles && 'handles stay',
    last.threads > first.threads && 'threads stay',
    // Allocators keep some of what they had, more after longer use: a leak of 1 KB an operation is more than that.
    slopeMB > 1 && grownMB > 50 && 'memory grows',
  ].filter(Boolean);
  console.log(faults.length > 0 ? `FAILED: ${faults.join(', ')}` : 'passed');
  return faults.length === 0;
}

async function main(minutes, atOnce) {
  const soak = new Soak();
  await soak.start();
  const ms = minutes * 60_000;
  // Pools, caches and the compiler have then what they need.
  await soak.run(ms / 5, atOnce);
  const states = [{ ...(await state()), operations: soak.operations }];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  for (let part = 0; part < 20; part++) {
    delay.enable();
    await soak.run((ms * 4) / 5 / 20, atOnce);
    delay.disable();
    states.push({ ...(await state()), operations: soak.operations });
  }
  if (!verdict(soak, states, delay)) process.exitCode = 1;
}

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, 'at-once': { type: 'string', default: '6' } },
});
await main(Number(values.minutes), Number(values['at-once']));
