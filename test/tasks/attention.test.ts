import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { image, saved } from './small-model.js';

describe('attention', () => {
  it.each([2, 3] as const)('is a gate from 0 to 1 for each of the 14 blocks of a V%i', async (version) => {
    await using other = await load(saved(version));
    const maps = await other.attention(image);
    expect(maps.map(({ name, stride }) => `${name} ${stride}`)).toEqual([
      ...[
        'blocks.2.0 8',
        'blocks.3.0 8',
        'blocks.4.0 16',
        'blocks.5.0 16',
        'blocks.6.0 32',
        'blocks.6.1 32',
        'blocks.6.2 32',
      ],
      ...[
        'blocks.6.3 32',
        'blocks.6.4 32',
        'blocks.7.0 32',
        'blocks.8.0 64',
        'blocks.8.1 64',
        'blocks.8.2 64',
        'blocks.8.3 64',
      ],
    ]);
    for (const { data, shape, stride } of maps) {
      expect([shape[0], shape[2], shape[3]]).toEqual([2, Math.floor(64 / stride), Math.floor(96 / stride)]);
      expect(data.every((value) => value > 0 && value < 1)).toBe(true);
    }
  });

  it('is not to be had of a V1', async () => {
    await using first = await load(saved(1));
    await expect(first.attention(image)).rejects.toMatchObject({
      code: 'ERR_GHOST_ARCHITECTURE',
      message: expect.stringMatching(
        /ghostnet_010 is a GhostNet V1, which has no attention\. Load a GhostNetV2 or GhostNetV3/,
      ),
    });
    expect((await first.embed(image)).shape).toEqual([2, 1280]);
  });
});
