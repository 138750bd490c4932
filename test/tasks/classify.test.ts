import { getEventListeners } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  load,
  preprocess,
  type Classification,
  type GhostNet,
  type ImageInput,
  type RawImage,
} from '../../lib/index.js';
import { answerInStages } from '../../lib/model.js';
import { classification } from '../../lib/tasks/classification.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const sample = fileURLToPath(new URL('../../examples/sample.png', import.meta.url));

/** Noise on a gradient, so that every pixel and channel counts. */
function picture(width: number, height: number, seed = 1): RawImage & { readonly channels: 3 } {
  const data = new Uint8Array(width * height * 3);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state >>> 26) + ((i * 190) / data.length) * (1 + ((i + seed) % 3) / 3) * 0.5;
  }
  return { data, width, height, channels: 3 };
}

function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

let model: GhostNet;
beforeAll(async () => {
  model = await load();
});
afterAll(() => model.dispose());

describe('the model in the box', () => {
  it('is a GhostNetV2 with a name for each class', () => {
    const { config, info } = model;
    expect(config.version).toBe(2);
    expect(config.architecture).toMatch(/^ghostnetv2_\d{3}$/);
    expect(config.labels).toHaveLength(config.numClasses);
    expect(new Set(config.labels).size).toBe(config.numClasses);
    expect(info).toMatchObject({ precision: 'fp32', threads: expect.any(Number) });
    expect(info.file).toMatch(/ghostnetv2-tiny/);
    expect(info.parameters).toBeGreaterThan(100_000);
    expect(info.macs).toBeGreaterThan(1e6);
    expect(info.weightBytes).toBeGreaterThanOrEqual(info.parameters * 3.9);
    expect(info.cpu).not.toBe('');
  });

  it.skipIf(!existsSync(sample))('sees what is in examples/sample.png', async () => {
    const top = await model.classify(sample, { topK: 5 });
    expect(top.map(({ label }) => label)).toContain('orange');
  });
});

