// Awaits nothing: what is under way must keep the process alive.
import { load, preprocess } from '../../dist/index.js';

const done = [];
const add = (what) => () => {
  done.push(what);
  if (done.length === 3) process.stdout.write(done.sort().join(' '));
};
const model = await load();
void model.infer({ data: new Float32Array(3 * 256 * 256), shape: [1, 3, 256, 256] }).then(add('inferred'));
void preprocess({ data: new Uint8Array(3 * 500 * 400), width: 500, height: 400, channels: 3 }).then(
  add('preprocessed'),
);
void load().then(add('loaded'));
