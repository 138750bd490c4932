// Writes one network with synthetic weights in every format that load() reads, and as ONNX.
//   node --import tsx start-files.ts FOLDER ghostnetv2_100
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { safetensorsFile } from '../../lib/export/safetensors.js';
import { layoutOf } from '../../lib/networks/ghostnet/layout.js';
import { mindSporeName } from '../../testing/checkpoints/mindspore-names.js';
import {
  bytesOf,
  legacyTorchFile,
  mindSporeValue,
  pickle,
  tensor,
  torchFile,
} from '../../testing/checkpoints/writers.js';
import { syntheticTensor } from '../../testing/synthetic.js';
import { onnxModel } from './onnx.js';

const [folder, model] = process.argv.slice(2) as [string, string];
const [, version, hundredths] = /^ghostnet(?:v(2))?_(\d{3})$/.exec(model) ?? [];
if (hundredths === undefined) throw new Error(`expected a name as ghostnet_100 or ghostnetv2_130, found ${model}`);
const blueprint = layoutOf({ version: version ? 2 : 1, width: Number(hundredths) / 100, numClasses: 1000 });
const tensors = new Map(blueprint.tensors().map(({ name, shape }) => [name, syntheticTensor(name, shape)]));

/** A storage for each, as in a state dict that torch.save writes, batch norms' counters included. */
const stored = [...tensors].flatMap(([name, { shape, data }]) => {
  const own = { name, storage: 'FloatStorage', shape, elements: data.length, bytes: bytesOf(data) };
  if (!name.endsWith('.running_var')) return [own];
  const counter = name.replace(/running_var$/, 'num_batches_tracked');
  return [own, { name: counter, storage: 'LongStorage', shape: [], elements: 1, bytes: Buffer.alloc(8) }];
});
const stateDict = (legacy: boolean): Buffer =>
  pickle.dict(
    Object.fromEntries(
      stored.map(({ name, storage, shape, elements: length }, i) => {
        const piece = { key: String(i), storage, length, shape };
        return [name, tensor(legacy ? { ...piece, view: null } : piece)];
      }),
    ),
  );

await writeFile(join(folder, 'model.safetensors'), safetensorsFile(tensors, 'F32'));
writeFileSync(
  join(folder, 'model.pth'),
  torchFile(stateDict(false), Object.fromEntries(stored.map(({ bytes }, i) => [String(i), bytes]))),
);
writeFileSync(
  join(folder, 'legacy.pth'),
  legacyTorchFile(
    stateDict(true),
    stored.map(({ bytes, elements }, i) => ({ key: String(i), bytes, elements })),
  ),
);
const values = [...tensors].map(([name, { shape, data }]) =>
  mindSporeValue(mindSporeName(name), 'Float32', shape, bytesOf(data)),
);
writeFileSync(join(folder, 'model.ckpt'), Buffer.concat(values));
writeFileSync(
  join(folder, 'model.onnx'),
  await onnxModel(blueprint.graph(tensors, ['logits']), [1, 3, 224, 224], true),
);