describe('classify', () => {
  it('tells whoever measures it when a stage has ended, and gives the same classes', async () => {
    const stages: string[] = [];
    const classes = await answerInStages(model, classification, picture(90, 70), { topK: 3 }, (stage) =>
      stages.push(stage),
    );
    expect(stages).toEqual(['decoding', 'preprocessing']);
    expect(classes).toEqual(await model.classify(picture(90, 70), { topK: 3 }));
  });

  it('of what is no array after all leaves nothing on the signal', async () => {
    const images = new Proxy([], {
      get: (_, key) => {
        if (key === 'length') throw new Error('no length');
        return undefined;
      },
    });
    const { signal } = new AbortController();
    await expect(model.classify(images, { signal })).rejects.toMatchObject({ code: 'ERR_GHOST_ARGUMENT' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('gives the most probable classes first, with their labels', async () => {
    const { numClasses, labels } = model.config;
    const all = await model.classify(picture(90, 70), { topK: numClasses });
    expect(all).toHaveLength(numClasses);
    expect(all.map(({ index }) => index).sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
    for (const { index, label } of all) expect(label).toBe(labels[index]);
    const probabilities = all.map(({ probability }) => probability);
    expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
    expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);

    expect(await model.classify(picture(90, 70))).toEqual(all.slice(0, 5));
    expect(await model.classify(picture(90, 70), { topK: 1 })).toEqual(all.slice(0, 1));
    expect(await model.classify(picture(90, 70), { topK: 1e6 })).toEqual(all);
  });

  it('gives a softmax, a sigmoid of each, or the logits, and the classes that reach a threshold', async () => {
    const image = picture(90, 70);
    const { numClasses, preprocess: config } = model.config;
    const { data } = await model.infer(await preprocess(image, config));
    expect(model.config.activation).toBe('softmax');
    const expected = {
      softmax: softmax(data),
      sigmoid: Array.from(data, (x) => 1 / (1 + Math.exp(-x))),
      none: [...data],
    };
    for (const activation of ['softmax', 'sigmoid', 'none'] as const) {
      const all = await model.classify(image, { activation, topK: numClasses });
      expect(all).toHaveLength(numClasses);
      for (const { index, probability } of all) expect(probability).toBeCloseTo(expected[activation][index]!, 12);
      const threshold = all[6]!.probability;
      expect(await model.classify(image, { activation, threshold })).toEqual(all.slice(0, 7));
      expect(await model.classify(image, { activation, threshold, topK: 2 })).toEqual(all.slice(0, 2));
    }
    expect(await model.classify(image, { threshold: 1.5 })).toEqual([]);
  });

  it.each<[options: object, message: RegExp]>([
    [{ activation: 'tanh' }, /activation should be one of softmax, sigmoid, none/],
    [{ threshold: '0.5' }, /threshold should be a number/],
    [{ threshold: NaN }, /threshold should be a number/],
  ])('refuses %j', async (options, message) => {
    await expect(model.classify(picture(9, 9), options)).rejects.toMatchObject({
      code: 'ERR_GHOST_ARGUMENT',
      message: expect.stringMatching(message) as unknown,
    });
  });

  it('feeds what preprocess() gives', async () => {
    const { numClasses, preprocess: config } = model.config;
    for (const image of [picture(90, 70), picture(40, 333), picture(64, 64)]) {
      const tensor = await preprocess(image, config);
      expect(tensor.shape).toEqual([1, 3, ...config.inputSize]);
      const { data, shape } = await model.infer(tensor);
      expect(shape).toEqual([1, numClasses]);
      const expected = softmax(data);
      const found = await model.classify(image, { topK: numClasses });
      for (const { index, probability } of found) expect(probability).toBeCloseTo(expected[index]!, 12);
    }
  });

  it('gives the same for one picture in every form', async () => {
    const raw = picture(120, 100);
    const { data, width, height } = raw;
    const pipeline = sharp(data, { raw: { width, height, channels: 3 } });
    const png = await pipeline.clone().png().toBuffer();
    const file = join(folder, 'a picture ä.png');
    writeFileSync(file, png);
    const rgba = await pipeline.clone().ensureAlpha(0.4).raw().toBuffer();
    const shared = new Uint8Array(new SharedArrayBuffer(png.length));
    shared.set(png);
    const forms: Record<string, ImageInput> = {
      'raw pixels': raw,
      'raw pixels, clamped': { ...raw, data: new Uint8ClampedArray(data) },
      'raw RGBA': { data: rgba, width, height, channels: 4 },
      'a Buffer of a PNG': png,
      'a Uint8Array within a larger buffer': new Uint8Array(Buffer.concat([Buffer.from('before'), png])).subarray(6),
      'an ArrayBuffer': Uint8Array.from(png).buffer,
      'shared memory': shared,
      'a lossless WebP': await pipeline.clone().webp({ lossless: true }).toBuffer(),
      'a TIFF': await pipeline.clone().tiff({ compression: 'none' }).toBuffer(),
      'a path': file,
      'a file: URL': pathToFileURL(file),
      'a file: URL as text': pathToFileURL(file).href,
      'a sharp pipeline': pipeline,
      'the sharp pipeline again': pipeline,
    };
    const expected = await model.classify(raw);
    for (const [form, image] of Object.entries(forms)) expect(await model.classify(image), form).toEqual(expected);
    expect(await model.classify(Object.values(forms))).toEqual(Object.values(forms).map(() => expected));
  });

  it('takes grey pixels for RGB of equal values', async () => {
    const { data, width, height } = picture(50, 60);
    const grey = data.slice(0, width * height);
    const rgb = Uint8Array.from({ length: grey.length * 3 }, (_, i) => grey[Math.floor(i / 3)]!);
    expect(await model.classify({ data: grey, width, height, channels: 1 })).toEqual(
      await model.classify({ data: rgb, width, height, channels: 3 }),
    );
  });

  it('answers an array in its order, however many there are', async () => {
    const pictures = Array.from({ length: 40 }, (_, i) => picture(40 + i, 60, i));
    const single: Classification[][] = [];
    for (const image of pictures) single.push(await model.classify(image, { topK: 2 }));
    expect(await model.classify(pictures, { topK: 2 })).toEqual(single);
    expect(new Set(single.map((top) => top[0]!.probability)).size).toBeGreaterThan(20);
    expect(await model.classify([])).toEqual([]);
    expect(await model.classify([pictures[0]!])).toHaveLength(1);
  });

  it('tells pictures apart', async () => {
    const [red, blue] = await Promise.all(
      ['red', 'blue'].map(async (background) =>
        model.classify(
          await sharp({ create: { width: 80, height: 80, channels: 3, background } })
            .png()
            .toBuffer(),
        ),
      ),
    );
    expect(red).not.toEqual(blue);
  });

  it('leaves raw pixels to the caller once it has been called', async () => {
    const raw = picture(300, 300);
    const expected = await model.classify(raw);
    const running = model.classify(raw);
    raw.data.fill(0);
    structuredClone(raw, { transfer: [raw.data.buffer as ArrayBuffer] });
    expect(await running).toEqual(expected);
    await expect(model.classify(raw)).rejects.toMatchObject({ code: 'ERR_GHOST_IMAGE' });
  });
});

describe('plan', () => {
  it('names every step, and measures it where asked', () => {
    const plan = model.plan();
    const stages = plan.steps.flatMap((step) => step.stages);
    expect(stages[0]).toMatch(/^conv_stem.*: planar_conv$/);
    expect(stages.at(-1)).toMatch(/^classifier: matvec$/);
    expect(plan.steps.every(({ split, tasks }) => ['rows', 'groups'].includes(split) && tasks >= 1)).toBe(true);
    expect(plan.steps.reduce((sum, { macs }) => sum + macs, 0)).toBe(model.info.macs);
    expect(plan.steps.every(({ microseconds }) => microseconds === 0)).toBe(true);
    expect(model.plan([64, 96], 2).steps.some(({ microseconds }) => microseconds > 0)).toBe(true);
    // Nothing that a GhostNet has is left to the slow reference.
    expect(stages.filter((stage) => stage.endsWith('reference'))).toEqual([]);
  });

  it('says what memory it takes, and why rows or groups', () => {
    const plan = model.plan([224, 160]);
    expect(plan.inputSize).toEqual([224, 160]);
    expect(plan.weightBytes).toBe(model.info.weightBytes);
    expect(plan.l1Bytes).toBeGreaterThan(1024);
    expect(plan.l2Bytes).toBeGreaterThan(plan.l1Bytes);
    // The arena holds at least the largest map that outlives its step: the stem's, if nothing else.
    expect(plan.arenaBytes).toBeGreaterThan(0);
    expect(plan.scratchBytes).toBe(Math.max(...plan.steps.map(({ scratchBytes }) => scratchBytes)));
    expect(plan.arenaBytes).toBeGreaterThan(model.plan([64, 64]).arenaBytes);
    for (const { stages, reason, scratchBytes } of plan.steps) {
      expect(reason).toMatch(/^[a-z].*[a-zA-Z0-9]$/);
      // Stages that share a step hand their values on in scratch.
      if (stages.length > 1) expect(scratchBytes, stages.join()).toBeGreaterThan(0);
    }
    expect(plan.steps[0]).toMatchObject({ split: 'rows', reason: 'reads the image' });
  });
});
