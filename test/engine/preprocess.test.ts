import { describe, expect, it } from 'vitest';
import { preprocessed } from '../../lib/engine/preprocess.js';
import type { Tensor4 } from '../../lib/engine/tensor-input.js';
import { preprocess, type PreprocessConfig, type RawImage } from '../../lib/index.js';
import { inputRuleNames, inputRules, type InputRule } from '../../lib/input-rules.js';
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
        ['resize', 'letterbox', 'stretch, fit'],
        ['rounding', 'up', 'half_up'],
        ['pad', 'left', 'top_left'],
        ['padValue', 256, '0 to 255'],
        ['padValue', 1.5, '0 to 255'],
        ['padMultiple', -32, '0 to 1024'],
        ['antialias', 'no', 'true or false'],
        ['antialias', false, 'bilinear, not bicubic'],
        ['interpolation', 'warp', 'resize stretch or fit'],
        ['channelOrder', 'brg', 'rgb, bgr'],
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
  /** In grey, black where there is no picture. */
  const ruleOf = (rule: InputRule): Partial<PreprocessConfig> => ({
    ...inputRules[rule],
    padValue: 0,
    mean: [0],
    std: [1],
  });
  const plain = { ...defaultPreprocessConfig, mean: [0, 0, 0], std: [1, 1, 1] } as const;

  it.each<[Partial<PreprocessConfig>, [number, number]]>([
    [{}, [300, 400]],
    [{ inputSize: [128, 160], cropPct: 1 }, [301, 199]],
    [{ cropMode: 'squash', inputSize: [96, 200] }, [150, 310]],
    [{ cropMode: 'border', inputSize: [160, 160], cropPct: 1 }, [120, 333]],
    [{ cropPct: 1.25 }, [260, 190]],
    [{ cropPct: 1, interpolation: 'bilinear', antialias: false, inputSize: [128, 160] }, [301, 199]],
    [{ resize: 'stretch', inputSize: [96, 200] }, [150, 310]],
    [{ resize: 'shorter', inputSize: [120, 120] }, [150, 310]],
    [{ ...ruleOf('mmdetection'), inputSize: [160, 160] }, [120, 333]],
    [{ ...ruleOf('ultralytics'), inputSize: [160, 128] }, [120, 333]],
    [{ ...ruleOf('yolox'), inputSize: [160, 128] }, [301, 199]],
    [{ ...ruleOf('torchvision'), inputSize: [100, 100] }, [150, 310]],
  ])('is told with %j of %j pixels', async (settings, imageSize) => {
    const [y, x] = [imageSize[0] / 2 - 25, imageSize[1] / 2 + 20].map(Math.round) as [number, number];
    const { tensor, geometry } = await preprocessed(withSquare(imageSize, y, x), { ...plain, ...settings }, limits);
    expect(geometry.imageSize).toEqual(imageSize);
    const [down, across] = centre(tensor);
    // Where pixels are left out, those that are read may lie to one side.
    const tolerance = settings.antialias === false ? 0.25 : 0.1;
    expect(Math.abs(geometry.scale[0] * y + geometry.offset[0] - down)).toBeLessThan(tolerance);
    expect(Math.abs(geometry.scale[1] * x + geometry.offset[1] - across)).toBeLessThan(tolerance);
  });

  it.each(inputRuleNames)('goes forth and back by the rule of %s, of a region too', async (rule) => {
    const config = { ...defaultPreprocessConfig, ...inputRules[rule], inputSize: [96, 160] } as const;
    const image = { data: new Uint8Array(301 * 199), width: 199, height: 301, channels: 1 } as const;
    for (const region of [undefined, { left: 20, top: 31, width: 77, height: 50 }]) {
      const { tensor, geometry } = await preprocessed(image, config, { ...limits, region });
      const whole = region ?? { left: 0, top: 0, ...image };
      const { scale, offset } = geometry;
      const forth = (p: number, axis: 0 | 1): number => scale[axis] * p + offset[axis];
      for (const axis of [0, 1] as const) {
        const [begin, length] = axis === 0 ? [whole.top, whole.height] : [whole.left, whole.width];
        expect(forth(begin, axis)).toBeGreaterThanOrEqual(-1e-9);
        expect(forth(begin + length, axis)).toBeLessThanOrEqual(tensor.shape[2 + axis]! + 1e-9);
        for (const p of [begin, begin + length / 3, begin + length])
          expect(Math.abs((forth(p, axis) - offset[axis]) / scale[axis] - p)).toBeLessThan(1e-9);
      }
    }
  });

  it('is refused where a side that follows from the other is too long', async () => {
    const long = { data: new Uint8Array(80_000), width: 80_000, height: 1, channels: 1 } as const;
    const shorter = { ...defaultPreprocessConfig, resize: 'shorter', inputSize: [520, 520] } as const;
    await expectRefusal(preprocessed(long, shorter, limits), 'ERR_GHOST_IMAGE', ['80000 x 1', 'too elongated']);
    const high = { ...long, width: 200, height: 400 };
    const large = { ...shorter, inputSize: [8000, 8000] } as const;
    await expectRefusal(preprocessed(high, large, limits), 'ERR_GHOST_IMAGE', ['16000x8000', 'too large']);
    const fitted = await preprocessed(long, { ...shorter, resize: 'fit' }, limits);
    expect([fitted.tensor.shape, fitted.geometry.scale]).toEqual([
      [1, 3, 32, 544],
      [1, 520 / 80_000],
    ]);
  });

  it("is resized and cropped by timm's rule", async () => {
    const image = { data: new Uint8Array(300 * 400), width: 400, height: 300, channels: 1 } as const;
    const { geometry } = await preprocessed(image, defaultPreprocessConfig, limits);
    expect(geometry).toEqual({ imageSize: [300, 400], scale: [256 / 300, 341 / 400], offset: [-16, -58] });
  });
});
