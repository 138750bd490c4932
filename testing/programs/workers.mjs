// Starts workers that load and infer at the same time; prints their logits.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { load } from '../../dist/index.js';

if (isMainThread) {
  const count = Number(process.argv[2]);
  const results = await Promise.all(
    Array.from({ length: count }, () => answerOf(new Worker(new URL(import.meta.url)))),
  );
  process.stdout.write(JSON.stringify(results));
} else {
  const model = await load(undefined, { threads: 2 });
  const { data } = await model.infer({ data: new Float32Array(3 * 64 * 64).fill(0.5), shape: [1, 3, 64, 64] });
  parentPort.postMessage([...data]);
}

function answerOf(worker) {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
