import { describe, it } from 'vitest';
import { preprocess } from '../../lib/index.js';
import { wrong, expectRefusal, type Refusal } from '../../testing/refusals.js';

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
