import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { load } from '../../lib/index.js';
import type { Tensor } from '../../lib/formats/tensor.js';
import { savedTensors } from '../../testing/saved.js';
import { folder, weights, written, spoiled, wrong, expectRefusal, type Refusal } from '../../testing/refusals.js';

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
