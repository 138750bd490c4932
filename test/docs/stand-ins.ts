import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { referenceCase } from '../../testing/cases.js';
import { pickle, tensor, torchFile } from '../../testing/checkpoints/writers.js';
import { smallModel } from '../../testing/hub-cache.js';
import { load } from '../../lib/index.js';
import { commitOf, type Files, type HubServer } from '../../testing/hub-server.js';
import { root } from '../package/installed.js';
import { saveLampDetector, saveLampSegmenter } from '../../testing/lamps.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';
import type { Tensor } from '../../lib/formats/tensor.js';
import { fields, fieldsMask, street, trafficBoxes, trafficFrame } from './scenes.js';

function pytorchFile(parameters: ReadonlyMap<string, Tensor>): Buffer {
  const all = [...parameters].map(([name, { shape, data }], i) => ({ name, key: String(i), shape, data }));
  const objects = all.map(({ name, key, shape, data }) => [
    name,
    tensor({ key, storage: 'FloatStorage', length: data.length, shape }),
  ]);
  const storages = all.map(({ key, data }) => [key, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
  return torchFile(
    pickle.dict(Object.fromEntries(objects) as Record<string, Buffer>),
    Object.fromEntries(storages) as Record<string, Uint8Array>,
  );
}

/** GhostNetV2 1.0x with weights that mean nothing: the shapes of what the documents speak of. */
const published: Files = {
  'config.json': Buffer.from('{ "num_classes": 1000 }'),
  'model.safetensors': savedTensors(syntheticStateDict(2, 1, 1000)),
};
const checkpoint = pytorchFile(syntheticStateDict(2, 0.1, 10));
const ghostnetV3 = pytorchFile(syntheticStateDict(3, 1, 1000));

/** The models that the documents name. */
export function fillHub(server: HubServer): void {
  for (const name of ['ghostnetv2_100', 'ghostnetv2_130']) server.add(`timm/${name}.in1k`, published);
  server.add('someone/their-model', smallModel(), {
    refs: { main: commitOf('someone/their-model'), 'v1.2': commitOf('someone/their-model') },
  });
}

/** The files that the documents name, in a folder where a reader would have them. */
export async function writeFiles(folder: string): Promise<void> {
  mkdirSync(join(folder, 'photos'), { recursive: true });
  mkdirSync(join(folder, 'out'));
  mkdirSync(join(folder, 'ghostnetv2_100'));
  const sample = sharp(join(root, 'examples/sample.png'));
  const upright = await sample.clone().jpeg().toBuffer();
  const mirrored = await sample.clone().flop().jpeg().toBuffer();
  for (const name of ['photo.jpg', 'cat.jpg', 'photos/stork.jpg', 'photos/crane.jpg'])
    writeFileSync(join(folder, name), upright);
  for (const name of ['dog.jpg', 'photos/heron.jpg', 'photos/egret.jpg']) writeFileSync(join(folder, name), mirrored);
  for (const [name, content] of Object.entries(published)) writeFileSync(join(folder, 'ghostnetv2_100', name), content);
  for (const name of ['checkpoint.pth', 'checkpoint.pth.tar']) writeFileSync(join(folder, name), checkpoint);
  writeFileSync(join(folder, 'ghostnetv3-1.0.pth.tar'), ghostnetV3);
  const layers = savedTensors(referenceCase('classifier-layers').tensors);
  writeFileSync(join(folder, 'classifier-layers.safetensors'), layers);
  mkdirSync(join(folder, 'val', 'orange'), { recursive: true });
  writeFileSync(join(folder, 'val', 'orange', 'a.jpg'), upright);
  await writeReference(folder);
  await writeStreet(folder);
  // What PyTorch would have written, of one class less: only the form counts here.
  writeFileSync(join(folder, 'input.bin'), syntheticImage('input', [1, 3, 224, 224]).data);
  writeFileSync(join(folder, 'logits.bin'), new Float32Array(10));
}

/** A detector and a segmenter, a picture for each, and a film of two cars that meet. */
async function writeStreet(folder: string): Promise<void> {
  saveLampDetector(join(folder, 'nanodet'), ['car', 'person']);
  saveLampSegmenter(join(folder, 'lraspp'), ['field', 'paved']);
  mkdirSync(join(folder, 'frames'));
  const write = async (name: string, picture: Promise<Buffer>): Promise<unknown> =>
    sharp(await picture)
      .jpeg({ quality: 100 })
      .toFile(join(folder, name));
  await write('street.jpg', street());
  await write('fields.jpg', fields());
  const frames = [0, 1, 2, 3];
  for (const frame of frames) await write(join('frames', `${frame}.jpg`), trafficFrame(3 + frame));
  const images = frames.map((frame) => ({ id: frame, file_name: `${frame}.jpg` }));
  const annotations = frames.flatMap((frame) =>
    trafficBoxes(3 + frame).map((bbox) => ({ image_id: frame, category_id: 1, bbox })),
  );
  const instances = { images, annotations, categories: [{ id: 1, name: 'car' }] };
  writeFileSync(join(folder, 'instances.json'), JSON.stringify(instances));
  for (const name of ['fields', 'masks']) mkdirSync(join(folder, name));
  await write(join('fields', 'one.jpg'), fields());
  writeFileSync(join(folder, 'masks', 'one.png'), await fieldsMask());
}

/** As PyTorch would have written it for checkpoint.pth. */
async function writeReference(folder: string): Promise<void> {
  const side = 64;
  await using model = await load(join(folder, 'checkpoint.pth'));
  const data = new Float32Array(3 * side * side);
  const logits = await model.infer({ data, shape: [1, 3, side, side] });
  const plane = Array.from({ length: side }, () => Array.from({ length: side }, () => 0));
  const reference = { input: [[plane, plane, plane]], logits: [[...logits.data]] };
  writeFileSync(join(folder, 'reference.json'), JSON.stringify(reference));
}

/** A camera's program that takes one picture: after more of them, its end would be that of a camera that broke off. */
export function writeCamera(bin: string, folder: string): void {
  writeFileSync(
    join(bin, 'rpicam-vid'),
    `#!/bin/sh\ncase "$*" in *"--codec mjpeg"*"-o -"*) exec cat '${join(folder, 'photo.jpg')}' ;; esac\nexit 1\n`,
  );
  chmodSync(join(bin, 'rpicam-vid'), 0o755);
}
