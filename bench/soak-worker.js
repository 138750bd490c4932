// A worker of soak.js: loads, answers once, and goes on until it is ended.
import { parentPort } from 'node:worker_threads';
import { load } from '../dist/index.js';

const model = await load(undefined, { threads: 2 });
const input = { data: Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i * 0.37)), shape: [1, 3, 64, 64] };
parentPort.postMessage((await model.infer(input)).data);
for (;;) await model.infer(input);
