import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../lib/formats/tensor.js';
import { lookAlike } from '../../../lib/networks/look-alikes.js';
import { identify } from '../../../lib/networks/registry.js';
import { syntheticStateDict } from '../../../testing/synthetic.js';
import type { Variant } from '../../../lib/networks/ghostnet/table.js';
import { checkClaim } from '../../../lib/networks/claim.js';
import { expectedTensors, inspectGhostNet } from '../../../testing/ghostnet.js';

/** Names and shapes alone: most of inspection looks at nothing else. */
function shapesOf(variant: Variant): Map<string, Tensor> {
  const none = new Float32Array(0);
  return new Map(expectedTensors(variant).map(({ name, shape }) => [name, { shape, data: none }]));
}

/** A small network with some tensors replaced, or taken out where they are undefined. */
function altered(changes: Readonly<Record<string, Tensor | undefined>>): Map<string, Tensor> {
  const tensors = new Map(syntheticStateDict(2, 0.1, 10));
  for (const [name, tensor] of Object.entries(changes)) {
    if (tensor) tensors.set(name, tensor);
    else tensors.delete(name);
  }
  return tensors;
}

const filled = (shape: number[], value = 0): Tensor => ({
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
});

describe('architecture', () => {
  it.each<[name: string, variant: Variant, millions: number]>([
    ['ghostnet_050', { version: 1, width: 0.5, numClasses: 1000 }, 2.59],
    ['ghostnet_100', { version: 1, width: 1, numClasses: 1000 }, 5.18],
    ['ghostnet_130', { version: 1, width: 1.3, numClasses: 1000 }, 7.36],
    ['ghostnetv2_100', { version: 2, width: 1, numClasses: 1000 }, 6.16],
    ['ghostnetv2_130', { version: 2, width: 1.3, numClasses: 1000 }, 8.96],
    ['ghostnetv2_160', { version: 2, width: 1.6, numClasses: 1000 }, 12.39],
    ['ghostnetv3_100', { version: 3, width: 1, numClasses: 1000 }, 8.13],
    // One bias in place of each batch norm's two vectors.
    ['ghostnetv3_100, deployed', { version: 3, width: 1, numClasses: 1000, deployed: true }, 6.15],
  ])('%s has the published number of parameters', (_, variant, millions) => {
    const tensors = new Map(expectedTensors(variant).map(({ name, shape }) => [name, filled([...shape])]));
    const { trainedCount, ...found } = inspectGhostNet(tensors);
    expect(found).toEqual({ ...variant, imageChannels: 3 });
    expect(Number((trainedCount / 1e6).toFixed(2))).toBe(millions);
  });

  it('counts what a GhostNetV3 computes with as if it were deployed', () => {
    const trained = identify(shapesOf({ version: 3, width: 1, numClasses: 1000 }));
    const deployed = identify(shapesOf({ version: 3, width: 1, numClasses: 1000, deployed: true }));
    expect(trained.parameterCount).toBe(deployed.trainedCount);
    expect(deployed.parameterCount).toBe(deployed.trainedCount);
    expect(trained.trainedCount).toBeGreaterThan(deployed.trainedCount);
  });

  it('finds every width of two decimals', () => {
    for (let percent = 1; percent <= 250; percent++) {
      const variant = { version: percent % 2 ? 1 : 2, width: percent / 100, numClasses: percent } as const;
      expect(inspectGhostNet(shapesOf(variant))).toMatchObject(variant);
    }
  }, 30_000);

  it.each([0.333, 0.1234, 2 / 3, Math.PI])('finds a width that means the same as %f', (width) => {
    const tensors = shapesOf({ version: 2, width, numClasses: 7 });
    const found = inspectGhostNet(tensors);
    expect(shapesOf(found)).toEqual(tensors);
    expect(found.width).toBeCloseTo(width, 2);
  });
});

it.each([
  ['blocks.1.0.conv_pw.weight', "one of timm's EfficientNets or MobileNets"],
  ['patch_embed.proj.weight', 'a vision transformer'],
  ['model.22.cv2.0.0.conv.weight', 'a YOLO'],
  ['backbone.conv_stem.weight', 'a larger network, of which this may be the backbone'],
  ['some.thing', undefined],
])('%s is as in %s', (tensor, network) => {
  expect(lookAlike(['nothing', tensor])).toBe(network);
});

