import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GhostNetError, load, preprocess, type GhostNet, type GhostNetErrorCode } from '../../lib/index.js';
import type { Tensor } from '../../lib/formats/tensor.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { input } from '../../testing/tensors.js';

const folder = temporaryFolder();
const weights = syntheticStateDict(2, 0.1, 10);

function written(name: string, bytes: Uint8Array | string): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** The weights with one tensor changed. */
function spoiled(name: string, change: (tensor: Tensor) => Tensor): Map<string, Tensor> {
  return new Map([...weights, [name, change(weights.get(name)!)]]);
}

/** Values of the wrong type, as untyped callers pass them. */
const wrong = (value: unknown): never => value as never;

async function expectRefusal(promise: Promise<unknown>, code: GhostNetErrorCode, words: readonly (string | RegExp)[]) {
  const error = await errorOf(promise);
  expect(error).toBeInstanceOf(GhostNetError);
  expect(error.name).toBe('GhostNetError');
  expect(`${error.code}: ${error.message}`).toMatch(new RegExp(`^${code}: `));
  for (const word of words) expect(error.message).toMatch(word);
  // One paragraph of text that ends like a sentence, not a dump.
  expect(error.message).toMatch(/^\S[^\n]{10,500}[.)]$/);
}

type Refusal = [name: string, call: () => Promise<unknown>, code: GhostNetErrorCode, words: (string | RegExp)[]];

describe('load refuses', () => {
  const saved = savedTensors(weights);
  it.each<Refusal>([
    ['a missing file', () => load(join(folder, 'no.safetensors')), 'ERR_GHOST_FILE', ['no.safetensors does not exist']],
    ['a folder without a model', () => load(emptyFolder()), 'ERR_GHOST_FILE', ['model.safetensors', 'empty']],
    ['an empty file', () => load(written('nothing', '')), 'ERR_GHOST_CHECKPOINT', ['nothing is empty']],
    [
      'a truncated file',
      () => load(written('cut', saved.subarray(0, -1000))),
      'ERR_GHOST_CHECKPOINT',
      ['cut is damaged'],
    ],
    ['a file of only a header', () => load(written('head', saved.subarray(0, 5))), 'ERR_GHOST_CHECKPOINT', ['head']],
    [
      'text',
      () => load(written('text.pth', 'Dear model,\n'.repeat(99))),
      'ERR_GHOST_CHECKPOINT',
      ['text.pth is no checkpoint', 'Dear model'],
    ],
    ['int64 weights', () => load(written('int', integers())), 'ERR_GHOST_ARCHITECTURE', ['lacks', 'conv_stem.weight']],
    [
      'NaN in the weights',
      () => load(written('nan', savedTensors(spoiled('conv_stem.weight', withNaN)))),
      'ERR_GHOST_CHECKPOINT',
      ['conv_stem.weight', 'NaN'],
    ],
    [
      'a tensor of the wrong shape',
      () => load(written('shape', savedTensors(spoiled('bn1.weight', tooShort)))),
      'ERR_GHOST_ARCHITECTURE',
      ['bn1.weight'],
    ],
    [
      '0 classes',
      () => load(written('classes', savedTensors(withoutClasses()))),
      'ERR_GHOST_ARCHITECTURE',
      ['0 classes'],
    ],
    [
      'another network',
      () => load(written('other', savedTensors(new Map([['fc.weight', weights.get('conv_stem.weight')!]])))),
      'ERR_GHOST_ARCHITECTURE',
      ['fc.weight'],
    ],
    [
      'a web address',
      () => load(new URL('https://example.org/model.pth')),
      'ERR_GHOST_ARGUMENT',
      ['file: URL', 'https://example.org'],
    ],
    ['a number as path', () => load(wrong(7)), 'ERR_GHOST_ARGUMENT', ['path', 'number']],
    ['null as path', () => load(wrong(null)), 'ERR_GHOST_ARGUMENT', ['path']],
    ['null as options', () => load(undefined, wrong(null)), 'ERR_GHOST_ARGUMENT', ['options']],
    [
      'a number as options',
      () => load(undefined, wrong(4)),
      'ERR_GHOST_ARGUMENT',
      ['options should be an object, found 4'],
    ],
    ...[-1, 0, 1.5, NaN, Infinity, 1e9, '2', null, {}].map((threads): Refusal => [
      `threads: ${JSON.stringify(threads)} (${typeof threads})`,
      () => load(undefined, { threads: wrong(threads) }),
      'ERR_GHOST_ARGUMENT',
      [/threads should be a whole number from 1 to \d+/],
    ]),
    [
      'a string as signal',
      () => load(undefined, { signal: wrong('now') }),
      'ERR_GHOST_ARGUMENT',
      ['signal', 'AbortSignal'],
    ],
  ])('%s', (_, call, code, words) => expectRefusal(call(), code, words));

  function emptyFolder(): string {
    mkdirSync(join(folder, 'empty'), { recursive: true });
    return join(folder, 'empty');
  }
  function integers(): Buffer {
    // As many bytes as the float32 values of the weights have: half as many int64 values.
    return Buffer.from(
      savedTensors(new Map([...weights].filter(([, { data }]) => data.length % 2 === 0)))
        .toString('latin1')
        .replaceAll('"F32"', '"I32"'),
      'latin1',
    );
  }
  function withNaN({ shape, data }: Tensor): Tensor {
    return { shape, data: Float32Array.from(data, (value, i) => (i === 7 ? NaN : value)) };
  }
  function tooShort({ data }: Tensor): Tensor {
    return { shape: [data.length - 1], data: data.subarray(1) };
  }
  function withoutClasses(): Map<string, Tensor> {
    const none = new Float32Array(0);
    const features = weights.get('classifier.weight')!.shape[1]!;
    return new Map([
      ...weights,
      ['classifier.weight', { shape: [0, features], data: none }],
      ['classifier.bias', { shape: [0], data: none }],
    ]);
  }
});

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
      'raw pixels of 2 channels',
      () => model.classify({ ...pixels, channels: wrong(2) }),
      'ERR_GHOST_IMAGE',
      [/1 \(grey\), 3 \(RGB\) or 4 \(RGBA\)/],
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

