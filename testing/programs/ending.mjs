// Ends in the middle of work, without waiting for it: HOW it ends, WHAT is under way, and after how many milliseconds.
//     node ending.mjs exit infer 2.5
import { load, preprocess } from '../../dist/index.js';

const [how, what, afterMs = '2'] = process.argv.slice(2);
const size = 1024;
const model = await load(undefined, { threads: 2 });
const image = { data: new Uint8Array(3 * size * size), width: size, height: size, channels: 3 };
const works = {
  load: () => load(),
  infer: () => model.infer({ data: new Float32Array(3 * size * size), shape: [1, 3, size, size] }),
  preprocess: () => preprocess(image),
  classify: () => model.classify([image, image]),
  decode: () => model.classify(new URL('../../examples/sample.png', import.meta.url)),
  dispose: () =>
    Promise.all([model.infer({ data: new Float32Array(3 * size * size), shape: [1, 3, size, size] }), model.dispose()]),
};
const ends = {
  exit: () => process.exit(7),
  throw: () => {
    throw new Error('in the middle');
  },
  reject: () => void Promise.reject(new Error('in the middle')),
  // Whoever started this ends it.
  signal: () => process.stdout.write('computing\n'),
};

// A model can be disposed of once.
const repeat = async () => {
  do await works[what]();
  while (what !== 'dispose');
};
for (let i = 0; i < (what === 'dispose' ? 1 : 4); i++) void repeat();
// A timer's milliseconds are whole ones.
const untilMs = performance.now() + Number(afterMs);
const wait = () => (performance.now() < untilMs ? setImmediate(wait) : ends[how]());
wait();
