import type { Shapes } from '../../formats/tensor.js';
import { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import type { Backbone, Family, Network } from '../network.js';

/** What the neck adds to its backbone. */
interface Neck {
  /** How many of the backbone's features it takes, counted from the last. */
  readonly levels: number;
  /** Of each of its maps. */
  readonly channels: number;
}

/** Of tensors that are written after mmdetection's names: `backbone.timm_model.blocks_3.…` is timm's `blocks.3.…`. */
const backbonePrefix = /^backbone\.(?:timm_model\.|timm\.)?/;
const suffix = '_fpn';
const firstTensor = 'neck.lateral_convs.0.conv.weight';

/**
 * A feature pyramid (arXiv 1612.03144) on the backbone of any of `families`: 1x1 convolutions bring its features to one
 * number of channels, each map is added to the one below it, and a 3x3 convolution smooths the sum. These have biases or
 * batch norms, as mmdetection's `norm_cfg` has it.
 *
 * @param fallback one of them, which has what none claims
 */
export function fpn(families: readonly Family[], fallback: Family): Family {
  const all = families.flatMap(({ backbones }) => backbones ?? []);
  return {
    architectures: {
      test: (name) =>
        name.endsWith(suffix) && families.some(({ architectures }) => architectures.test(withoutSuffix(name))),
    },
    claims: (names) => names.includes(firstTensor),
    firstTensor,
    recognise: (tensors, framework) => {
      const neck = neckOf(tensors);
      const names = [...tensors.keys()];
      const { recognise } = all.find(({ claims }) => claims(names)) ?? fallback.backbones!;
      return networkOf(
        recognise(tensors, framework, (backbone) => layoutOf(backbone, neck)),
        neck,
      );
    },
    timmName: (name) => name.replace(backbonePrefix, '').replace(/^blocks_(\d+)\./, 'blocks.$1.'),
  };
}

function networkOf(backbone: Backbone, neck: Neck): Network {
  const { architecture, kind, version, width, layout, assumed, gate } = backbone;
  return {
    architecture: `${architecture}${suffix}`,
    kind: `${kind} with an FPN`,
    version,
    width,
    ...(layout && { layout }),
    ...(assumed !== undefined && { assumed }),
    numClasses: 0,
    blueprint: layoutOf(backbone, neck),
    named: (name) => {
      const named = name.endsWith(suffix) ? backbone.named(withoutSuffix(name)) : undefined;
      return named && networkOf(named, neck);
    },
    gate,
    withGate: (other) => networkOf(backbone.withGate(other), neck),
    unlikeTimm: 'holds a network with an FPN, and timm has none: it cannot be written for timm.',
  };
}

function withoutSuffix(architecture: string): string {
  return architecture.slice(0, -suffix.length);
}

/** More features than any backbone has. */
const maxLevels = 8;

function neckOf(tensors: Shapes): Neck {
  const isThere = (level: number): boolean => tensors.has(`neck.lateral_convs.${level}.conv.weight`);
  let levels = 0;
  while (levels < maxLevels && isThere(levels)) levels++;
  return { levels, channels: tensors.get(firstTensor)?.shape[0] ?? 0 };
}

/** Its outputs: the pyramid's maps, as `p2` to `p5` by the logarithm of their strides, and those of its backbone. */
function layoutOf(backbone: Backbone, { levels, channels }: Neck): Blueprint {
  const net = new Blueprint();
  backbone.build(net);
  const features = net.takeFeatures().slice(-levels);
  const laterals = features.map((feature, level) =>
    net.conv(feature, `neck.lateral_convs.${level}.conv`, channels, {
      bias: true,
      batchNorm: `neck.lateral_convs.${level}.bn`,
    }),
  );
  const sums = [...laterals];
  for (let level = sums.length - 2; level >= 0; level--) {
    sums[level] = addAbove(net, laterals[level]!, sums[level + 1]!, `neck.sum.${level}`);
  }
  for (const [level, sum] of sums.entries()) {
    const smooth = { kernel: 3, bias: true, batchNorm: `neck.fpn_convs.${level}.bn` };
    const map = net.conv(sum, `neck.fpn_convs.${level}.conv`, channels, smooth);
    net.output(`p${Math.log2(net.strideOf(map))}`, map);
  }
  return net;
}

function addAbove(net: Blueprint, lateral: NodeId, above: NodeId, name: string): NodeId {
  const upsampled = net.add({ op: 'upsample_nearest', name: `${name}.upsample`, inputs: [above, lateral] });
  return net.add({ op: 'add', name, inputs: [lateral, upsampled] });
}
