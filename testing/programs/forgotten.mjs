// Forgets models, idle and at work, and has their memory collected; needs --expose-gc.
import { setTimeout as wait } from 'node:timers/promises';
import { load } from '../../dist/index.js';

let finalized = 0;
const registry = new FinalizationRegistry(() => finalized++);

async function loadAndForget(i) {
  const model = await load(undefined, { threads: 1 + (i % 2) });
  registry.register(model, i);
  const answer = model.infer({ data: new Float32Array(3 * 256 * 256), shape: [1, 3, 256, 256] });
  if (i % 3 > 0) await answer;
}

const models = 12;
for (let i = 0; i < models; i++) await loadAndForget(i);
for (let turn = 0; turn < 200 && finalized < models; turn++) {
  globalThis.gc();
  await wait(10);
}
process.stdout.write(JSON.stringify({ finalized }));
