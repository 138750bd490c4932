// A fresh process: from nothing to the first logits, then the peak of its memory. `none` is Node without an engine.
//   node fresh-start.js '{"engine": "onnxruntime-node", "files": {…}, "inputFile": "…", "shape": […], "threads": 2}'
import { importEngine } from './contenders/index.js';
import { readFloats } from './input.js';
import { peakMemoryBytes } from './peak-memory.js';

/** Buffers that an engine makes late, when it runs again or in turn on several threads, count too. */
const furtherRuns = 10;

const { engine, files, inputFile, shape, threads } = JSON.parse(process.argv[2] ?? '');
const input = readFloats(inputFile);
let startMs = 0;
if (engine !== 'none') {
  const start = performance.now();
  const { infer } = await (await importEngine(engine))(files, shape, threads);
  await infer(input);
  startMs = performance.now() - start;
  for (let i = 0; i < furtherRuns; i++) await infer(input);
}
process.stdout.write(JSON.stringify({ startMs, peakMemoryBytes: peakMemoryBytes() }), () => process.exit());
