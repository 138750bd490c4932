import { describe, expect, it } from 'vitest';
import { tensors, image, model, expectClose } from './small-model.js';

describe('embeddings', () => {
  it('are the pooled features through the head', async () => {
    const [features] = await model.features(image, { stages: ['blocks.9'] });
    const { data, shape } = await model.embed(image);
    expect(shape).toEqual([2, 1280]);
    const [, channels, height, width] = features!.shape;
    const [weight, bias] = [tensors.get('conv_head.weight')!.data, tensors.get('conv_head.bias')!.data];
    const mean = (map: number): number =>
      features!.data.subarray(map * height * width, (map + 1) * height * width).reduce((sum, value) => sum + value, 0) /
      (height * width);
    const expected = Array.from(data, (_, i) => {
      const [n, o] = [Math.floor(i / 1280), i % 1280];
      let sum = bias[o]!;
      for (let c = 0; c < channels; c++) sum += weight[o * channels + c]! * mean(n * channels + c);
      return Math.max(sum, 0);
    });
    expectClose(data, expected);
  });

  it('have the length 1 on request, and keep their direction', async () => {
    const [plain, unit] = [await model.embed(image), await model.embed(image, { normalize: true })];
    for (const i of [0, 1]) {
      const of = ({ data }: typeof plain): Float32Array => data.subarray(1280 * i, 1280 * (i + 1));
      const length = Math.hypot(...of(plain));
      expect(Math.hypot(...of(unit))).toBeCloseTo(1, 6);
      expectClose(
        of(unit),
        of(plain).map((value) => value / length),
      );
    }
    await expect(model.embed(image, { normalize: 1 as unknown as boolean })).rejects.toMatchObject({
      code: 'ERR_GHOST_ARGUMENT',
    });
  });
});