describe('a name that is claimed', () => {
  const found = { version: 2, width: 1.3, numClasses: 1000 } as const;
  const claim = (name: string, variant: Variant = found) => {
    const origin = { source: 'the config.json beside it', advice: 'Correct it.' };
    const tensors = shapesOf(variant);
    checkClaim({ name, ...origin }, identify(tensors), tensors, 'weights.pth');
  };

  it.each<[name: string, variant: Variant]>([
    ['ghostnetv2_130', found],
    ['ghostnetv2_130.in1k', found],
    ['ghostnet_100', { version: 1, width: 1, numClasses: 5 }],
    ['ghostnetv3_100', { version: 3, width: 1, numClasses: 5, deployed: true }],
    // As many channels as a width of 0.1 gives.
    ['ghostnetv2_010', { version: 2, width: 0.1001, numClasses: 5 }],
    ['our_own_network', found],
  ])('%s is true, or says nothing', (name, variant) => claim(name, variant));

  it.each<[name: string, variant: Variant, sentence: string]>([
    [
      'ghostnetv2_100',
      found,
      'ghostnetv2_130, but the config.json beside it names ghostnetv2_100: tensor conv_stem.weight has shape [20, 3, 3, 3], where ghostnetv2_100 needs [16, 3, 3, 3].',
    ],
    [
      'ghostnet_130',
      found,
      'names ghostnet_130: tensor blocks.2.0.ghost1.short_conv.0.weight is there, and ghostnet_130 has none of that name.',
    ],
    [
      'ghostnetv3_130.in1k',
      found,
      'names ghostnetv3_130: tensor blocks.0.0.ghost1.primary_rpr_conv.0.conv.weight is missing, where ghostnetv3_130 needs [10, 20, 1, 1].',
    ],
  ])('%s is false', (name, variant, sentence) => {
    const refused = () => claim(name, variant);
    expect(refused).toThrow(expect.objectContaining({ code: 'ERR_GHOST_ARCHITECTURE' }));
    expect(refused).toThrow(`${sentence} Correct it.`);
    expect(refused).toThrow(/^weights\.pth holds the weights of /);
  });
});

describe('what MindSpore trained', () => {
  const inspect = (variant: Variant) => inspectGhostNet(shapesOf(variant), 'mindspore');

  it('has bilinear gates, and channels that were rounded up', () => {
    const network = {
      version: 2,
      width: 0.3,
      numClasses: 10,
      channelRounding: 'up',
      gate: { activation: 'sigmoid', pooling: 'mean', upsampling: 'bilinear_aligned' },
    } as const;
    expect(inspect(network)).toMatchObject(network);
    // Without MindSpore's file nothing tells of its gates: the channels are those of no published network.
    expect(inspectGhostNet(shapesOf(network))).toMatchObject({ structure: { stemChannels: 8 } });
  });

  it('may have channels that were rounded to the nearest', () => {
    const found = inspect({ version: 1, width: 0.1, numClasses: 10 });
    expect(found).toMatchObject({ version: 1, width: 0.1, gate: { upsampling: 'bilinear_aligned' } });
    expect(found.channelRounding).toBeUndefined();
  });
});

