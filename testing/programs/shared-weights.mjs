// Workers that load one file at once, some of which are terminated meanwhile. Prints what all packed weights of the
// process take while the others live and when they are gone, in copies of the one that the main thread has.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { load } from '../../dist/index.js';
import { packedBytes } from '../../dist/native/native.js';

if (isMainThread) {
  const [file, count, rounds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
  const model = await load(file, { threads: 1 });
  const one = model.info.weightBytes;
  await model.dispose();
  const before = packedBytes();

  for (let round = 0; round < rounds; round++) await terminatedWhileLoading(file);
  const loaded = await Promise.all(Array.from({ length: count }, () => ready(file)));
  const together = packedBytes() / one;
  const answers = new Set(loaded.map(([, answer]) => answer.join()));
  // The first of them packed it; the others keep it.
  await Promise.all(loaded.slice(0, count / 2).map(([worker]) => worker.terminate()));
  const half = packedBytes() / one;
  await Promise.all(loaded.map(([worker]) => worker.terminate()));
  process.stdout.write(JSON.stringify({ before, together, half, after: packedBytes(), answers: answers.size }));
} else {
  parentPort.postMessage('loading');
  const model = await load(workerData, { threads: 1 });
  const { data } = await model.infer({ data: new Float32Array(3 * 64 * 64).fill(0.5), shape: [1, 3, 64, 64] });
  parentPort.postMessage([...data.subarray(0, 10)]);
  // The model and its worker live on.
  setInterval(() => model.info, 1000);
}

async function ready(file) {
  const worker = new Worker(new URL(import.meta.url), { workerData: file });
  await once(worker, 'message');
  const [answer] = await once(worker, 'message');
  return [worker, answer];
}

// Some are ended before they have the turn to pack, some in the middle of it.
async function terminatedWhileLoading(file) {
  const workers = Array.from({ length: 3 }, () => new Worker(new URL(import.meta.url), { workerData: file }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  await Promise.all(
    workers.map(async (worker) => {
      await wait(40 * Math.random());
      await worker.terminate();
    }),
  );
}
