import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { PreprocessConfig } from '../../lib/preprocess-config.js';
import { decodeImage } from '../../lib/pixels/image.js';
import { preprocess } from '../../lib/engine/preprocess.js';
import { hasReference, referenceFolder } from '../../testing/reference.js';

interface Case {
  readonly id: string;
  readonly source: string;
  /** Of the picture once it is upright. */
  readonly width: number;
  readonly height: number;
  readonly resize_shorter_side: number;
  readonly crop: number;
  readonly interpolation: PreprocessConfig['interpolation'];
  readonly file: string;
}

const folder = join(referenceFolder, 'preprocess');
const photos = fileURLToPath(new URL('../../../shared/data/photos/', import.meta.url));
const cases = hasReference ? (JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Case[]) : [];

/** The network's input before normalisation, [crop, crop, 3] bytes. */
async function preprocessedBytes(path: string, test: Case): Promise<Uint8Array> {
  const { crop, resize_shorter_side: resized, interpolation } = test;
  // Half a pixel above, so that floor(crop / cropPct) is the resized side and no rounding can reach its neighbours.
  const cropPct = crop / (resized + 0.5);
  const std = [1 / 255, 1 / 255, 1 / 255] as const;
  const { data } = await preprocess(path, {
    inputSize: [crop, crop],
    interpolation,
    cropPct,
    cropMode: 'center',
    mean: [0, 0, 0],
    std,
  });
  expect(data).toHaveLength(3 * crop * crop);
  return Uint8Array.from(data, (_, i) => Math.round(data[(i % 3) * crop * crop + Math.floor(i / 3)] ?? NaN));
}

describe.skipIf(!hasReference)("preprocessing against torchvision's on Pillow images", () => {
  it.each(cases)('$id', async (test) => {
    const beside = join(folder, test.source);
    const path = existsSync(beside) ? beside : join(photos, test.source);
    expect(await decodeImage(path)).toMatchObject({ width: test.width, height: test.height });
    const got = await preprocessedBytes(path, test);
    const want = readFileSync(join(folder, test.file));
    expect(got).toHaveLength(want.length);
    const differences = got.map((value, i) => Math.abs(value - (want[i] ?? NaN)));
    const largest = differences.reduce((a, b) => Math.max(a, b), 0);
    const near = differences.filter((difference) => difference <= 2).length / want.length;
    // JPEG leaves the inverse transform and the upsampling of colour to the decoder; the other formats leave nothing.
    if (/\.jpe?g$/i.test(test.source)) {
      console.log(`${test.id}: largest difference ${largest}, ${(100 * near).toFixed(3)} % within 2 of 255`);
      expect(near).toBeGreaterThanOrEqual(0.999);
    } else {
      expect(largest).toBe(0);
    }
  });
});