describe('tensors that do not fit', () => {
  it.each<[fault: string, changes: Readonly<Record<string, Tensor | undefined>>, code: string, sentence: RegExp]>([
    [
      'one is missing',
      { 'blocks.3.0.conv_dw.weight': undefined },
      'ERR_GHOST_ARCHITECTURE',
      /GhostNet V2: it lacks 1 of 642 tensors, the first is blocks\.3\.0\.conv_dw\.weight\./,
    ],
    [
      'one is called otherwise',
      { 'bn1.bias': undefined, 'bn1.beta': filled([4]) },
      'ERR_GHOST_ARCHITECTURE',
      /lacks 1 .* bn1\.bias; unexpected: bn1\.beta\./,
    ],
    [
      'some are too many',
      { 'aux.weight': filled([4]), 'blocks.9.1.x': filled([4]) },
      'ERR_GHOST_ARCHITECTURE',
      /unexpected: aux\.weight and 1 more/,
    ],
    ['a name that is no name', { 'a\nb': filled([4]) }, 'ERR_GHOST_ARCHITECTURE', /unexpected: "a\\nb"\./],
    [
      'one has another shape',
      { 'blocks.1.0.ghost1.primary_conv.0.weight': filled([6, 4, 1, 1]) },
      'ERR_GHOST_ARCHITECTURE',
      /^Tensor blocks\.1\.0\.ghost1\.primary_conv\.0\.weight has shape \[6, 4, 1, 1\], where ghostnetv2_010, the most similar network, needs \[4, 4, 1, 1\]\.$/,
    ],
    [
      'several have other shapes',
      { 'bn1.weight': filled([6]), 'bn1.bias': filled([6]), 'conv_head.bias': filled([7]) },
      'ERR_GHOST_ARCHITECTURE',
      /bn1\.weight has shape \[6\], .* needs \[4\]; 2 of 642 other tensors do not fit it either\./,
    ],
    [
      'one has fewer dimensions',
      { 'conv_head.weight': filled([1280, 96]) },
      'ERR_GHOST_ARCHITECTURE',
      /conv_head\.weight has shape \[1280, 96\], .* \[1280, 96, 1, 1\]/,
    ],
    [
      'the last convolution has another shape',
      { 'blocks.9.0.conv.weight': filled([]) },
      'ERR_GHOST_ARCHITECTURE',
      /has shape/,
    ],
    [
      'the last convolution has an absurd shape',
      { 'blocks.9.0.conv.weight': filled([2 ** 52, 0]) },
      'ERR_GHOST_ARCHITECTURE',
      /has 0 channels or 0 classes in tensor blocks\.9\.0\.conv\.weight/,
    ],
    [
      'there is half a classifier',
      { 'classifier.weight': undefined },
      'ERR_GHOST_ARCHITECTURE',
      /is no GhostNet V2 that is known; unexpected: classifier\.bias/,
    ],
    [
      'the classifier has no classes',
      { 'classifier.weight': filled([0, 1280]), 'classifier.bias': filled([0]) },
      'ERR_GHOST_ARCHITECTURE',
      /has 0 channels or 0 classes in tensor classifier\.weight of shape \[0, 1280\]; expected one or more/,
    ],
    [
      'NaN',
      { 'conv_head.bias': filled([1280], NaN) },
      'ERR_GHOST_CHECKPOINT',
      /tensor conv_head\.bias holds NaN at index 0/,
    ],
    [
      'infinity',
      { 'bn1.weight': { shape: [4], data: Float32Array.of(1, 1, -Infinity, Infinity) } },
      'ERR_GHOST_CHECKPOINT',
      /tensor bn1\.weight holds -Infinity at index 2/,
    ],
  ])('%s', (_, changes, code, sentence) => {
    const inspect = () => inspectGhostNet(altered(changes));
    expect(inspect).toThrow(expect.objectContaining({ code, message: expect.stringMatching(sentence) }));
  });

  it('finite values however large are no fault', () => {
    const largest = 3.4028234663852886e38;
    expect(inspectGhostNet(altered({ 'conv_head.bias': filled([1280], largest) })).version).toBe(2);
  });

  it('nothing at all, or another network', () => {
    expect(() => inspectGhostNet(new Map())).toThrow(/lacks 430 of 430 tensors, the first is conv_stem\.weight\./);
    const other = new Map([['layer1.0.conv1.weight', filled([64, 64, 3, 3])]]);
    expect(() => inspectGhostNet(other)).toThrow(
      /lacks 430 of 430 tensors.*; unexpected: layer1\.0\.conv1\.weight, as in a ResNet\./,
    );
  });
});

describe('GhostNetV3', () => {
  it.each([
    { version: 3, width: 0.5, numClasses: 7 } as const,
    { version: 3, width: 1.3, numClasses: 7, deployed: true } as const,
  ])('%j', (variant) => {
    expect(inspectGhostNet(shapesOf(variant))).toMatchObject(variant);
  });

  it('lacks one branch', () => {
    const tensors = shapesOf({ version: 3, width: 0.1, numClasses: 10 });
    tensors.delete('blocks.3.0.dw_rpr_scale.conv.weight');
    expect(() => inspectGhostNet(tensors)).toThrow(
      /GhostNet V3: it lacks 1 of \d+ tensors, the first is blocks\.3\.0\.dw_rpr_scale\.conv\.weight/,
    );
  });
});
