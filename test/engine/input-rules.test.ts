import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { preprocessed } from '../../lib/engine/preprocess.js';
import { inputRuleNames, inputRules, type InputRule } from '../../lib/input-rules.js';
import { defaultPreprocessConfig, type PreprocessConfig } from '../../lib/preprocess-config.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

/** What a framework makes of a picture: see test/reference/input_rules.py. */
interface Case {
  readonly rule: InputRule;
  readonly settings: Partial<PreprocessConfig>;
  readonly picture: readonly [height: number, width: number, channels: 1 | 3];
  readonly shape: readonly [1, 3, number, number];
  /** Down, across. */
  readonly scale: readonly [number, number];
  readonly offset: readonly [number, number];
  /** Of the bytes that the tensor is made of, [3, height, width]. */
  readonly sha256: string;
  /** Values of the tensor by their indices. */
  readonly samples: Readonly<Record<string, number>>;
}

const file = new URL('../reference/input-rules.json', import.meta.url);
const cases = (JSON.parse(readFileSync(file, 'utf8')) as Case[]).map((test) => ({
  ...test,
  name: `${test.rule} ${JSON.stringify(test.settings)} of ${test.picture.join('x')}`,
}));
const limits = { signal: undefined, timeoutMs: 30_000, region: undefined, orient: true };

/** The pixels that input_rules.py makes. */
function noise([height, width, channels]: Case['picture']): Uint8Array {
  let seed = width * 65536 + height;
  return Uint8Array.from({ length: height * width * channels }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed >>> 24;
  });
}

async function pngOf(picture: Case['picture']): Promise<string> {
  const [height, width, channels] = picture;
  const path = join(temporaryFolder(), 'picture.png');
  await sharp(noise(picture), { raw: { width, height, channels } }).png().toFile(path);
  return path;
}

function bytesOf(data: Float32Array, { mean, std, channelOrder }: PreprocessConfig): Uint8Array {
  const plane = data.length / 3;
  return Uint8Array.from(data, (value, i) => {
    const channel = Math.floor(i / plane);
    const colour = channelOrder === 'bgr' ? 2 - channel : channel;
    return Math.round((value * std[colour]! + mean[colour]!) * 255);
  });
}

describe('a picture in a file becomes what it becomes in', () => {
  it.each(cases)('$name', async ({ rule, settings, picture, shape, scale, offset, sha256, samples }) => {
    const config = { ...defaultPreprocessConfig, ...inputRules[rule], ...settings };
    const { tensor, geometry } = await preprocessed(await pngOf(picture), config, limits);
    expect(tensor.shape).toEqual(shape);
    const hash = createHash('sha256').update(bytesOf(tensor.data, config));
    expect(hash.digest('hex')).toBe(sha256);
    for (const [i, value] of Object.entries(samples)) {
      const size = Math.max(1, Math.abs(value));
      expect(Math.abs(tensor.data[Number(i)]! - value)).toBeLessThanOrEqual(2e-6 * size);
      // What is padded after normalisation is 0 exactly.
      if (value === 0) expect(tensor.data[Number(i)]).toBe(0);
    }
    expect(geometry).toEqual({ imageSize: picture.slice(0, 2), scale, offset });
  });

  it('every framework that has a rule, three pictures at least', () => {
    for (const rule of inputRuleNames)
      expect(cases.filter((test) => test.rule === rule).length).toBeGreaterThanOrEqual(3);
  });
});
