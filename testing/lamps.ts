import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Tensor } from '../lib/formats/tensor.js';
import { layoutOf } from '../lib/networks/ghostnet/layout.js';
import { savedTensors } from './saved.js';

/** Height and width of its input, and of the pictures of {@link lampPicture}. */
export const lampHeight = 240;
export const lampWidth = 320;

/** Pixels of its boxes. */
export const lampBoxSide = 48;

const numClasses = 2;
const bins = 8;
const stride = 8;
const neckChannels = 4;

/** Logits of what is black, and how much more white adds. */
const gain = 0.15;
const blackLogit = -5;
const never = -20;
const sure = 20;

/**
 * A NanoDet-Plus of a single level on the first stages of a GhostNet, whose weights find what is bright: every convolution
 * hands its window's middle on, averaged over channels. So there is a box of {@link lampBoxSide} pixels around every eighth
 * pixel that is bright enough, of its first class; there are none of the second one.
 *
 * @param folder is made, with a config.json
 */
export function saveLampDetector(folder: string, labels: readonly string[] = ['lamp', 'ghost']): void {
  save(folder, detectorWeights(), labels);
}

/**
 * An LRASPP on the same stages: a pixel as bright as a lamp is of its second class, the others are of its first one. It sees
 * a pixel in the middle of every eight by eight, and between these goes from one to the other.
 *
 * @param folder is made, with a config.json
 */
export function saveLampSegmenter(folder: string, labels: readonly string[] = ['dark', 'lamp']): void {
  save(folder, segmenterWeights(), labels);
}

function save(folder: string, tensors: ReadonlyMap<string, Tensor>, labels: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.safetensors'), savedTensors(tensors));
  const config = { label_names: labels, input_size: [3, lampHeight, lampWidth], crop_pct: 1, crop_mode: 'squash' };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
}

/** The convolutions that reduce to stride 4: one pixel further there are 3 of the picture's in all. */
const towardsMiddle = /^(?:conv_stem|blocks\.1\.0\.(?:conv_dw|shortcut\.0))\.weight$/;

/**
 * Stages 0 to 4, the last of stride 8.
 *
 * @param centered whether an element of it is what lies in the middle of its pixels, and not at their upper left corner
 */
function backboneWeights(centered: boolean): Map<string, Tensor> {
  const backbone = layoutOf({ version: 1, width: 0.1, numClasses: 1 })
    .tensors()
    .filter(({ name }) => /^(?:conv_stem|bn1|blocks\.[0-4])\./.test(name));
  return new Map(
    backbone.map(({ name, shape }) => [name, middle(name, shape, centered && towardsMiddle.test(name) ? 1 : 0)]),
  );
}

function channelsOf(backbone: ReadonlyMap<string, Tensor>): number {
  return backbone.get('blocks.3.0.shortcut.2.weight')!.shape[0]!;
}

function segmenterWeights(): Map<string, Tensor> {
  const found = backboneWeights(true);
  const channels = channelsOf(found);
  const add = (name: string, shape: readonly number[]): unknown => found.set(name, middle(name, shape));
  add('classifier.cbr.0.weight', [neckChannels, channels, 1, 1]);
  for (const name of ['weight', 'bias', 'running_mean', 'running_var']) add(`classifier.cbr.1.${name}`, [neckChannels]);
  add('classifier.scale.1.weight', [neckChannels, channels, 1, 1]);
  const zeros = (...shape: number[]): Tensor => ({
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  });
  found.set('classifier.high_classifier.weight', zeros(numClasses, neckChannels, 1, 1));
  found.set('classifier.high_classifier.bias', zeros(numClasses));
  const low = zeros(numClasses, channels, 1, 1);
  low.data.fill(gain / channels, channels);
  found.set('classifier.low_classifier.weight', low);
  found.set('classifier.low_classifier.bias', { shape: [numClasses], data: Float32Array.of(0, blackLogit) });
  return found;
}

function detectorWeights(): Map<string, Tensor> {
  const found = backboneWeights(false);
  const inChannels = channelsOf(found);
  const add = (name: string, shape: readonly number[]): unknown => found.set(name, middle(name, shape));
  add('fpn.reduce_layers.0.conv.weight', [neckChannels, inChannels, 1, 1]);
  for (const name of ['weight', 'bias', 'running_mean', 'running_var'])
    add(`fpn.reduce_layers.0.bn.${name}`, [neckChannels]);
  const outputs = numClasses + 4 * bins;
  const classes = new Float32Array(outputs * neckChannels).fill(0);
  classes.fill(gain / neckChannels, 0, neckChannels);
  found.set('head.gfl_cls.0.weight', { shape: [outputs, neckChannels, 1, 1], data: classes });
  const halfSide = lampBoxSide / 2 / stride;
  const biases = [blackLogit, never, ...Array.from({ length: 4 * bins }, (_, i) => (i % bins === halfSide ? sure : 0))];
  found.set('head.gfl_cls.0.bias', { shape: [outputs], data: Float32Array.from(biases) });
  return found;
}

/** @param beyond elements further right and down */
function middle(name: string, shape: readonly number[], beyond = 0): Tensor {
  const [, inChannels = 1, kernel = 1] = shape;
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  if (shape.length === 1) data.fill(/(?:running_var|weight)$/.test(name) ? 1 : 0);
  else {
    const taps = kernel * kernel;
    for (let i = (taps - 1) / 2 + beyond * (kernel + 1); i < data.length; i += taps) data[i] = 1 / inChannels;
  }
  return { shape, data };
}

/** A black picture with white squares of 16 pixels, a lamp each, around these points: a PNG file. */
export function lampPicture(...lamps: readonly (readonly [x: number, y: number])[]): Promise<Buffer> {
  const squares = lamps.map(([x, y]) => ({
    input: { create: { width: 16, height: 16, channels: 3 as const, background: 'white' } },
    left: x - 8,
    top: y - 8,
  }));
  const create = { width: lampWidth, height: lampHeight, channels: 3 as const, background: 'black' };
  return sharp({ create }).composite(squares).png().toBuffer();
}
