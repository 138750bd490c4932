import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { exportModel, load, mjpegFrames, preprocess, type GhostNet } from '../../lib/index.js';
import { input } from '../../testing/tensors.js';
import { folder, wrong, junk, refused } from './hostile.js';

describe('every argument of every function', () => {
  let model: GhostNet;
  const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
  const tensor = input('hostile', 1, 64, 64);
  beforeAll(async () => {
    model = await load();
  });
  afterAll(() => model.dispose());

  const shapes = (value: unknown) => () => model.infer(wrong({ data: tensor.data, shape: value }));
  const calls: Record<string, (value: unknown) => unknown> = {
    'load source': (value) => load(wrong(value)),
    'load options': (value) => load(undefined, wrong(value)),
    ...Object.fromEntries(
      ['threads', 'revision', 'onProgress', 'precision', 'gate', 'signal'].map((key) => [
        `load ${key}`,
        (value: unknown) => load(undefined, { [key]: value }),
      ]),
    ),
    ...Object.fromEntries(
      ['activation', 'pooling', 'upsampling'].map((key) => [
        `load gate ${key}`,
        (value: unknown) => load(undefined, { gate: { [key]: value } }),
      ]),
    ),
    'exportModel source': (value) => exportModel(wrong(value), join(folder, 'a.onnx')),
    'exportModel file': (value) => exportModel(folder, wrong(value)),
    'exportModel options': (value) => exportModel(folder, join(folder, 'a.onnx'), wrong(value)),
    ...Object.fromEntries(
      ['half', 'inputSize', 'overwrite', 'gate', 'signal'].map((key) => [
        `exportModel ${key}`,
        (value: unknown) => exportModel(folder, join(folder, 'a.onnx'), { [key]: value }),
      ]),
    ),
    'infer tensor': (value) => model.infer(wrong(value)),
    'infer data': (value) => model.infer(wrong({ data: value, shape: [1, 3, 64, 64] })),
    'infer shape': (value) => shapes(value)(),
    'infer side': (value) => shapes([1, 3, value, 64])(),
    'infer options': (value) => model.infer(tensor, wrong(value)),
    'infer signal': (value) => model.infer(tensor, { signal: wrong(value) }),
    'classify image': (value) => model.classify(wrong(value)),
    'classify image in an array': (value) => model.classify([wrong(value)]),
    'classify raw data': (value) => model.classify(wrong({ ...pixels, data: value })),
    'classify raw width': (value) => model.classify(wrong({ ...pixels, width: value })),
    'classify raw channels': (value) => model.classify(wrong({ ...pixels, channels: value })),
    'classify options': (value) => model.classify(pixels, wrong(value)),
    'classify topK': (value) => model.classify(pixels, { topK: wrong(value) }),
    'classify signal': (value) => model.classify(pixels, { signal: wrong(value) }),
    'classify decodeTimeoutMs': (value) => model.classify(pixels, { decodeTimeoutMs: wrong(value) }),
    'features input': (value) => model.features(wrong(value)),
    'features stages': (value) => model.features(tensor, { stages: wrong(value) }),
    'features options': (value) => model.features(tensor, wrong(value)),
    'embed input': (value) => model.embed(wrong(value)),
    'embed normalize': (value) => model.embed(tensor, { normalize: wrong(value) }),
    'attention input': (value) => model.attention(wrong(value)),
    'attention options': (value) => model.attention(tensor, wrong(value)),
    'plan inputSize': (value) => model.plan(wrong(value)),
    'plan side': (value) => model.plan(wrong([64, value])),
    'plan profileRuns': (value) => model.plan([64, 64], wrong(value)),
    'preprocess image': (value) => preprocess(wrong(value)),
    'preprocess config': (value) => preprocess(pixels, wrong(value)),
    ...Object.fromEntries(
      ['inputSize', 'interpolation', 'cropPct', 'cropMode', 'mean', 'std'].map((key) => [
        `preprocess ${key}`,
        (value: unknown) => preprocess(pixels, { [key]: value }),
      ]),
    ),
    'preprocess mean of': (value) => preprocess(pixels, { mean: wrong([0, value, 0]) }),
    'preprocess options': (value) => preprocess(pixels, {}, wrong(value)),
    'mjpegFrames stream': (value) => mjpegFrames(wrong(value)),
    'mjpegFrames options': (value) => mjpegFrames(wrong([]), wrong(value)),
    ...Object.fromEntries(
      ['maxFrameBytes', 'latest', 'onSkipped', 'signal'].map((key) => [
        `mjpegFrames ${key}`,
        (value: unknown) => mjpegFrames(wrong(process.stdin), { [key]: value }),
      ]),
    ),
  };

  // What is junk for nearly all of them.
  const sound: Record<string, readonly string[]> = {
    'an object without a class': Object.keys(calls).filter((name) => / (?:options|config|gate)$/.test(name)),
    'a class that claims to be a signal': Object.keys(calls).filter((name) => / (?:options|config|gate)$/.test(name)),
    'a class that claims to be a URL': Object.keys(calls).filter((name) => / (?:options|config|gate)$/.test(name)),
    'a class that claims to be an array of bytes': Object.keys(calls).filter((name) =>
      / (?:options|config|gate)$/.test(name),
    ),
    'a class that claims to be an array of floats': Object.keys(calls).filter((name) =>
      / (?:options|config|gate)$/.test(name),
    ),
    'a date': Object.keys(calls).filter((name) => / (?:options|config|gate)$/.test(name)),
    'an array of 2^32 - 1': Object.keys(calls).filter((name) => / (?:options|config|gate)$/.test(name)),
    'a function': ['load onProgress', 'mjpegFrames onSkipped'],
  };

  it.each(Object.keys(calls))('%s', async (name) => {
    for (const [what, value] of Object.entries(junk)) {
      if (sound[what]?.includes(name)) continue;
      await refused(() => calls[name]!(value)).catch((error: unknown) => {
        throw new Error(`${name}: ${what}`, { cause: (error as Error).cause ?? error });
      });
    }
  });
});