describe('preprocess refuses', () => {
  const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
  it.each<Refusal>([
    ...(
      [
        ['inputSize', [224], 'height'],
        ['inputSize', [0, 224], 'height'],
        ['inputSize', [1e9, 224], '16384'],
        ['inputSize', [NaN, 224], 'height'],
        ['interpolation', 'cubic', 'bicubic'],
        ['cropMode', 'centre', 'center'],
        ['cropPct', 0, 'cropPct'],
        ['cropPct', NaN, 'cropPct'],
        ['cropPct', '0.9', 'cropPct'],
        ['mean', [0, 0], 'three numbers'],
        ['mean', [0, 0, Infinity], 'three numbers'],
        ['std', [1, 1, 0], 'above 0'],
        ['std', 1, 'above 0'],
      ] as const
    ).map(([key, value, word]): Refusal => [
      `${key}: ${JSON.stringify(value)}`,
      () => preprocess(pixels, { [key]: value }),
      'ERR_GHOST_ARGUMENT',
      [key, word],
    ]),
    [
      'a string as config',
      () => preprocess(pixels, wrong('fast')),
      'ERR_GHOST_ARGUMENT',
      ['config should be an object, found "fast"'],
    ],
    ['null as options', () => preprocess(pixels, {}, wrong(null)), 'ERR_GHOST_ARGUMENT', ['options']],
    ['a string as signal', () => preprocess(pixels, {}, { signal: wrong('x') }), 'ERR_GHOST_ARGUMENT', ['AbortSignal']],
  ])('%s', (_, call, code, words) => expectRefusal(call(), code, words));
});
