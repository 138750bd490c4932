// Prints by how many MB the process grows while models come and go: disposed of, or only forgotten.
import { setTimeout as wait } from 'node:timers/promises';
import { load } from '../../dist/index.js';

const [file, times] = [process.argv[2], Number(process.argv[3])];
const shape = [1, 3, 64, 64];

async function use(dispose) {
  const model = await load(file);
  await model.infer({ data: new Float32Array(3 * 64 * 64), shape });
  if (dispose) await model.dispose();
}

async function growthMB(dispose) {
  for (let i = 0; i < 20; i++) await use(dispose);
  const before = await residentMB();
  for (let i = 0; i < times; i++) await use(dispose);
  return (await residentMB()) - before;
}

async function residentMB() {
  // Finalizers run in a later turn.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await wait(20);
  }
  return process.memoryUsage().rss / 1e6;
}

process.stdout.write(JSON.stringify({ disposedMB: await growthMB(true), forgottenMB: await growthMB(false) }));
