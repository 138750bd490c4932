// Writes what one benchmark case needs, the same network in every engine's format, with synthetic weights.
//   node --import tsx export-case.ts FOLDER ghostnetv2_100 1x3x224x224 [simplified]
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { safetensorsFile } from '../../lib/export/safetensors.js';
import { bytesOf } from '../../testing/checkpoints/writers.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';
import { onnxModel, type InputShape } from './onnx.js';
import type { Variant } from '../../lib/networks/ghostnet/table.js';
import { buildGhostNet } from '../../testing/ghostnet.js';

const numClasses = 1000;

function variantOf(model: string): Variant {
  const [, v2, hundredths] = /^ghostnet(v2)?_(\d{3})$/.exec(model) ?? [];
  if (hundredths === undefined) throw new Error(`expected a name as ghostnet_100 or ghostnetv2_130, found ${model}`);
  return { version: v2 ? 2 : 1, width: Number(hundredths) / 100, numClasses };
}

const [folder, model, shape, simplified] = process.argv.slice(2) as [string, string, string, 'simplified' | undefined];
const inputShape = shape.split('x').map(Number) as unknown as InputShape;
const variant = variantOf(model);
const tensors = syntheticStateDict(variant.version, variant.width, variant.numClasses);
await writeFile(join(folder, 'model.safetensors'), safetensorsFile(tensors, 'F32'));
writeFileSync(
  join(folder, 'model.onnx'),
  await onnxModel(buildGhostNet(tensors, variant), inputShape, simplified !== undefined),
);
writeFileSync(join(folder, 'input.f32'), bytesOf(syntheticImage('image', inputShape).data));
