import { defaultGateConfig } from '../../gate-config.js';
import type { NodeId } from '../../graph/graph.js';
import type { Blueprint } from '../../graph/blueprint.js';
import type { BranchOptions, ConvOptions } from '../../graph/planned-conv.js';
import { dfcAttention, gatedBy, publishedMixing } from '../dfc-attention.js';
import { addGhostBackbone, bottlenecks, ghostNetwork, type GhostModule, type GhostStages } from '../ghost-stages.js';
import type { GhostParts } from './structure.js';
import { firstAttentionStage, lastChannels, round4, scaled, stages, stemChannels, type Variant } from './table.js';

/**
 * A network of the family. Beside the outputs of {@link ghostNetwork} it has, from version 2 on,
 * `blocks.N.M.ghost1.gate`: the DFC attention after its sigmoid, at half the block's resolution.
 */
export function layoutOf(variant: Variant): Blueprint {
  return ghostNetwork(stagesOf(variant), variant);
}

/** See {@link addGhostBackbone}. */
export function addBackbone(net: Blueprint, variant: Variant, stages?: number): NodeId {
  return addGhostBackbone(net, stagesOf(variant), stages);
}

function stagesOf(variant: Variant): GhostStages {
  return {
    ...(variant.structure ?? table(variant)),
    imageChannels: variant.imageChannels,
    ghostModule: (net, module) => ghostModule(net, module, variant),
    strided: (block) => stridedParameters(block, variant),
  };
}

function table(variant: Variant): Pick<GhostStages, 'stages' | 'stemChannels' | 'lastChannels'> {
  const toScale = (count: number): number => scaled(count, variant);
  return {
    stages: bottlenecks(stages, toScale, (channels) => round4(channels / 4, variant.channelRounding)),
    stemChannels: scaled(stemChannels, variant),
    lastChannels: scaled(lastChannels, variant),
  };
}

/** Of the papers' table: attention is in the first modules of later stages. */
function partsOf(name: string, { version, structure }: Variant): GhostParts {
  const [, stage] = /^blocks\.(\d+)\.\d+\.ghost1$/.exec(name) ?? [];
  const attended = version >= 2 && stage !== undefined && Number(stage) >= firstAttentionStage;
  return structure?.modules.get(name) ?? { ratio: 2, cheap: 3, ...(attended && { attention: publishedMixing }) };
}

/** Some of the channels by a 1x1 convolution, as many or a multiple from those by a cheap depthwise one. */
function ghostModule(net: Blueprint, module: GhostModule, variant: Variant): NodeId {
  const { input, name, channels, activation } = module;
  const { gate: settings = defaultGateConfig } = variant;
  const { ratio, cheap: kernel, attention } = partsOf(name, variant);
  // Users know attention by its block, where there is but one in it.
  const label = name.endsWith('.ghost1') ? name.slice(0, name.lastIndexOf('.')) : name;
  const gate = attention && dfcAttention(net, input, { name, channels, mixing: attention, gate: settings, label });
  const count = Math.ceil(channels / ratio);
  const primary = net.conv(input, `${name}.primary_conv`, count, { ...primaryParameters(name, variant), activation });
  const cheap = net.conv(primary, `${name}.cheap_operation`, count * (ratio - 1), {
    ...cheapParameters(name, ratio, variant),
    kernel,
    depthwise: true,
    activation,
  });
  const ghost = net.add({ op: 'concat', name: `${name}.concat`, inputs: [primary, cheap], channels });
  return gate === undefined ? ghost : gatedBy(net, ghost, gate, name, settings);
}

/** Where the numbers of the three kinds of convolutions are that version 3 trains as sums of branches, and deploys with biases. */
function primaryParameters(ghost: string, { version, deployed }: Variant): ConvOptions {
  if (version < 3 || deployed) return { ...sequential(`${ghost}.primary_conv`), bias: version === 3 };
  return { branches: branches(`${ghost}.primary_rpr_conv`) };
}

function cheapParameters(ghost: string, ratio: number, { version, deployed }: Variant): ConvOptions {
  if (version < 3 || deployed) return { ...sequential(`${ghost}.cheap_operation`), bias: version === 3 };
  // The identity is of as many channels as it is given.
  const skip: BranchOptions[] = ratio === 2 ? [{ batchNorm: `${ghost}.cheap_rpr_skip` }] : [];
  return { branches: [...branches(`${ghost}.cheap_rpr_conv`), middleBranch(`${ghost}.cheap_rpr_scale`), ...skip] };
}

function stridedParameters(block: string, { version, deployed }: Variant): ConvOptions {
  if (version < 3 || deployed) return { batchNorm: `${block}.bn_dw`, bias: version === 3 };
  return { branches: [...branches(`${block}.dw_rpr_conv`), middleBranch(`${block}.dw_rpr_scale`)] };
}

function branches(name: string): BranchOptions[] {
  return [0, 1, 2].map((index) => ({ module: `${name}.${index}.conv`, batchNorm: `${name}.${index}.bn1` }));
}

function middleBranch(name: string): BranchOptions {
  return { module: `${name}.conv`, batchNorm: `${name}.bn1`, middle: true };
}

/** Weight and batch norm of a `Sequential(conv, bn, act)`. */
function sequential(name: string): ConvOptions {
  return { module: `${name}.0`, batchNorm: `${name}.1` };
}
