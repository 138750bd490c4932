// Run by an emulated Node: onnxruntime-inference.js FOLDER RUNS. One thread, as the onnxruntime contender of
// bench/node.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { InferenceSession, Tensor } = createRequire(new URL('../node/', import.meta.url))('onnxruntime-node');
const [folder, runs] = process.argv.slice(2);
const data = new Float32Array(Uint8Array.from(readFileSync(`${folder}/input.f32`)).buffer);
const session = await InferenceSession.create(`${folder}/model.onnx`, { intraOpNumThreads: 1, interOpNumThreads: 1 });
for (let i = 0; i < Number(runs); ++i) await session.run({ input: new Tensor('float32', data, [1, 3, 224, 224]) });
