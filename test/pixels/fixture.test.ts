import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../lib/pixels/image.js';
import { preprocess } from '../../lib/engine/preprocess.js';

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(fixture('fixture.json'), 'utf8')) as {
  width: number;
  height: number;
  sha256: string;
};

describe('the fixture picture', () => {
  it('is decoded to the pixels that were rendered', async () => {
    const { data, width, height, channels } = await decodeImage(fixture('fixture.png'));
    expect([width, height, channels]).toEqual([expected.width, expected.height, 3]);
    expect(createHash('sha256').update(data).digest('hex')).toBe(expected.sha256);
  });

  it('keeps its pixels where nothing is resized', async () => {
    const { data: pixels } = await decodeImage(fixture('fixture.png'));
    const inputSize = [expected.height, expected.width] as const;
    const { data } = await preprocess(fixture('fixture.png'), {
      inputSize,
      cropPct: 1,
      cropMode: 'squash',
      mean: [0, 0, 0],
      std: [1, 1, 1],
    });
    const plane = expected.width * expected.height;
    const bytes = Uint8Array.from(pixels, (_, i) => Math.round(data[(i % 3) * plane + Math.floor(i / 3)]! * 255));
    expect(Buffer.from(bytes).equals(Buffer.from(pixels))).toBe(true);
  });
});
