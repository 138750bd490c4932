import { afterEach, expect, it, vi } from 'vitest';
import { embedding } from '../../lib/tasks/embedding.js';
import { image, model } from './small-model.js';

afterEach(() => vi.restoreAllMocks());

it('a decoding is told where the input lies on the picture, and of a tensor that there is none', async () => {
  const decode = vi.spyOn(embedding, 'decode');
  await model.embed({ data: new Uint8Array(3 * 128 * 64), width: 64, height: 128, channels: 3 });
  await model.embed(image);
  const [ofPicture, ofTensor] = decode.mock.calls.map(([, , computed]) => computed);
  expect(ofPicture!.config).toBe(model.config);
  expect(ofPicture!.geometry).toEqual({ imageSize: [128, 64], scale: [4, 4], offset: [-144, -16] });
  const [, , ...inputSize] = image.shape;
  expect(ofTensor).toMatchObject({ config: model.config, inputSize, geometry: undefined });
});
