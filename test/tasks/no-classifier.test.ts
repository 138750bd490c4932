import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../lib/formats/tensor.js';
import { exportModel, load } from '../../lib/index.js';
import { mainOutputs } from '../../lib/networks/network.js';
import { identify } from '../../lib/networks/registry.js';
import { referenceCase } from '../../testing/cases.js';
import { errorOf } from '../../testing/error-of.js';
import { readOnnx } from '../../testing/onnx.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

const withoutClassifier = (tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map([...tensors].filter(([name]) => !name.startsWith('classifier.')));

const whole = syntheticStateDict(2, 0.1, 10);
const file = join(folder, 'model.safetensors');
writeFileSync(file, savedTensors(withoutClassifier(whole)));
const picture = { data: new Uint8Array(64 * 64 * 3).fill(90), width: 64, height: 64, channels: 3 } as const;

describe('a network that was saved without its classifier', () => {
  it.each(['mobilenetv2_035', 'mobilenetv3_small_050', 'repghostnet_050', 'v1', 'v2', 'v3'])(
    'is known as %s',
    (name) => {
      const { architecture, tensors } = referenceCase(name);
      const network = identify(withoutClassifier(tensors));
      expect(network).toMatchObject({ architecture, numClasses: 0 });
      expect(mainOutputs(network)).toEqual(['pre_logits']);
    },
  );

  it('gives the same embedding and features, and says that it has no logits', async () => {
    const other = join(folder, 'whole.safetensors');
    writeFileSync(other, savedTensors(new Map(whole)));
    await using model = await load(file);
    await using complete = await load(other);
    expect(model.config).toMatchObject({ architecture: 'ghostnetv2_010', width: 0.1, numClasses: 0, labels: [] });
    expect(await model.embed(picture)).toEqual(await complete.embed(picture));
    expect(await model.features(picture)).toEqual(await complete.features(picture));
    const tensor = { data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] } as const;
    for (const asked of [model.classify(picture), model.infer(tensor)]) {
      const { code, message } = await errorOf(asked);
      expect(code).toBe('ERR_GHOST_ARCHITECTURE');
      expect(message).toBe(
        'This ghostnetv2_010 was saved without its classifier (num_classes 0): embed() and features() are what it answers.',
      );
    }
  });

  it('is written so for timm, and with its embedding as .onnx', async () => {
    await exportModel(file, join(folder, 'model.onnx'), { inputSize: [64, 64] });
    const { outputs } = readOnnx(readFileSync(join(folder, 'model.onnx')));
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([['pre_logits', ['batch', 1280]]]);
    await exportModel(file, join(folder, 'written.safetensors'));
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ architecture: 'ghostnetv2_010', num_classes: 0 });
    await using model = await load(join(folder, 'written.safetensors'));
    expect(model.config.numClasses).toBe(0);
  });
});
