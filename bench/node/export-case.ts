// Writes what one benchmark case needs, the same network in every engine's format, with synthetic weights, and prints the
// names of the outputs that are compared.
//   node --import tsx export-case.ts FOLDER ghostnetv2_100 1x3x224x224 [simplified]
//   node --import tsx export-case.ts FOLDER ghostnetv2_100_lraspp 1x3x360x480 [simplified]
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { safetensorsFile } from '../../lib/export/safetensors.js';
import { bytesOf } from '../../testing/checkpoints/writers.js';
import { syntheticImage, syntheticTensor } from '../../testing/synthetic.js';
import { lowerScores } from './detector-biases.js';
import { headNetwork, type MeasuredNetwork } from './head-networks.js';
import { onnxModel, type InputShape } from './onnx.js';
import type { Blueprint } from '../../lib/graph/blueprint.js';
import type { NodeId } from '../../lib/graph/graph.js';
import * as ghostNet from '../../lib/networks/ghostnet/layout.js';
import * as mobileNetV3 from '../../lib/networks/mobilenetv3/layout.js';
import * as repGhost from '../../lib/networks/repghost/layout.js';

interface Layouts<Variant> {
  readonly layoutOf: (variant: Variant) => Blueprint;
  readonly addBackbone: (net: Blueprint, variant: Variant, stages?: number) => NodeId;
}

/** The classifier of a variant, or a head on its backbone. */
function on<Variant>(layouts: Layouts<Variant>, variant: Variant, suffix: string): MeasuredNetwork {
  if (suffix !== '') return headNetwork(suffix, (net, stages) => layouts.addBackbone(net, variant, stages));
  return { blueprint: layouts.layoutOf(variant), outputs: ['logits'], said: {} };
}

const ends = { numClasses: 1000 };

function networkOf(model: string): MeasuredNetwork {
  const [, family, hundredths, suffix = ''] = /^(.+)_(\d{3})(_[a-z]\w*)?$/.exec(model) ?? [];
  const width = Number(hundredths) / 100;
  switch (family) {
    case 'ghostnet':
      return on(ghostNet, { version: 1, width, ...ends }, suffix);
    case 'ghostnetv2':
      return on(ghostNet, { version: 2, width, ...ends }, suffix);
    case 'mobilenetv3_large':
      return on(mobileNetV3, { size: 'large', width, ...ends }, suffix);
    case 'mobilenetv3_small':
      return on(mobileNetV3, { size: 'small', width, ...ends }, suffix);
    case 'repghostnet':
      return on(repGhost, { width, deployed: true, ...ends }, suffix);
    default:
      throw new Error(
        `expected a name as ghostnet_100, mobilenetv3_large_100 or ghostnetv2_100_lraspp, found ${model}`,
      );
  }
}

const [folder, model, shape, simplified] = process.argv.slice(2) as [string, string, string, 'simplified' | undefined];
const inputShape = shape.split('x').map(Number) as unknown as InputShape;
const { blueprint, outputs, said, detector } = networkOf(model);
const tensors = new Map(blueprint.tensors().map(({ name, shape }) => [name, syntheticTensor(name, shape)]));
const image = syntheticImage('image', inputShape);
if (detector) await lowerScores(detector, blueprint.graph(tensors, outputs), tensors, image);
writeFileSync(join(folder, 'config.json'), JSON.stringify({ atrous_rates: said.atrousRates }));
await writeFile(join(folder, 'model.safetensors'), safetensorsFile(tensors, 'F32'));
writeFileSync(
  join(folder, 'model.onnx'),
  await onnxModel(blueprint.graph(tensors, outputs), inputShape, simplified !== undefined),
);
writeFileSync(join(folder, 'input.f32'), bytesOf(image.data));
process.stdout.write(JSON.stringify(outputs));
