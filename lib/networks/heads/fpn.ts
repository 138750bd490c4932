import type { StateDict } from '../../formats/tensor.js';
import { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import { addStages } from '../ghostnet/layout.js';
import { architectureName, namedVariant } from '../ghostnet/names.js';
import { variantOf } from '../ghostnet/recognise.js';
import type { Variant } from '../ghostnet/table.js';
import type { Family, Network } from '../network.js';

/** What the neck adds to its backbone. */
interface Neck {
  /** How many of the backbone's levels it takes, counted from the last. */
  readonly levels: number;
  /** Of each of its maps. */
  readonly channels: number;
}

/** The stages of the backbone that halve the map, of strides 4, 8, 16 and 32. */
const levelStages = [1, 3, 5, 7] as const;

/** Of tensors that are written after mmdetection's names: `backbone.timm_model.blocks_3.…` is timm's `blocks.3.…`. */
const backbonePrefix = /^backbone\.(?:timm_model\.|timm\.)?/;
const suffix = '_fpn';
const firstTensor = 'neck.lateral_convs.0.conv.weight';

/**
 * A feature pyramid (arXiv 1612.03144) on a GhostNet that ends with its last level: 1x1 convolutions bring the levels to
 * one number of channels, each map is added to the one below it, and a 3x3 convolution smooths the sum.
 */
export const fpn: Family = {
  architectures: /^ghostnet(?:v[23])?_\d{3}_fpn$/,
  claims: (names) => names.includes(firstTensor),
  firstTensor,
  recognise: (tensors, framework) => {
    const neck = neckOf(tensors);
    return networkOf(
      variantOf(tensors, framework, (variant) => layoutOf(variant, neck)),
      neck,
    );
  },
  timmName: (name) => name.replace(backbonePrefix, '').replace(/^blocks_(\d+)\./, 'blocks.$1.'),
};

function networkOf(variant: Variant, neck: Neck): Network {
  return {
    architecture: `${architectureName(variant)}${suffix}`,
    kind: `GhostNet V${variant.version} with an FPN`,
    version: variant.version,
    width: variant.width,
    numClasses: 0,
    blueprint: layoutOf(variant, neck),
    named: (architecture) => {
      const named = architecture.endsWith(suffix) ? namedVariant(architecture.slice(0, -suffix.length)) : undefined;
      return named && networkOf({ ...variant, ...named }, neck);
    },
    unlikeTimm: 'holds a network with an FPN, and timm has none: it cannot be written for timm.',
  };
}

function neckOf(tensors: StateDict): Neck {
  const levels = levelStages.filter((_, level) => tensors.has(`neck.lateral_convs.${level}.conv.weight`)).length;
  return { levels, channels: tensors.get('neck.lateral_convs.0.conv.weight')?.shape[0] ?? 0 };
}

/** Its outputs: the pyramid's maps, `p2` to `p5` by the logarithm of their strides, and those of its backbone. */
function layoutOf(variant: Variant, { levels, channels }: Neck): Blueprint {
  const net = new Blueprint();
  const stages = addStages(net, variant, levelStages.at(-1)! + 1, false);
  const first = levelStages.length - levels;
  const laterals = levelStages
    .slice(first)
    .map((stage, level) => net.conv(stages[stage]!, `neck.lateral_convs.${level}.conv`, channels, { bias: true }));
  const sums = new Array<NodeId>(levels);
  for (let level = levels - 1; level >= 0; level--) {
    const lateral = laterals[level]!;
    sums[level] = level === levels - 1 ? lateral : addAbove(net, lateral, sums[level + 1]!, `neck.sum.${level}`);
  }
  for (const [level, sum] of sums.entries()) {
    const map = net.conv(sum, `neck.fpn_convs.${level}.conv`, channels, { kernel: 3, bias: true });
    net.output(`p${first + level + 2}`, map);
  }
  return net;
}

function addAbove(net: Blueprint, lateral: NodeId, above: NodeId, name: string): NodeId {
  const upsampled = net.add({ op: 'upsample_nearest', name: `${name}.upsample`, inputs: [above, lateral] });
  return net.add({ op: 'add', name, inputs: [lateral, upsampled] });
}
