import { describe, expect, it } from 'vitest';
import { errorOf } from '../../testing/error-of.js';
import { image, model } from './small-model.js';

const square = (size: number, grey: number) =>
  ({ data: new Uint8Array(size * size).fill(grey), width: size, height: size }) as const;
/** A tensor among pictures. */
const inputs = [square(40, 0), image, square(50, 200), square(40, 0)];

describe('features, embeddings and attention of an array', () => {
  it('are those of each, in their order', async () => {
    const [embeddings, maps, gates] = await Promise.all([
      model.embed(inputs, { normalize: true }),
      model.features(inputs, { stages: ['blocks.1'] }),
      model.attention(inputs),
    ]);
    for (const [i, input] of inputs.entries()) {
      expect(embeddings[i]).toEqual(await model.embed(input, { normalize: true }));
      expect(maps[i]).toEqual(await model.features(input, { stages: ['blocks.1'] }));
      expect(gates[i]).toEqual(await model.attention(input));
    }
    expect(embeddings.map(({ shape }) => shape[0])).toEqual([1, 2, 1, 1]);
    expect(embeddings[0]).toEqual(embeddings[3]);
    expect(embeddings[0]).not.toEqual(embeddings[2]);
    expect(await model.embed([])).toEqual([]);
  });

  it('are none of them, if one cannot be had', async () => {
    const error = await errorOf(model.embed([square(40, 0), new Uint8Array(7)]));
    expect(error).toMatchObject({ code: 'ERR_GHOST_IMAGE' });
    await expect(model.features(inputs, { stages: ['nose'] })).rejects.toMatchObject({ code: 'ERR_GHOST_ARGUMENT' });
    const reason = new Error('enough');
    await expect(model.embed(inputs, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
