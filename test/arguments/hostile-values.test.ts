import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import {
  colorize,
  drawDetections,
  exportModel,
  LineCounter,
  load,
  mjpegFrames,
  preprocess,
  Tracker,
  Zone,
  type GhostNet,
} from '../../lib/index.js';
import { preprocessSettings } from '../../lib/preprocess-config.js';
import { input } from '../../testing/tensors.js';
import { folder, wrong, junk, refused } from './hostile.js';

const square = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
const [triangle, line] = [
  [
    [0, 0],
    [9, 0],
    [0, 9],
  ] as const,
  { from: [0, 0], to: [9, 9] } as const,
];
const segmentation = { width: 2, height: 2, labels: new Uint8Array(4), classes: [] };
const found = { index: 0, label: 'cat', score: 1, box: { xmin: 0, ymin: 0, xmax: 1, ymax: 1 }, id: 1 };

/** What is done with results. */
const resultCalls: Record<string, (value: unknown) => unknown> = {
  'drawDetections image': (value) => drawDetections(wrong(value), []),
  'drawDetections options': (value) => drawDetections(square, [], wrong(value)),
  ...Object.fromEntries(
    ['lineWidth', 'labels', 'scores', 'lines', 'zones'].map((key) => [
      `drawDetections ${key}`,
      (value: unknown) => drawDetections(square, [], { [key]: value }),
    ]),
  ),
  'drawDetections line': (value) => drawDetections(square, [], { lines: [wrong(value)] }),
  'drawDetections zone': (value) => drawDetections(square, [], { zones: [wrong(value)] }),
  'colorize segmentation': (value) => colorize(wrong(value)),
  'colorize labels': (value) => colorize(wrong({ ...segmentation, labels: value })),
  'colorize class': (value) => colorize(wrong({ ...segmentation, classes: [value] })),
  'colorize options': (value) => colorize(wrong(segmentation), wrong(value)),
  'colorize image': (value) => colorize(wrong(segmentation), { image: wrong(value) }),
  'colorize opacity': (value) => colorize(wrong(segmentation), { opacity: wrong(value) }),
  'Tracker options': (value) => new Tracker(wrong(value)),
  'Tracker lostMs': (value) => new Tracker({ lostMs: wrong(value) }),
  'Tracker update': (value) => new Tracker().update(wrong(value)),
  'Tracker detection': (value) => new Tracker().update([wrong(value)]),
  'Tracker box': (value) => new Tracker().update([{ ...found, box: wrong(value) }]),
  'Tracker time': (value) => new Tracker().update([], wrong(value)),
  'LineCounter line': (value) => new LineCounter(wrong(value)),
  'LineCounter point': (value) => new LineCounter({ from: [0, 0], to: wrong(value) }),
  'LineCounter options': (value) => new LineCounter(line, wrong(value)),
  'LineCounter update': (value) => new LineCounter(line).update([{ ...found, id: wrong(value) }]),
  'Zone polygon': (value) => new Zone(wrong(value)),
  'Zone options': (value) => new Zone(triangle, wrong(value)),
  'Zone update': (value) => new Zone(triangle).update([found], wrong(value)),
};

describe('every argument of every function', () => {
  let model: GhostNet;
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
    'classify raw data': (value) => model.classify(wrong({ ...square, data: value })),
    'classify raw width': (value) => model.classify(wrong({ ...square, width: value })),
    'classify raw channels': (value) => model.classify(wrong({ ...square, channels: value })),
    'classify options': (value) => model.classify(square, wrong(value)),
    'classify topK': (value) => model.classify(square, { topK: wrong(value) }),
    'classify signal': (value) => model.classify(square, { signal: wrong(value) }),
    'classify decodeTimeoutMs': (value) => model.classify(square, { decodeTimeoutMs: wrong(value) }),
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
    'preprocess config': (value) => preprocess(square, wrong(value)),
    ...Object.fromEntries(
      preprocessSettings.map((key) => [`preprocess ${key}`, (value: unknown) => preprocess(square, { [key]: value })]),
    ),
    'preprocess mean of': (value) => preprocess(square, { mean: wrong([0, value, 0]) }),
    'preprocess options': (value) => preprocess(square, {}, wrong(value)),
    'mjpegFrames stream': (value) => mjpegFrames(wrong(value)),
    'mjpegFrames options': (value) => mjpegFrames(wrong([]), wrong(value)),
    ...Object.fromEntries(
      ['maxFrameBytes', 'latest', 'onSkipped', 'signal'].map((key) => [
        `mjpegFrames ${key}`,
        (value: unknown) => mjpegFrames(wrong(process.stdin), { [key]: value }),
      ]),
    ),
    ...resultCalls,
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
