import { getEventListeners } from 'node:events';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { defaultPreprocessConfig } from '../../lib/preprocess-config.js';
import { preprocess } from '../../lib/index.js';
import { preprocessPixels } from '../../lib/native/pictures.js';

const raw = { width: 2000, height: 1600, channels: 3 } as const;
const picture = (): { data: Uint8Array } & typeof raw => ({ data: new Uint8Array(2000 * 1600 * 3).fill(90), ...raw });

describe('pixels that nobody needs any more', () => {
  it('are freed at once', async () => {
    const pixels = picture();
    const expected = await preprocessPixels(pixels, defaultPreprocessConfig, '', { signal: undefined, spent: false });
    expect(pixels.data).toHaveLength(2000 * 1600 * 3);
    expect(pixels.data.every((value) => value === 90)).toBe(true);
    const found = await preprocessPixels(pixels, defaultPreprocessConfig, '', { signal: undefined, spent: true });
    expect(pixels.data).toHaveLength(0);
    expect(found).toEqual(expected);
    expect(found.data.some((value) => value !== 0)).toBe(true);
  });

  it('stay where they are a part of something', async () => {
    const { data } = picture();
    const half = { data: data.subarray(0, data.length / 2), ...raw, height: 800 };
    await preprocessPixels(half, defaultPreprocessConfig, '', { signal: undefined, spent: true });
    expect(data.every((value) => value === 90)).toBe(true);
  });

  it("are never the caller's, nor a pipeline's", async () => {
    const pixels = picture();
    await preprocess(pixels);
    expect(pixels.data.every((value) => value === 90)).toBe(true);
    const png = await sharp(pixels.data, { raw }).png().toBuffer();
    const kept = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    const pipeline = sharp(png);
    pipeline.clone = () => Object.assign(sharp(png), { toBuffer: () => Promise.resolve(kept) });
    const first = await preprocess(pipeline);
    expect((await preprocess(pipeline)).data).toEqual(first.data);
    expect(kept.data.every((value) => value === 90)).toBe(true);
    const before = Buffer.from(png);
    await preprocess(png);
    expect(png.equals(before)).toBe(true);
  });
});

describe('preprocessing', () => {
  it('stops between rows, and the next picture does not wait for it', async () => {
    // 190 megapixels, of which every pixel is read: some tenths of a second.
    const large = { data: new Uint8Array(14_000 * 14_000), width: 14_000, height: 14_000, channels: 1 } as const;
    const config = { ...defaultPreprocessConfig, cropPct: 1 };
    const run = (signal?: AbortSignal): Promise<unknown> =>
      preprocessPixels(large, config, '', { signal, spent: false });
    const start = performance.now();
    await run();
    const wholeMs = performance.now() - start;
    const controller = new AbortController();
    const running = Array.from({ length: 6 }, () => run(controller.signal).catch((reason: unknown) => reason));
    const aborted = performance.now();
    controller.abort('enough');
    expect(await Promise.all(running)).toEqual(new Array(6).fill('enough'));
    await preprocess({ data: new Uint8Array(3), width: 1, height: 1, channels: 3 });
    expect(performance.now() - aborted).toBeLessThan(5 * wholeMs);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});
