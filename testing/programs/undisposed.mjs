// Uses a model in every way and does not dispose of it.
import { load } from '../../dist/index.js';

const model = await load();
await model.infer({ data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] });
await model.classify({ data: new Uint8Array(3 * 50 * 40), width: 50, height: 40, channels: 3 });
model.plan([64, 64], 1);
await load(new URL('./nowhere', import.meta.url)).catch(() => undefined);
globalThis.model = model;
