// Prints what a model of 8 threads says of them while the process's cores change, and whether its answers do.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '../../dist/index.js';

const allowed = (task) =>
  /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`/proc/self/task/${task}/status`, 'utf8'))[1];
const masks = () => [...new Set(readdirSync('/proc/self/task').map(allowed))];
const setCores = (list) => {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', list, String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};

const all = allowed(process.pid);
const model = await load(undefined, { threads: 8 });
const data = Float32Array.from({ length: 3 * 96 * 96 }, (_, i) => Math.sin(i));
const active = [];
let answer;
let differences = 0;
const infer = async () => {
  const logits = String((await model.infer({ data, shape: [1, 3, 96, 96] })).data);
  answer ??= logits;
  if (logits !== answer) differences++;
};
for (const cores of [all, all.match(/\d+/)[0], all]) {
  setCores(cores);
  // With pauses, after which threads are woken, and move away from each other.
  for (let i = 0; i < 5; i++) {
    await infer();
    await sleep(20);
  }
  active.push(model.info.activeThreads);
}
const { threads } = model.info;
const left = masks();
await model.dispose();
process.stdout.write(
  JSON.stringify({
    threads,
    active,
    disposed: model.info.activeThreads,
    differences,
    all,
    masks: left,
    listed: Object.keys(model.info),
  }),
);
