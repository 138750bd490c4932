import type { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import type { HeadConfig } from '../../head-config.js';
import { countOf, inChannels, outChannels, type Ground } from './head.js';

/** Of a backbone's map to the pyramid's channels. */
export const lateral = (level: number): string => `neck.lateral_convs.${level}`;

const smooth = (level: number): string => `neck.fpn_convs.${level}`;

/** A pyramid on a backbone's maps, each the largest first. */
export interface Pyramid {
  readonly features: readonly NodeId[];
  readonly laterals: readonly NodeId[];
  readonly maps: readonly NodeId[];
}

/** How many of a backbone's maps the pyramid stands on. */
export function fpnLevels(tensors: Ground['tensors']): number {
  return countOf(tensors, (level) => `${lateral(level)}.conv.weight`);
}

/**
 * mmdetection's FPN (arXiv 1612.03144): 1x1 convolutions bring the backbone's maps to one number of channels, each map is added
 * to the one below it, and a 3x3 convolution smooths the sum. These have biases or batch norms, as `norm_cfg` has it.
 */
export function addFpn(
  { net, tensors }: Ground,
  features: readonly NodeId[],
  upsampling: HeadConfig['upsampling'] = 'nearest',
): Pyramid {
  const channels = outChannels(tensors, `${lateral(0)}.conv.weight`);
  const laterals = features.map((feature, level) =>
    net.conv(feature, `${lateral(level)}.conv`, channels, { bias: true, batchNorm: `${lateral(level)}.bn` }),
  );
  const sums = [...laterals];
  for (let level = sums.length - 2; level >= 0; level--) {
    const name = `neck.sum.${level}`;
    const inputs = [sums[level + 1]!, laterals[level]!] as const;
    const above = net.add({ op: `upsample_${upsampling}`, name: `${name}.upsample`, inputs });
    sums[level] = net.add({ op: 'add', name, inputs: [laterals[level]!, above] });
  }
  return { features, laterals, maps: sums.map((sum, level) => smoothed(net, sum, level, channels)) };
}

/**
 * The levels beyond those of a pyramid's backbone, up to `count` in all: of 3x3 convolutions that halve, or, where there are none,
 * every other element of the level below.
 *
 * @returns all maps, and what no tensor tells of the new ones
 */
export function withExtraLevels(
  ground: Ground,
  { features, laterals, maps }: Pyramid,
  count: number,
): { readonly maps: readonly NodeId[]; readonly config: Partial<HeadConfig> } {
  const { net, tensors, said } = ground;
  const own = maps.length;
  const firstWeight = `${smooth(own)}.conv.weight`;
  const all = [...maps];
  if (!tensors.has(firstWeight)) {
    for (let level = own; level < count; level++) {
      const windows = { kernel: [1, 1], stride: [2, 2] } as const;
      all.push(net.add({ op: 'max_pool2d', name: smooth(level), inputs: [all.at(-1)!], ...windows }));
    }
    return { maps: all, config: {} };
  }
  const channels = net.channelsOf(maps[0]!);
  const isOfBackbone = inChannels(tensors, firstWeight) !== channels;
  const addExtraConvs = said.addExtraConvs ?? (isOfBackbone ? 'on_input' : 'on_output');
  const reluBeforeExtraConvs = said.reluBeforeExtraConvs ?? true;
  let source = { on_input: features, on_lateral: laterals, on_output: maps }[addExtraConvs].at(-1)!;
  for (let level = own; level < count; level++) {
    all.push(smoothed(net, source, level, channels, 2));
    source = all.at(-1)!;
    // There is no ReLU without a convolution: this one leaves all as it is.
    const unit = { depthwise: true, constant: 1, activation: 'relu' } as const;
    if (reluBeforeExtraConvs && level + 1 < count) source = net.conv(source, `${smooth(level)}.relu`, channels, unit);
  }
  return { maps: all, config: { addExtraConvs, reluBeforeExtraConvs } };
}

function smoothed(net: Blueprint, input: NodeId, level: number, channels: number, stride = 1): NodeId {
  const batchNorm = `${smooth(level)}.bn`;
  return net.conv(input, `${smooth(level)}.conv`, channels, { kernel: 3, stride, bias: true, batchNorm });
}
