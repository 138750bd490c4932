import { describe, expect, it } from 'vitest';
import { syntheticImage } from '../../testing/synthetic.js';
import { tensors, image, model, expectClose } from './small-model.js';

describe('features', () => {
  it('are the five levels of timm unless others are named', async () => {
    const maps = await model.features(image);
    expect(maps.map(({ name, stride }) => [name, stride])).toEqual([
      ['conv_stem', 2],
      ['blocks.1', 4],
      ['blocks.3', 8],
      ['blocks.5', 16],
      ['blocks.7', 32],
    ]);
    for (const { data, shape, stride } of maps) {
      expect([shape[0], shape[2], shape[3]]).toEqual([2, 64 / stride, 96 / stride]);
      expect(data.length).toBe(shape.reduce((product, side) => product * side, 1));
    }
  });

  it('begin with the first convolution as it is, before batch norm and activation', async () => {
    const [map] = await model.features(image, { stages: ['conv_stem'] });
    const { data: weight } = tensors.get('conv_stem.weight')!;
    const [, channels, height, width] = map!.shape;
    const expected = Array.from(map!.data, (_, i) => {
      const [x, y, o, n] = [
        i % width,
        Math.floor(i / width) % height,
        Math.floor(i / width / height) % channels,
        Math.floor(i / width / height / channels),
      ];
      let sum = 0;
      for (let tap = 0; tap < 27; tap++) {
        const [c, row, column] = [Math.floor(tap / 9), 2 * y - 1 + (Math.floor(tap / 3) % 3), 2 * x - 1 + (tap % 3)];
        if (row >= 0 && row < 64 && column >= 0 && column < 96)
          sum += weight[27 * o + tap]! * image.data[((3 * n + c) * 64 + row) * 96 + column]!;
      }
      return sum;
    });
    expectClose(map!.data, expected);
    expect(Math.min(...map!.data)).toBeLessThan(0);
  });

  it('come in the order in which they are named, and are the same whatever else is asked for', async () => {
    const [last, first] = await model.features(image, { stages: ['blocks.6', 'blocks.2'] });
    expect([last!.name, first!.name]).toEqual(['blocks.6', 'blocks.2']);
    const [alone] = await model.features(image, { stages: ['blocks.2'] });
    expect(first!.data).toEqual(alone!.data);
  });

  it('of a picture are those of its tensor', async () => {
    const pixels = {
      data: new Uint8Array(300 * 200 * 3).map((_, i) => (i * 7) % 256),
      width: 300,
      height: 200,
      channels: 3 as const,
    };
    const { preprocess } = await import('../../lib/index.js');
    const tensor = await preprocess(pixels, model.config.preprocess);
    expect(await model.features(pixels, { stages: ['blocks.4'] })).toEqual(
      await model.features(tensor, { stages: ['blocks.4'] }),
    );
  });

  it('take inputs that are too small for the whole network', async () => {
    const small = { data: syntheticImage('input', [1, 3, 16, 16]).data, shape: [1, 3, 16, 16] as const };
    await expect(model.infer(small)).rejects.toMatchObject({ code: 'ERR_GHOST_SHAPE' });
    const [map] = await model.features(small, { stages: ['blocks.3'] });
    expect(map!.shape.slice(2)).toEqual([2, 2]);
  });

  it.each([
    ['no stage', { stages: [] }, /one or more of conv_stem, blocks\.0, .*blocks\.9, found none/],
    ['an unknown one', { stages: ['blocks.10'] }, /found "blocks\.10"/],
    ['an output that is no stage', { stages: ['logits'] }, /found "logits"/],
    ['one twice', { stages: ['blocks.1', 'blocks.1'] }, /each of them once/],
    ['a name alone', { stages: 'blocks.1' as unknown as string[] }, /array of names/],
  ])('refuse %s', async (_, options, message) => {
    await expect(model.features(image, options)).rejects.toMatchObject({
      name: 'GhostNetError',
      code: 'ERR_GHOST_ARGUMENT',
      message: expect.stringMatching(message),
    });
  });
});
