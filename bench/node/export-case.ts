// Writes what one benchmark case needs, the same network in every engine's format, with synthetic weights.
//   node --import tsx export-case.ts FOLDER ghostnetv2_100 1x3x224x224 [simplified]
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { safetensorsFile } from '../../lib/export/safetensors.js';
import { bytesOf } from '../../testing/checkpoints/writers.js';
import { syntheticImage, syntheticTensor } from '../../testing/synthetic.js';
import { onnxModel, type InputShape } from './onnx.js';
import type { Blueprint } from '../../lib/graph/blueprint.js';
import { layoutOf as ghostNet } from '../../lib/networks/ghostnet/layout.js';
import { layoutOf as mobileNetV3 } from '../../lib/networks/mobilenetv3/layout.js';
import { layoutOf as repGhost } from '../../lib/networks/repghost/layout.js';

const ends = { numClasses: 1000 };

function blueprintOf(model: string): Blueprint {
  const [, family, hundredths] = /^(.+)_(\d{3})$/.exec(model) ?? [];
  const width = Number(hundredths) / 100;
  switch (family) {
    case 'ghostnet':
      return ghostNet({ version: 1, width, ...ends });
    case 'ghostnetv2':
      return ghostNet({ version: 2, width, ...ends });
    case 'mobilenetv3_large':
      return mobileNetV3({ size: 'large', width, ...ends });
    case 'mobilenetv3_small':
      return mobileNetV3({ size: 'small', width, ...ends });
    case 'repghostnet':
      return repGhost({ width, deployed: true, ...ends });
    default:
      throw new Error(`expected a name as ghostnet_100, ghostnetv2_130 or mobilenetv3_large_100, found ${model}`);
  }
}

const [folder, model, shape, simplified] = process.argv.slice(2) as [string, string, string, 'simplified' | undefined];
const inputShape = shape.split('x').map(Number) as unknown as InputShape;
const blueprint = blueprintOf(model);
const tensors = new Map(blueprint.tensors().map(({ name, shape }) => [name, syntheticTensor(name, shape)]));
await writeFile(join(folder, 'model.safetensors'), safetensorsFile(tensors, 'F32'));
writeFileSync(
  join(folder, 'model.onnx'),
  await onnxModel(blueprint.graph(tensors, ['logits']), inputShape, simplified !== undefined),
);
writeFileSync(join(folder, 'input.f32'), bytesOf(syntheticImage('image', inputShape).data));
