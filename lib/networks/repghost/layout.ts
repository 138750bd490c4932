import type { Blueprint } from '../../graph/blueprint.js';
import type { ConvOptions } from '../../graph/planned-conv.js';
import type { NodeId } from '../../graph/graph.js';
import { divisible } from '../divisible.js';
import { addGhostBackbone, bottlenecks, ghostNetwork, type GhostModule, type GhostStages } from '../ghost-stages.js';
import { lastChannels, stages, stemChannels, type Variant } from './table.js';

export function layoutOf(variant: Variant): Blueprint {
  return ghostNetwork(stagesOf(variant), variant);
}

/** See {@link addGhostBackbone}. */
export function addBackbone(net: Blueprint, variant: Variant, stages?: number): NodeId {
  return addGhostBackbone(net, stagesOf(variant), stages);
}

function stagesOf(variant: Variant): GhostStages {
  const scaled = (count: number): number => divisible(count * variant.width, 4);
  return {
    stages: bottlenecks(stages, scaled, (channels) => divisible(channels / 4, 4)),
    stemChannels: scaled(stemChannels),
    imageChannels: variant.imageChannels,
    lastChannels: scaled(lastChannels),
    ghostModule: (net, module) => ghostModule(net, module, variant),
    strided: (block) => ({ batchNorm: `${block}.bn_dw` }),
  };
}

/** As many channels by a 1x1 convolution, and on them a cheap depthwise one, to which they are added, normed. */
function ghostModule(net: Blueprint, { input, name, channels, activation }: GhostModule, variant: Variant): NodeId {
  const primary = `${name}.primary_conv`;
  const x = net.conv(input, primary, channels, { module: `${primary}.0`, batchNorm: `${primary}.1`, activation });
  const cheap = cheapParameters(name, variant);
  return net.conv(x, `${name}.cheap_operation`, channels, { ...cheap, kernel: 3, depthwise: true, activation });
}

function cheapParameters(ghost: string, { deployed }: Variant): ConvOptions {
  const cheap = `${ghost}.cheap_operation`;
  if (deployed) return { bias: true };
  const fusion = { batchNorm: `${ghost}.fusion_bn.0` };
  return { branches: [{ module: `${cheap}.0`, batchNorm: `${cheap}.1` }, fusion] };
}
