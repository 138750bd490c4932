import { describe, expect, it } from 'vitest';
import { preprocessed } from '../../lib/engine/preprocess.js';
import type { Tensor4 } from '../../lib/engine/tensor-input.js';
import { preprocess, type PreprocessConfig, type RawImage } from '../../lib/index.js';
import { defaultPreprocessConfig } from '../../lib/preprocess-config.js';
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

describe('where the input lies on the picture', () => {
  /** A dark picture with a bright square around (y, x). */
  function withSquare([height, width]: readonly [number, number], y: number, x: number): RawImage {
    const data = new Uint8Array(height * width);
    for (let row = y - 6; row < y + 6; row++) data.fill(255, row * width + x - 6, row * width + x + 6);
    return { data, width, height, channels: 1 };
  }

  /** Of what is bright, in pixels from the upper left corner. */
  function centre({ data, shape: [, , height, width] }: Tensor4): [y: number, x: number] {
    let [sum, down, across] = [0, 0, 0];
    for (let i = 0; i < height * width; i++) {
      const weight = Math.max(0, data[i]!);
      sum += weight;
      down += weight * (Math.floor(i / width) + 0.5);
      across += weight * ((i % width) + 0.5);
    }
    return [down / sum, across / sum];
  }

  const limits = { signal: undefined, timeoutMs: 30_000, region: undefined, orient: true };
  const plain = { ...defaultPreprocessConfig, mean: [0, 0, 0], std: [1, 1, 1] } as const;

  it.each<[Partial<PreprocessConfig>, [number, number]]>([
    [{}, [300, 400]],
    [{ inputSize: [128, 160], cropPct: 1 }, [301, 199]],
    [{ cropMode: 'squash', inputSize: [96, 200] }, [150, 310]],
    [{ cropMode: 'border', inputSize: [160, 160], cropPct: 1 }, [120, 333]],
    [{ cropPct: 1.25 }, [260, 190]],
  ])('is told with %j of %j pixels', async (settings, imageSize) => {
    const [y, x] = [imageSize[0] / 2 - 25, imageSize[1] / 2 + 20].map(Math.round) as [number, number];
    const { tensor, geometry } = await preprocessed(withSquare(imageSize, y, x), { ...plain, ...settings }, limits);
    expect(geometry.imageSize).toEqual(imageSize);
    const [down, across] = centre(tensor);
    expect(Math.abs(geometry.scale[0] * y + geometry.offset[0] - down)).toBeLessThan(0.1);
    expect(Math.abs(geometry.scale[1] * x + geometry.offset[1] - across)).toBeLessThan(0.1);
  });

  it("is resized and cropped by timm's rule", async () => {
    const image = { data: new Uint8Array(300 * 400), width: 400, height: 300, channels: 1 } as const;
    const { geometry } = await preprocessed(image, defaultPreprocessConfig, limits);
    expect(geometry).toEqual({ imageSize: [300, 400], scale: [256 / 300, 341 / 400], offset: [-16, -58] });
  });
});
