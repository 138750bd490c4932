// Forks children that load and infer, and end in different ways; prints how each of them ended, and the logits.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { load } from '../../dist/index.js';

const shape = [1, 3, 64, 64];
const logitsOf = async (model) => [
  ...(await model.infer({ data: new Float32Array(3 * 64 * 64).fill(0.5), shape })).data,
];

async function endOf(how) {
  const child = fork(fileURLToPath(import.meta.url), [how]);
  const ended = once(child, 'exit');
  const [logits] = await once(child, 'message');
  if (how === 'killed') child.kill();
  const [code, signal] = await ended;
  return { how, code, signal, logits };
}

if (process.send) {
  const [, , how] = process.argv;
  const model = await load();
  process.send(await logitsOf(model));
  if (how === 'disposed') await model.dispose();
  if (how === 'exits') process.exit(3);
  // Until it is killed.
  while (how === 'killed') await logitsOf(model);
} else {
  // The parent has a model too, which it does not dispose of.
  const logits = await logitsOf(await load());
  const ended = await Promise.all(['disposed', 'undisposed', 'exits', 'killed'].map(endOf));
  const isSame = ended.every((child) => child.logits.join() === logits.join());
  process.stdout.write(
    JSON.stringify({ ended: ended.map(({ how, code, signal }) => `${how}: ${signal ?? code}`), isSame, logits }),
  );
}
