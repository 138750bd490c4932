import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../lib/formats/tensor.js';
import { exportModel, load } from '../../../lib/index.js';
import { layoutOf } from '../../../lib/networks/mobilenetv2/layout.js';
import { repeats, type Variant } from '../../../lib/networks/mobilenetv2/table.js';
import { defaultOutputs } from '../../../lib/networks/network.js';
import { identify } from '../../../lib/networks/registry.js';
import { errorOf } from '../../../testing/error-of.js';
import { savedTensors } from '../../../testing/saved.js';
import { syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const attention: Variant['attention'] = new Map();
const small: Variant = {
  width: 0.35,
  repeats: repeats.paper,
  stemChannels: 16,
  headChannels: 1280,
  attention,
  numClasses: 10,
};

function weightsOf(variant: Variant): Map<string, Tensor> {
  return new Map(
    layoutOf(variant)
      .tensors()
      .map(({ name, shape }) => [name, syntheticTensor(name, shape)]),
  );
}

describe('a MobileNetV2', () => {
  it.each<[name: string, variant: Omit<Variant, 'numClasses' | 'attention'>, parameters: number]>([
    ['mobilenetv2_050', { width: 0.5, repeats: repeats.paper, stemChannels: 16, headChannels: 1280 }, 1_968_680],
    ['mobilenetv2_100', { width: 1, repeats: repeats.paper, stemChannels: 32, headChannels: 1280 }, 3_504_872],
    ['mobilenetv2_110d', { width: 1.1, repeats: repeats['110d'], stemChannels: 32, headChannels: 1280 }, 4_516_520],
    ['mobilenetv2_120d', { width: 1.2, repeats: repeats['120d'], stemChannels: 32, headChannels: 1280 }, 5_831_144],
    ['mobilenetv2_140', { width: 1.4, repeats: repeats.paper, stemChannels: 48, headChannels: 1792 }, 6_108_776],
  ])('%s is recognised, with as many parameters as in timm', (name, variant, parameters) => {
    const network = identify(weightsOf({ ...variant, attention, numClasses: 1000 }));
    expect(network).toMatchObject({ architecture: name, width: variant.width, numClasses: 1000 });
    expect(network.parameterCount).toBe(parameters);
    expect(network.named(`${name}.tag`)?.blueprint.tensors()).toEqual(network.blueprint.tensors());
    expect(defaultOutputs(network, 'feature')).toEqual(['blocks.0', 'blocks.1', 'blocks.2', 'blocks.4', 'blocks.6']);
  });

  it('classifies and embeds', async () => {
    const file = join(folder, 'small.safetensors');
    writeFileSync(file, savedTensors(weightsOf(small)));
    await using model = await load(file);
    const picture = { data: new Uint8Array(3 * 80 * 60).fill(90), width: 80, height: 60, channels: 3 } as const;
    expect(await model.classify(picture, { topK: 10 })).toHaveLength(10);
    expect((await model.embed(picture)).shape).toEqual([1, 1280]);
    expect(model.config.version).toBeUndefined();
  });

  it('may have DFC attention in some of its blocks, which timm has not', async () => {
    const file = join(folder, 'dfc.safetensors');
    writeFileSync(
      file,
      savedTensors(
        weightsOf({
          ...small,
          attention: new Map([
            ['blocks.1.0', { kernels: [7, 3] as const }],
            ['blocks.5.2', { positions: 1 }],
          ]),
        }),
      ),
    );
    await using model = await load(file);
    expect(model.config.architecture).toBe('mobilenetv2_035_dfc');
    expect(model.config.layout).toEqual([
      'attention of 7x1 and 1x3 in 1.0',
      'attention of any two of 1 positions in 5.2',
    ]);
    expect(model.config.preprocess.inputSize).toEqual([64, 64]);
    const picture = { data: new Uint8Array(3 * 80 * 60).fill(90), width: 80, height: 60, channels: 3 } as const;
    const gates = await model.attention(picture);
    expect(gates.map(({ name, stride }) => [name, stride])).toEqual([
      ['blocks.1.0', 4],
      ['blocks.5.2', 64],
    ]);
    const { message } = await errorOf(exportModel(file, join(folder, 'again.safetensors')));
    expect(message).toContain('holds a MobileNetV2 with DFC attention');
  });

  it('of another depth than its config.json says is refused', async () => {
    const file = join(folder, 'named.safetensors');
    writeFileSync(file, savedTensors(weightsOf({ ...small, width: 0.75, stemChannels: 24 })));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ architecture: 'mobilenetv2_110d', num_classes: 10 }));
    const { code, message } = await errorOf(load(file));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toMatch(/holds the weights of mobilenetv2_075, but .* names mobilenetv2_110d: tensor /);
  });

  it('that lacks a tensor is refused as one', () => {
    const tensors = weightsOf(small);
    tensors.delete('blocks.2.1.bn2.bias');
    expect(() => identify(tensors)).toThrow(
      /is no complete MobileNetV2: it lacks 1 of \d+ tensors, the first is blocks\.2\.1\.bn2\.bias/,
    );
  });
});
