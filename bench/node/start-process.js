// A fresh process: from its start to the first logits, with one library and one file. Without a library: Node alone.
//   node start-process.js '{"library": "file:///…/dist/index.js", "file": "model.pth", "threads": 2}'
//   node start-process.js '{"contender": "onnxruntime-node", "file": "model.onnx", "threads": 2}'
import { importEngine } from './contenders/index.js';
import { peakMemoryBytes } from './peak-memory.js';

/** @type {{ library?: string, contender?: string, file: string, threads: number }} */
const { library, contender, file, threads } = JSON.parse(process.argv[2] ?? '');
const shape = /** @type {[number, number, number, number]} */ ([1, 3, 224, 224]);
const data = new Float32Array(3 * 224 * 224).fill(0.5);

let [importedMs, loadedMs] = [0, 0];
if (library !== undefined) {
  /** @type {typeof import('../../dist/index.js')} */
  const { load } = await import(library);
  importedMs = performance.now();
  const model = await load(file, { threads });
  loadedMs = performance.now();
  await model.infer({ data, shape });
} else if (contender !== undefined) {
  const loadEngine = await importEngine(contender);
  importedMs = performance.now();
  const { infer } = await loadEngine({ folder: '', onnx: file, outputs: ['logits'] }, shape, threads);
  loadedMs = performance.now();
  await infer(data);
}
const startMs = performance.now();
const { userCPUTime, systemCPUTime } = process.resourceUsage();
const figures = {
  startMs,
  importMs: importedMs,
  loadMs: loadedMs - importedMs,
  cpuMs: (userCPUTime + systemCPUTime) / 1000,
  peakBytes: peakMemoryBytes(),
};
process.stdout.write(JSON.stringify(figures), () => process.exit());
