// What worker threads take that each load the same model: the memory of the process with one and with more of them, all
// alive at once after an inference each, and how long each load takes. Needs a built library.
//     node bench/workers.js [MODEL] [--workers 8]
// By default a GhostNetV2 1.0x with weights that are not trained, which is made for the purpose.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const run = promisify(execFile);
const here = fileURLToPath(import.meta.url);

if (!isMainThread) await work();
else if (process.argv[2] === '--measure') await measure(process.argv[3], Number(process.argv[4]));
else await compare();

/** In a process of its own for each number of workers. */
async function compare() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { workers: { type: 'string', default: '8' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-workers-'));
  try {
    const model = positionals[0] ?? (await synthetic(folder));
    const count = Number(values.workers);
    const results = [];
    for (const workers of [1, count]) {
      for (const file of ['', model]) {
        const { stdout } = await run(process.execPath, ['--expose-gc', here, '--measure', file, String(workers)]);
        results.push(JSON.parse(stdout));
      }
    }
    print(results, count);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Numbers that no training has seen: loads and memory do not depend on them. */
async function synthetic(folder) {
  const { layoutOf } = await import('../dist/networks/ghostnet/layout.js');
  const { safetensorsFile } = await import('../dist/export/safetensors.js');
  const { tensors } = layoutOf({ version: 2, width: 1, numClasses: 1000 });
  const filled = tensors.map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const value = shape.length === 1 ? () => 1 : (_, i) => ((i * 37) % 101) / 1000 - 0.05;
    return [name, { shape, data: Float32Array.from({ length: count }, value) }];
  });
  const file = join(folder, 'model.safetensors');
  await writeFile(file, safetensorsFile(new Map(filled), 'F32'));
  return file;
}

function print([bareOne, one, bareMany, many], count) {
  const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const above = [one.residentBytes - bareOne.residentBytes, many.residentBytes - bareMany.residentBytes];
  console.log(`weights, packed                 ${mb(one.weightBytes)}; in memory: ${mb(many.packedBytes)}`);
  console.log(`process with 1 worker           ${mb(one.residentBytes)}, ${mb(above[0])} more than without a model`);
  console.log(`process with ${count} workers          ${mb(many.residentBytes)}, ${mb(above[1])} more`);
  console.log(
    `${count} workers / 1                   ${(many.residentBytes / one.residentBytes).toFixed(2)} of the process`,
  );
  console.log(`                                ${(above[1] / above[0]).toFixed(2)} of what models add`);
  console.log(`loads, one after the other      ${many.loadMs.map((ms) => ms.toFixed(1)).join(', ')} ms`);
}

/** Workers one after the other; without a file they only live. */
async function measure(file, count) {
  const workers = [];
  const answers = [];
  for (let i = 0; i < count; i++) {
    const worker = new Worker(here, { workerData: file });
    answers.push((await once(worker, 'message'))[0]);
    workers.push(worker);
  }
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await wait(100);
  }
  const residentBytes = 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  process.stdout.write(JSON.stringify({ residentBytes, loadMs: answers.map(({ ms }) => ms), ...answers.at(-1) }));
  process.exit();
}

async function work() {
  const { load } = await import('../dist/index.js');
  const { packedBytes } = await import('../dist/native/native.js');
  let answer = {};
  if (workerData !== '') {
    const start = performance.now();
    const model = await load(workerData, { threads: 1 });
    const ms = performance.now() - start;
    await model.infer({ data: new Float32Array(3 * 224 * 224), shape: [1, 3, 224, 224] });
    answer = { ms, weightBytes: model.info.weightBytes };
    setInterval(() => model.info, 60_000);
  } else {
    setInterval(() => undefined, 60_000);
  }
  globalThis.gc();
  parentPort.postMessage({ ...answer, packedBytes: packedBytes() });
}
