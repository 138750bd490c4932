// How long the JavaScript thread is kept from turning while other threads work for it: photographs of 12 megapixels are
// decoded and classified, networks computed, models loaded, 16 calls at a time.
//   node bench/node/event-loop.js [SECONDS [MODEL]]
import { cpus } from 'node:os';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import sharp from 'sharp';
import { load } from '../../dist/index.js';

const [seconds = '10', source] = process.argv.slice(2);
const atATime = 16;

/** 4000 x 3000: waves and noise, so that the JPEG is of a photograph's size. */
async function photograph() {
  const [width, height] = [4000, 3000];
  const data = new Uint8Array(3 * width * height);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = 128 + 80 * Math.sin(i / 1900) + (state >>> 27);
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88 })
    .toBuffer();
}

/** Lateness of a timer of 1 ms, while `atATime` calls are always under way. */
async function measure(call) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let longestGcMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestGcMs = Math.max(longestGcMs, duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  const end = performance.now() + 1000 * Number(seconds);
  let calls = 0;
  const lane = async (number) => {
    for (; performance.now() < end; calls++) await call(number);
  };
  await call(0);
  delay.enable();
  await Promise.all(Array.from({ length: atATime }, (_, number) => lane(number)));
  delay.disable();
  observer.disconnect();
  const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(1).padStart(7);
  return `p50 ${ms(delay.percentile(50))}  p99 ${ms(delay.percentile(99))}  max ${ms(delay.max)}  ${(calls / Number(seconds)).toFixed(0).padStart(5)} calls a second  longest garbage collection ${longestGcMs.toFixed(1)} ms`;
}

const jpeg = await photograph();
const model = await load(source);
const tensor = { data: new Float32Array(3 * 224 * 224), shape: [1, 3, 224, 224] };
const loads = async () => (await load(source)).dispose();
const cases = {
  nothing: () => new Promise((resolve) => setTimeout(resolve, 50)),
  infer: () => model.infer(tensor),
  load: loads,
  'classify 12 megapixels': () => model.classify(jpeg),
  'all of them': (lane) => (lane === 0 ? loads() : lane % 2 === 1 ? model.classify(jpeg) : model.infer(tensor)),
};
console.log(
  `${atATime} calls at a time, delay of the event loop in ms; ${model.config.architecture}, ${model.info.threads} threads, Node ${process.version}, ${cpus()[0]?.model}, JPEG of ${(jpeg.length / 2 ** 20).toFixed(1)} MiB`,
);
for (const [name, call] of Object.entries(cases)) console.log(`${name.padEnd(24)} ${await measure(call)}`);
await model.dispose();
