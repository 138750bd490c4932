import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../lib/formats/tensor.js';
import { exportModel, load } from '../../../lib/index.js';
import { identify } from '../../../lib/networks/registry.js';
import { layoutOf } from '../../../lib/networks/repghost/layout.js';
import type { Variant } from '../../../lib/networks/repghost/table.js';
import { errorOf } from '../../../testing/error-of.js';
import { savedTensors } from '../../../testing/saved.js';
import { syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

function weightsOf(variant: Variant): Map<string, Tensor> {
  return new Map(
    layoutOf(variant)
      .tensors()
      .map(({ name, shape }) => [name, syntheticTensor(name, shape)]),
  );
}

describe('a RepGhostNet', () => {
  it.each([
    ['repghostnet_050', 0.5, 2_313_968],
    ['repghostnet_058', 0.58, 2_546_388],
    ['repghostnet_080', 0.8, 3_278_968],
    ['repghostnet_100', 1, 4_073_604],
    ['repghostnet_111', 1.11, 4_539_984],
    ['repghostnet_130', 1.3, 5_478_612],
    ['repghostnet_150', 1.5, 6_575_336],
    ['repghostnet_200', 2, 9_796_124],
  ])('%s is recognised, with as many parameters as in timm', (name, width, parameters) => {
    const network = identify(weightsOf({ width, numClasses: 1000, deployed: false }));
    expect(network).toMatchObject({ architecture: name, kind: 'RepGhostNet', width, numClasses: 1000 });
    expect(network.trainedCount).toBe(parameters);
    const deployed = identify(weightsOf({ width, numClasses: 1000, deployed: true }));
    expect(deployed.architecture).toBe(name);
    expect(deployed.trainedCount).toBeLessThan(parameters);
    for (const { parameterCount } of [network, deployed]) expect(parameterCount).toBe(deployed.trainedCount);
  });

  it('with its branches merged is not written for timm, which has them', async () => {
    const file = join(folder, 'deployed.safetensors');
    writeFileSync(file, savedTensors(weightsOf({ width: 0.5, numClasses: 10, deployed: true })));
    const { code, message } = await errorOf(exportModel(file, join(folder, 'again.safetensors')));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toContain('whose branches are merged');
    await exportModel(file, join(folder, 'merged.onnx'));
  });

  it('has timm’s features, and no attention', async () => {
    const file = join(folder, 'trained.safetensors');
    writeFileSync(file, savedTensors(weightsOf({ width: 0.5, numClasses: 10, deployed: false })));
    await using model = await load(file);
    const picture = { data: new Uint8Array(3 * 80 * 60).fill(90), width: 80, height: 60, channels: 3 } as const;
    const maps = await model.features(picture);
    expect(maps.map(({ name, shape, stride }) => [name, shape[1], stride])).toEqual([
      ['conv_stem', 8, 2],
      ['blocks.1', 12, 4],
      ['blocks.3', 20, 8],
      ['blocks.5', 40, 16],
      ['blocks.7', 80, 32],
    ]);
    expect((await errorOf(model.attention(picture))).code).toBe('ERR_GHOST_ARCHITECTURE');
  });

  it('that lacks a tensor is refused as one', () => {
    const tensors = weightsOf({ width: 0.5, numClasses: 10, deployed: false });
    tensors.delete('blocks.2.0.ghost1.fusion_bn.0.bias');
    expect(() => identify(tensors)).toThrow(/is no complete RepGhostNet: it lacks 1 of \d+ tensors/);
  });
});
