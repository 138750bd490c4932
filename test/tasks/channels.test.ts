import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../lib/formats/tensor.js';
import { exportModel, load, preprocess, type RawImage } from '../../lib/index.js';
import { topClasses } from '../../lib/tasks/classification.js';
import { referenceCase } from '../../testing/cases.js';
import { errorOf } from '../../testing/error-of.js';
import { readOnnx } from '../../testing/onnx.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

function saved(name: string, tensors: Map<string, Tensor>, config?: object): string {
  mkdirSync(join(folder, name), { recursive: true });
  if (config) writeFileSync(join(folder, name, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, name, 'model.safetensors'), savedTensors(tensors));
  return join(folder, name);
}

const picture: RawImage = {
  data: Uint8Array.from({ length: 3 * 90 * 70 }, (_, i) => (i * 37 + ((i * i) >> 4)) % 256),
  width: 90,
  height: 70,
  channels: 3,
};

/** What Pillow 13.0 makes of six pixels by convert('L'). */
const colours = Uint8Array.of(0, 255, 30, 200, 90, 10, 180, 1, 254, 255, 255, 255, 13, 77, 201, 128, 127, 129);
const greys = [153, 114, 83, 255, 72, 128];

describe('a network of grey pictures', () => {
  it("is given Pillow's grey, by the mean of timm's settings", async () => {
    await using model = await load(saved('grey', referenceCase('gray').tensors));
    const { mean, std } = model.config.preprocess;
    expect([mean, std].map((values) => values.map((value) => value.toFixed(3)))).toEqual([['0.449'], ['0.226']]);
    const tensor = await preprocess(picture, model.config.preprocess);
    expect(tensor.shape).toEqual([1, 1, 224, 224]);
    const logits = await model.infer(tensor);
    expect(await model.classify(picture)).toEqual(topClasses(logits.data, model.config.labels, 5));
    expect((await model.embed(picture)).data).toEqual((await model.embed(tensor)).data);
    const { code, message } = await errorOf(
      model.infer({ data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] }),
    );
    expect(code).toBe('ERR_GHOST_SHAPE');
    expect(message).toContain('[n, 1, h, w]');
  });

  it('may have its own settings', async () => {
    const config = { pretrained_cfg: { input_size: [1, 64, 96], mean: [0.5], std: [0.25] } };
    await using model = await load(saved('own', referenceCase('gray').tensors, config));
    expect(model.config.preprocess).toMatchObject({ inputSize: [64, 96], mean: [0.5], std: [0.25] });
  });

  it('makes grey to the byte', async () => {
    const config = { inputSize: [1, 6], cropPct: 1, cropMode: 'squash', mean: [0], std: [1] } as const;
    const { data, shape } = await preprocess({ data: colours, width: 6, height: 1, channels: 3 }, config);
    expect(shape).toEqual([1, 1, 1, 6]);
    expect([...data].map((value) => Math.round(value * 255))).toEqual(greys);
  });

  it('is written for timm and as .onnx with its one channel', async () => {
    const tensors = new Map(syntheticStateDict(2, 0.1, 10));
    const [channels] = tensors.get('conv_stem.weight')!.shape;
    tensors.set('conv_stem.weight', syntheticTensor('conv_stem.weight', [channels!, 1, 3, 3]));
    const source = saved('timm', tensors);
    await exportModel(source, join(folder, 'model.onnx'), { inputSize: [64, 64] });
    expect(readOnnx(readFileSync(join(folder, 'model.onnx'))).inputs[0]!.shape).toEqual(['batch', 1, 64, 64]);
    await exportModel(source, join(folder, 'model.safetensors'));
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({
      architecture: 'ghostnetv2_010',
      model_args: { in_chans: 1 },
      pretrained_cfg: { input_size: [1, 224, 224] },
    });
    await using model = await load(join(folder, 'model.safetensors'));
    expect(model.config.preprocess.mean).toHaveLength(1);
    const gate = { activation: 'relu', pooling: 'mean', upsampling: 'nearest' } as const;
    await exportModel(source, join(folder, 'model.safetensors'), { gate, overwrite: true });
    const gated = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
    expect(gated).toMatchObject({ gate, model_args: { in_chans: 1, gate } });
  });
});

describe('a network of other channels', () => {
  it.each<[name: string, channels: number]>([
    ['rgba', 4],
    ['five-channels', 5],
  ])('takes tensors, and says so where it is given a picture: %s', async (name, channels) => {
    await using model = await load(saved(name, referenceCase(name).tensors));
    expect(model.config.preprocess.mean).toHaveLength(channels);
    const data = new Float32Array(channels * 64 * 64);
    expect((await model.infer({ data, shape: [1, channels, 64, 64] })).shape).toEqual([1, 7]);
    for (const asked of [model.classify(picture), model.features(picture), model.embed(picture)]) {
      const { code, message } = await errorOf(asked);
      expect(code).toBe('ERR_GHOST_ARCHITECTURE');
      expect(message).toContain(`The network takes inputs of ${channels} channels, which no picture has`);
      expect(message).toContain(`Make the tensor [n, ${channels}, h, w] and pass it to infer()`);
    }
  });

  it('has none in preprocess()', async () => {
    for (const config of [{ mean: [0.5, 0.5] }, { mean: [0.5] }, { mean: [1, 1, 1, 1], std: [1, 1, 1, 1] }]) {
      const { code, message } = await errorOf(preprocess(picture, config));
      expect(code).toBe('ERR_GHOST_ARGUMENT');
      expect(message).toMatch(/three numbers/);
    }
  });
});
