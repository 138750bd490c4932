// Answers one file of a folder of hostile files as its index.json says, and prints what it came to:
//   node testing/programs/hostile-file.mjs FOLDER NAME MODEL
// where MODEL is sound weights of 10 classes, beside which a config.json is laid. It ends with status 0 by itself.
import { execFile } from 'node:child_process';
import { mkdtemp, copyFile, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from '../../dist/index.js';

const [folder, name, weights] = process.argv.slice(2);
const { kind } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'))[name];
const file = resolve(folder, name);
const good = fileURLToPath(new URL('../../examples/sample.png', import.meta.url));
const outcome = { answers: 0, codes: [], slowestMs: 0, slowestCpuMs: 0, good: 0, stray: [] };
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => outcome.stray.push(`${event}: ${error}`));

/** What is written where nobody has asked for it shows here. */
const place = await mkdtemp(join(tmpdir(), 'ghostnet-hostile-'));
process.chdir(place);

async function answer(call) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  try {
    await call();
    outcome.codes.push('none');
  } catch (error) {
    outcome.codes.push(error.name === 'GhostNetError' ? error.code : String(error));
  }
  outcome.answers++;
  const { user, system } = process.cpuUsage(cpu);
  outcome.slowestMs = Math.max(outcome.slowestMs, performance.now() - start);
  outcome.slowestCpuMs = Math.max(outcome.slowestCpuMs, (user + system) / 1000);
}

async function goOn(model) {
  const [best] = await model.classify(good);
  if (best.label === 'orange') outcome.good++;
}

/** A model with the file as its config.json. */
async function configured() {
  const model = await mkdtemp(join(tmpdir(), 'ghostnet-hostile-model-'));
  await copyFile(file, join(model, 'config.json'));
  await symlink(resolve(weights), join(model, 'model.safetensors'));
  return model;
}

const kinds = {
  async load() {
    await answer(() => load(file));
  },
  async config() {
    const model = await configured();
    await answer(() => load(model));
    await rm(model, { recursive: true });
  },
  async picture() {
    const model = await load();
    await goOn(model); // sharp is loaded now
    outcome.good = 0;
    await answer(() => model.classify(file));
  },
  async again() {
    const model = await load();
    for (let i = 0; i < 40; i++) await answer(() => model.classify(file));
    await goOn(model);
  },
  async labels() {
    const model = await configured();
    const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    for (const output of [[], ['--csv'], ['--json']]) {
      await answer(
        () =>
          new Promise((settle, reject) => {
            execFile(
              process.execPath,
              [command, 'classify', good, '--model', model, ...output],
              (error, stdout, stderr) => {
                const controls = new Set(
                  ((stdout + stderr).match(/\p{Cc}/gu) ?? []).filter((character) => character !== '\n'),
                );
                if (!error && stdout.includes('class') && controls.size === 0) settle();
                else
                  reject(
                    error ??
                      new Error(
                        `control characters ${JSON.stringify([...controls])} in ${JSON.stringify(stdout.slice(0, 200))}`,
                      ),
                  );
              },
            );
          }),
      );
    }
    await rm(model, { recursive: true });
  },
};

await kinds[kind]();
if (kind !== 'again') await goOn(await load());
// Whatever was answered a second time comes to light by then.
await new Promise((settle) => setImmediate(settle));
outcome.written = await readdir(place);
process.chdir(tmpdir());
await rm(place, { recursive: true });
outcome.peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify(outcome));
