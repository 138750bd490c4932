import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StateDict, Tensor } from '../../../lib/formats/tensor.js';
import { load, type GhostNet } from '../../../lib/index.js';
import { defaultOutputs, mainOutputs, outputsFor } from '../../../lib/networks/network.js';
import { layoutOf } from '../../../lib/networks/mobilenetv3/layout.js';
import type { Variant } from '../../../lib/networks/mobilenetv3/table.js';
import { identify } from '../../../lib/networks/registry.js';
import { errorOf } from '../../../testing/error-of.js';
import { onReference } from '../../../testing/on-reference.js';
import { savedTensors } from '../../../testing/saved.js';
import { syntheticImage, syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';
import { evaluate } from '../../../testing/evaluate.js';

const folder = temporaryFolder();
const small = { size: 'small', width: 0.5, numClasses: 10 } as const;

function weightsOf(variant: Variant): Map<string, Tensor> {
  return new Map(
    layoutOf(variant)
      .tensors()
      .map(({ name, shape }) => [name, syntheticTensor(name, shape)]),
  );
}

async function logitsOf(tensors: StateDict, height: number, width: number): Promise<Float64Array> {
  const network = identify(tensors);
  const graph = network.blueprint.graph(tensors, mainOutputs(network));
  return (await evaluate(graph, syntheticImage('input', [1, 3, height, width]))).get('logits')!;
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Math.max(...Array.from(expected, (value, i) => Math.abs(found[i]! - value)));
}

async function loaded(variant: Variant): Promise<GhostNet> {
  const file = join(folder, `${variant.size}-${variant.width}.safetensors`);
  writeFileSync(file, savedTensors(weightsOf(variant)));
  return load(file, { threads: 2 });
}

describe('a MobileNetV3', () => {
  it.each<[name: string, variant: Omit<Variant, 'numClasses'>, parameters: number]>([
    ['mobilenetv3_large_100', { size: 'large', width: 1 }, 5_483_032],
    ['mobilenetv3_large_075', { size: 'large', width: 0.75 }, 3_993_528],
    ['mobilenetv3_small_100', { size: 'small', width: 1 }, 2_542_856],
    ['mobilenetv3_small_050', { size: 'small', width: 0.5 }, 1_593_224],
  ])('%s is recognised, with as many parameters as in timm', (name, variant, parameters) => {
    const network = identify(weightsOf({ ...variant, numClasses: 1000 }));
    expect(network).toMatchObject({ architecture: name, width: variant.width, numClasses: 1000 });
    expect(network.parameterCount).toBe(parameters);
  });

  // What timm 1.0 computes in float64 from float32 weights and pixels of the rule in testing/synthetic.ts.
  it.each<[variant: Omit<Variant, 'numClasses'>, height: number, width: number, expected: number[]]>([
    [
      { size: 'large', width: 1 },
      97,
      65,
      [
        0.0963345915, 0.098495841, -0.0137340669, 0.186923742, 0.108294927, 0.0172263011, -0.658211768, 0.229315057,
        -0.0915347189, 0.081282787,
      ],
    ],
    [
      { size: 'small', width: 1 },
      64,
      96,
      [
        0.383230388, 0.0444537178, 0.278499633, 0.288064271, -0.0133214444, 0.0673853904, -0.230343387, 0.00667051505,
        -0.196142733, -0.0665843785,
      ],
    ],
    [
      { size: 'small', width: 0.5 },
      64,
      64,
      [
        0.103380516, 0.187433213, 0.461197466, 0.25847429, 0.316913903, 0.0478128977, -0.347413391, 0.0149074905,
        -0.253189802, -0.173322529,
      ],
    ],
  ])('%j of %i x %i pixels means what PyTorch computes', async (variant, height, width, expected) => {
    const logits = await logitsOf(weightsOf({ ...variant, numClasses: 10 }), height, width);
    expect(largestDifference(logits, expected)).toBeLessThan(1e-7);
  });

  it.each<Variant>([small, { size: 'large', width: 0.35, numClasses: 7 }])(
    '$size $width is computed so',
    async (variant) => {
      await using model = await loaded(variant);
      expect(model.config).toMatchObject({ version: undefined, width: variant.width, numClasses: variant.numClasses });
      const [height, width] = [65, 96];
      const { data } = syntheticImage('input', [1, 3, height, width]);
      const { data: logits, shape } = await model.infer({ data, shape: [1, 3, height, width] });
      expect(shape).toEqual([1, variant.numClasses]);
      expect(largestDifference(logits, await logitsOf(weightsOf(variant), height, width))).toBeLessThan(1e-5);
      expect(onReference(model)).toEqual([]);
    },
  );

  it('classifies, embeds and hands over its stages', async () => {
    await using model = await loaded(small);
    const picture = { data: new Uint8Array(3 * 80 * 60).fill(90), width: 80, height: 60, channels: 3 } as const;
    const classes = await model.classify(picture, { topK: 10 });
    expect(classes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    expect((await model.embed(picture)).shape).toEqual([1, 1024]);
    const maps = await model.features(picture);
    expect(maps.map(({ name, shape, stride }) => [name, shape[1], stride])).toEqual([
      ['bn1', 16, 2],
      ['blocks.0', 8, 4],
      ['blocks.1', 16, 8],
      ['blocks.3', 24, 16],
      ['blocks.5', 288, 32],
    ]);
    const { code, message } = await errorOf(model.attention(picture));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toMatch(/^mobilenetv3_small_050 is a MobileNetV3, which has no attention\. Load a GhostNetV2 or /);
  });

  it('of the large kind finds its first level behind its first stage', () => {
    const network = identify(weightsOf({ size: 'large', width: 0.35, numClasses: 7 }));
    expect(defaultOutputs(network, 'feature')).toEqual(['blocks.0', 'blocks.1', 'blocks.2', 'blocks.4', 'blocks.6']);
    expect(outputsFor(network, 'feature')).toContain('bn1');
  });

  it('of another padding, which only its name tells, is refused', async () => {
    const tensors = weightsOf({ ...small, width: 0.35 });
    const named = join(folder, 'named.safetensors');
    writeFileSync(named, savedTensors(tensors));
    const config = (architecture: string): void =>
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ architecture, num_classes: 10 }));
    const assumed = [expect.stringMatching(/^padding as PyTorch's networks have it \(assumed; /) as string];
    for (const [name, layout] of [
      ['mobilenetv3_small_035.some_tag', []],
      ['our_own_network', assumed],
    ] as const) {
      config(name);
      await using model = await load(named);
      expect(model.config.layout, name).toEqual(layout);
    }
    config('tf_mobilenetv3_small_035');
    const { code, message } = await errorOf(load(named));
    expect(code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(message).toBe(
      `${named} cannot be used: the config.json beside it names tf_mobilenetv3_small_035, which was trained in TensorFlow, whose padding and batch norm are not computed here. Use one of timm's that PyTorch trained, as mobilenetv3_large_100.ra_in1k.`,
    );
    config('mobilenetv3_small_050');
    expect((await errorOf(load(named))).message).toMatch(/names mobilenetv3_small_050: tensor .* has shape/);
  });

  it('that lacks a tensor is refused as one', () => {
    const tensors = weightsOf(small);
    tensors.delete('blocks.2.0.se.conv_expand.bias');
    expect(() => identify(tensors)).toThrow(
      /is no complete MobileNetV3: it lacks 1 of 210 tensors, the first is blocks\.2\.0\.se\.conv_expand\.bias\./,
    );
  });
});
