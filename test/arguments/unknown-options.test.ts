import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nearestName } from '../../lib/messages/nearest-name.js';
import { exportModel, load, mjpegFrames, preprocess, type GhostNet } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';

const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
const tensor = { data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] } as const;

describe('an option that does not exist', () => {
  let model: GhostNet;
  beforeAll(async () => {
    model = await load();
  });
  afterAll(() => model.dispose());

  const calls: Record<string, (options: never) => unknown> = {
    load: (options) => load(undefined, options),
    gate: (gate) => load(undefined, { gate }),
    exportModel: (options) => exportModel('a.pth', 'a.onnx', options),
    infer: (options) => model.infer(tensor, options),
    classify: (options) => model.classify(pixels, options),
    features: (options) => model.features(pixels, options),
    embed: (options) => model.embed(pixels, options),
    attention: (options) => model.attention(pixels, options),
    'preprocess config': (config) => preprocess(pixels, config),
    preprocess: (options) => preprocess(pixels, {}, options),
    mjpegFrames: (options) => mjpegFrames([] as never, options),
  };

  it.each<[keyof typeof calls, key: string, words: string | RegExp]>([
    ['load', 'thread', 'Did you mean threads?'],
    ['load', 'Precision', 'Did you mean precision?'],
    [
      'load',
      'topK',
      /Known are threads, .*, gate, head, globalPool, classifierActivation, labels, preprocess, signal\.$/,
    ],
    ['gate', 'pool', 'Did you mean pooling?'],
    ['gate', 'Activation', 'Did you mean activation?'],
    ['gate', 'kernel', 'Known are activation, pooling, upsampling.'],
    ['exportModel', 'input_size', 'Did you mean inputSize?'],
    ['exportModel', 'force', /Known are .*overwrite/],
    ['infer', 'topK', /Known are signal, outputs\.$/],
    ['infer', 'decodeTimeoutMs', /Known are signal, outputs\.$/],
    ['classify', 'topk', 'Did you mean topK?'],
    ['load', 'thre', 'Did you mean threads?'],
    ['classify', 'top_k', 'Did you mean topK?'],
    ['classify', 'minimum', 'Known are topK, activation, threshold, signal, decodeTimeoutMs, region, orient.'],
    ['classify', 'decodeTimeout', 'Did you mean decodeTimeoutMs?'],
    ['features', 'stage', 'Did you mean stages?'],
    ['embed', 'normalise', 'Did you mean normalize?'],
    ['attention', 'singal', 'Did you mean signal?'],
    ['preprocess config', 'input_size', 'Did you mean inputSize?'],
    ['preprocess config', 'crop_pct', 'Did you mean cropPct?'],
    [
      'preprocess config',
      'colours',
      /Known are inputSize, interpolation, cropPct, cropMode, mean, std, resize, rounding, pad, padValue, padMultiple, antialias, channelOrder\.$/,
    ],
    ['preprocess', 'inputSize', 'Known are signal, decodeTimeoutMs, region, orient.'],
    ['mjpegFrames', 'latests', 'Did you mean latest?'],
    ['mjpegFrames', '__proto__x\u001b[31m', /"__proto__x\\u001b\[31m"/],
  ])('%s: %s', async (name, key, words) => {
    const error = await errorOf(new Promise((resolve) => resolve(calls[name]!({ [key]: 1 } as never))));
    expect(error.code).toBe('ERR_GHOST_ARGUMENT');
    expect(error.message).toContain(`there is no option ${JSON.stringify(key)}.`);
    expect(error.message).toMatch(words);
  });

  it('counts as absent while it is undefined, as one that exists does', async () => {
    expect(await model.classify(pixels, { topK: undefined, topk: undefined } as never)).toHaveLength(5);
    expect((await preprocess(pixels, { inputSize: undefined, crop_pct: undefined } as never)).shape).toEqual([
      1, 3, 224, 224,
    ]);
  });

  it('is not looked for in an image, which may carry what it likes', async () => {
    const more = { ...pixels, size: 12, premultiplied: false };
    expect(await model.classify(more, { topK: 1 })).toHaveLength(1);
  });
});

describe('the nearest name', () => {
  it('is one of few wrong letters, whatever the case and the dashes', () => {
    expect(nearestName('INPUT-SIZE', ['inputSize', 'std'])).toBe('inputSize');
    expect(nearestName('interpolaton', ['interpolation'])).toBe('interpolation');
    expect(nearestName('sd', ['std'])).toBe('std');
  });

  it('is none where most letters are wrong, or there are no names', () => {
    expect(nearestName('k', ['std', 'x'])).toBeUndefined();
    expect(nearestName('resize', ['std'])).toBeUndefined();
    expect(nearestName('a', [])).toBeUndefined();
    expect(nearestName('x'.repeat(1e6), ['inputSize'])).toBeUndefined();
  });
});
