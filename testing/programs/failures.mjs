// With failures.c preloaded: refuses memory or threads in every part of a model's life. Every call must answer or
// throw, and the next one must work. argv: "memory" | "threads", the folder of a segmenter.
import { load, preprocess } from '../../dist/index.js';

const picture = { data: new Uint8Array(3 * 50 * 40).map((_, i) => (i * 37) % 256), width: 50, height: 40, channels: 3 };
const tensor = { data: new Float32Array(2 * 3 * 64 * 48).map((_, i) => Math.sin(i)), shape: [2, 3, 64, 48] };
const counts = { failed: 0, answered: 0, refused: 0, wrong: [] };

/** Calls while the system refuses what `failure` says; whether it came to that, and what it gave. */
async function during(failure, call) {
  process.env.GHOSTNET_FAIL = failure;
  let outcome;
  try {
    outcome = { value: await call() };
    counts.answered++;
  } catch (error) {
    outcome = { error };
    counts.refused++;
    if (error.name !== 'GhostNetError' || error.code !== 'ERR_GHOST_NATIVE')
      counts.wrong.push(`${failure}: ${error.stack}`);
  }
  const struck = process.env.GHOSTNET_FAILED === '1';
  process.env.GHOSTNET_FAIL = '';
  if (struck) counts.failed++;
  else if (outcome.error) counts.wrong.push(`${failure} refused nothing, but: ${outcome.error.stack}`);
  return { struck, ...outcome };
}

const same = (a, b) => a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

/** All of the first, then ever fewer. */
const next = (n) => (n < 40 ? n + 1 : Math.ceil(n * 1.12));

async function sweep(kind, call, check) {
  for (let n = 0, struck = true; struck; n = next(n)) {
    const result = await during(`${kind} ${n}`, call);
    struck = result.struck;
    await check(result, `${kind} ${n}`);
  }
}

const good = await load(undefined, { threads: 2 });
const logits = (await good.infer(tensor)).data;
const classes = JSON.stringify(await good.classify(picture));
const segmenter = await load(process.argv[3], { threads: 1 });
const labels = (await segmenter.segment(picture)).labels;
const expect = (right, what) => right || counts.wrong.push(what);

if (process.argv[2] === 'threads') {
  for (let n = 0; n < 4; n++) {
    const { value } = await during(`thread ${n}`, () => load(undefined, { threads: 3 }));
    if (value) expect(same((await value.infer(tensor)).data, logits), `load with thread ${n} refused`);
    await value?.dispose();
    const after = await load(undefined, { threads: 3 });
    expect(same((await after.infer(tensor)).data, logits), `load after thread ${n}`);
    await during(`thread ${n}`, async () => after.plan([64, 48], 1));
    await after.dispose();
  }
} else {
  for (const kind of ['allocation', 'memory']) {
    await sweep(
      kind,
      () => load(undefined, { threads: 2 }),
      async ({ value }, name) => {
        if (!value) return;
        expect(same((await value.infer(tensor)).data, logits), `load, ${name}`);
        await during(name, () => value.dispose());
      },
    );
    await sweep(
      kind,
      () => good.infer(tensor),
      async ({ value }, name) => {
        if (value) expect(same(value.data, logits), `infer, ${name}`);
        expect(same((await good.infer(tensor)).data, logits), `infer after ${name}`);
      },
    );
    // Every size is planned anew.
    let width = 33;
    await sweep(
      kind,
      () => good.infer({ data: new Float32Array(3 * 40 * ++width), shape: [1, 3, 40, width] }),
      () => undefined,
    );
    await sweep(
      kind,
      () => good.classify(picture),
      async ({ value }, name) => {
        if (value) expect(JSON.stringify(value) === classes, `classify, ${name}`);
        expect(JSON.stringify(await good.classify(picture)) === classes, `classify after ${name}`);
      },
    );
    await sweep(
      kind,
      () => segmenter.segment(picture),
      async ({ value }, name) => {
        if (value) expect(same(value.labels, labels), `segment, ${name}`);
        expect(same((await segmenter.segment(picture)).labels, labels), `segment after ${name}`);
      },
    );
    await sweep(
      kind,
      () => segmenter.segment(picture, { output: 'probabilities' }),
      () => undefined,
    );
    await sweep(
      kind,
      () => preprocess(picture),
      () => undefined,
    );
    await sweep(
      kind,
      async () => good.plan([64, 48], 1),
      () => undefined,
    );
  }
}
await good.dispose();
await segmenter.dispose();
process.stdout.write(JSON.stringify(counts));
