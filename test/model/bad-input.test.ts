import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GhostNetError, load, type GhostNet } from '../../lib/index.js';
import { savedTensors } from '../../testing/saved.js';
import { input } from '../../testing/tensors.js';
import { folder, weights, written, wrong, expectRefusal, type Refusal } from '../../testing/refusals.js';

describe('a model refuses', () => {
  let model: GhostNet;
  beforeAll(async () => {
    model = await load(written('good.safetensors', savedTensors(weights)));
  });
  afterAll(() => model.dispose());

  const floats = (count: number): Float32Array => new Float32Array(count);
  const infer = (data: unknown, shape: unknown, options?: unknown): Promise<unknown> =>
    model.infer(wrong({ data, shape }), wrong(options));

  it.each<Refusal>([
    [
      '4 channels',
      () => infer(floats(4 * 64 * 64), [1, 4, 64, 64]),
      'ERR_GHOST_SHAPE',
      [/\[n, 3, h, w\]/, /\[1, 4, 64, 64\]/],
    ],
    [
      '32 x 32 pixels',
      () => model.infer(input('small', 1, 32, 32)),
      'ERR_GHOST_SHAPE',
      ['32 x 32 pixels is too small'],
    ],
    [
      '1 x 1000 pixels',
      () => model.infer(input('flat', 1, 1, 1000)),
      'ERR_GHOST_SHAPE',
      ['1 x 1000 pixels is too small'],
    ],
    [
      'a shape that is not the data',
      () => infer(floats(100), [1, 3, 64, 64]),
      'ERR_GHOST_SHAPE',
      ['needs 12288 values, found 100'],
    ],
    ['0 images', () => infer(floats(0), [0, 3, 64, 64]), 'ERR_GHOST_SHAPE', [/found shape \[0, 3, 64, 64\]/]],
    ['NaN as width', () => infer(floats(10), [1, 3, 64, NaN]), 'ERR_GHOST_SHAPE', ['NaN']],
    ['half a row', () => infer(floats(3 * 64 * 32), [1, 3, 64.5, 32]), 'ERR_GHOST_SHAPE', ['64.5']],
    ['a negative side', () => infer(floats(3 * 64 * 64), [1, 3, -64, -64]), 'ERR_GHOST_SHAPE', ['-64']],
    [
      'a shape of 3 sides',
      () => infer(floats(3 * 64 * 64), [3, 64, 64]),
      'ERR_GHOST_SHAPE',
      [/found shape \[3, 64, 64\]/],
    ],
    [
      'a shape of words',
      () => infer(floats(3 * 64 * 64), ['1', '3', '64', '64']),
      'ERR_GHOST_SHAPE',
      [/\[n, 3, h, w\]/],
    ],
    [
      'images for terabytes',
      () => infer(floats(100), [1e9, 3, 512, 512]),
      'ERR_GHOST_SHAPE',
      [/needs \d+ values, found 100/],
    ],
    ['images past 2^53 bytes', () => infer(floats(100), [2 ** 52, 3, 512, 512]), 'ERR_GHOST_SHAPE', ['found 100']],
    [
      'a side past the limit',
      () => infer(floats(3 * 40000 * 40), [1, 3, 40000, 40]),
      'ERR_GHOST_SHAPE',
      ['40000x40 pixels is too large'],
    ],
    ['no shape', () => infer(floats(3 * 64 * 64), undefined), 'ERR_GHOST_ARGUMENT', ['Float32Array', 'shape']],
    [
      'float64 data',
      () => infer(new Float64Array(3 * 64 * 64), [1, 3, 64, 64]),
      'ERR_GHOST_ARGUMENT',
      ['Float32Array'],
    ],
    [
      'an array of numbers',
      () => infer(new Array(3 * 64 * 64).fill(0), [1, 3, 64, 64]),
      'ERR_GHOST_ARGUMENT',
      ['Float32Array'],
    ],
    ['no tensor', () => model.infer(wrong(undefined)), 'ERR_GHOST_ARGUMENT', ['A tensor should be']],
    ['null as options', () => infer(floats(3 * 64 * 64), [1, 3, 64, 64], null), 'ERR_GHOST_ARGUMENT', ['options']],
    [
      'a number as signal',
      () => infer(floats(3 * 64 * 64), [1, 3, 64, 64], { signal: 1 }),
      'ERR_GHOST_ARGUMENT',
      ['AbortSignal'],
    ],
  ])('%s', (_, call, code, words) => expectRefusal(call(), code, words));

  it('a detached buffer', async () => {
    const tensor = input('detached', 1, 64, 64);
    structuredClone(tensor.data.buffer, { transfer: [tensor.data.buffer as ArrayBuffer] });
    await expectRefusal(model.infer(tensor), 'ERR_GHOST_SHAPE', ['needs 12288 values, found 0']);
  });

  it('a plan for a size that cannot be', () => {
    for (const size of [
      [32, 32],
      [0, 64],
      [NaN, 64],
      [64.5, 64],
    ] as const) {
      expect(() => model.plan(size), String(size)).toThrow(expect.objectContaining({ code: 'ERR_GHOST_SHAPE' }));
    }
    expect(() => model.plan(wrong('64x64'))).toThrow(GhostNetError);
    for (const runs of [-1, 0.5, NaN, 1e12])
      expect(() => model.plan([64, 64], runs), String(runs)).toThrow(GhostNetError);
  });

  it('but takes shared memory', async () => {
    const tensor = input('shared', 1, 64, 64);
    const shared = new Float32Array(new SharedArrayBuffer(tensor.data.byteLength));
    shared.set(tensor.data);
    expect(await model.infer({ data: shared, shape: tensor.shape })).toEqual(await model.infer(tensor));
  });

  it('and answers NaN with NaN, not with a guess', async () => {
    const tensor = input('nan', 1, 64, 64);
    tensor.data[5000] = NaN;
    expect((await model.infer(tensor)).data.every(Number.isNaN)).toBe(true);
    const after = await model.infer(input('fine', 1, 64, 64));
    expect(after.data.every(Number.isFinite)).toBe(true);
  });

  const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
  it.each<Refusal>([
    ['an image of 0 bytes', () => model.classify(new Uint8Array(0)), 'ERR_GHOST_IMAGE', ['0 bytes', 'empty']],
    [
      'an empty image file',
      () => model.classify(written('empty.png', '')),
      'ERR_GHOST_IMAGE',
      ['empty.png', '0 bytes'],
    ],
    [
      'text named .jpg',
      () => model.classify(written('text.jpg', 'no picture')),
      'ERR_GHOST_IMAGE',
      ['text.jpg cannot be decoded', 'JPEG'],
    ],
    [
      'half a picture',
      async () =>
        model.classify(
          (
            await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red' } })
              .jpeg()
              .toBuffer()
          ).subarray(0, 700),
        ),
      'ERR_GHOST_IMAGE',
      ['cannot be decoded'],
    ],
    ['a missing image', () => model.classify(join(folder, 'no.jpg')), 'ERR_GHOST_FILE', ['no.jpg does not exist']],
    ['a folder', () => model.classify(folder), 'ERR_GHOST_FILE', ['folder']],
    [
      'a web address',
      () => model.classify('https://example.org/cat.jpg'),
      'ERR_GHOST_ARGUMENT',
      ['not downloaded', 'fetch'],
    ],
    ['a number', () => model.classify(wrong(5)), 'ERR_GHOST_ARGUMENT', ['An image must be', 'number']],
    ['undefined', () => model.classify(wrong(undefined)), 'ERR_GHOST_ARGUMENT', ['An image must be', 'undefined']],
    [
      'an object of something else',
      () => model.classify(wrong({ src: 'cat.jpg' })),
      'ERR_GHOST_ARGUMENT',
      ['An image must be'],
    ],
    [
      'raw pixels of float32',
      () => model.classify(wrong({ ...pixels, data: floats(12) })),
      'ERR_GHOST_ARGUMENT',
      ['Uint8Array', 'Float32Array'],
    ],
    [
      'raw pixels of a wrong length',
      () => model.classify({ ...pixels, width: 3 }),
      'ERR_GHOST_IMAGE',
      ['18 values', '12'],
    ],
    ['raw pixels of NaN width', () => model.classify({ ...pixels, width: NaN }), 'ERR_GHOST_IMAGE', ['width', 'NaN']],
    [
      'raw pixels of 5 channels',
      () => model.classify({ ...pixels, channels: wrong(5) }),
      'ERR_GHOST_IMAGE',
      [/1 \(grey\), 2 \(grey, alpha\), 3 \(RGB\) or 4 \(RGBA\)/],
    ],
    [
      'a bad picture among good ones',
      () => model.classify([pixels, wrong('nowhere.png'), pixels]),
      'ERR_GHOST_FILE',
      ['nowhere.png'],
    ],
    ...[0, -1, 1.5, NaN, '3', null].map((topK): Refusal => [
      `topK: ${JSON.stringify(topK)} (${typeof topK})`,
      () => model.classify(pixels, { topK: wrong(topK) }),
      'ERR_GHOST_ARGUMENT',
      [/topK should be a whole number of at least 1/],
    ]),
    ['null as options of classify', () => model.classify(pixels, wrong(null)), 'ERR_GHOST_ARGUMENT', ['options']],
    ['an object as signal', () => model.classify(pixels, { signal: wrong({}) }), 'ERR_GHOST_ARGUMENT', ['AbortSignal']],
  ])('%s', (_, call, code, words) => expectRefusal(call(), code, words));

  it('but takes a picture of 100 megapixels', async () => {
    const side = 10_000;
    const png = await sharp(Buffer.alloc(side * side, 77), { raw: { width: side, height: side, channels: 1 } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    const large = await model.classify(written('large.png', png));
    const [height, width] = model.config.preprocess.inputSize;
    const small = await model.classify({ data: new Uint8Array(height * width).fill(77), width, height, channels: 1 });
    expect(large).toEqual(small);
  });
});
