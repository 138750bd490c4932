// Ends workers while they load, while they infer and while they preprocess, some rounds of some at once; then infers
// here.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { load, preprocess } from '../../dist/index.js';

if (isMainThread) {
  const [rounds, atOnce = 1] = process.argv.slice(2).map(Number);
  let terminated = 0;
  for (let round = 0; round < rounds; round++) {
    await Promise.all(Array.from({ length: atOnce }, (_, i) => startAndTerminate(round + i)));
    terminated += atOnce;
  }
  const model = await load();
  const { data } = await model.infer({ data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] });
  process.stdout.write(JSON.stringify({ terminated, finite: data.every(Number.isFinite) }));
} else {
  parentPort.postMessage('loading');
  const model = await load(undefined, { threads: 2 });
  const size = 512;
  const image = { data: new Uint8Array(3 * size * size), width: size, height: size, channels: 3 };
  const tensor = { data: new Float32Array(3 * size * size), shape: [1, 3, size, size] };
  for (;;) {
    const running = [model.infer(tensor), preprocess(image), model.infer(tensor)];
    parentPort.postMessage('computing');
    await Promise.all(running);
  }
}

async function startAndTerminate(moment) {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, 'message'); // it loads
  if (moment % 4 > 0) await once(worker, 'message'); // it computes
  await wait(10 * Math.random());
  await worker.terminate();
}
