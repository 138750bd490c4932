import type { NodeId } from '../../graph/graph.js';
import { Blueprint, type BranchOptions, type ConvOptions } from '../../graph/blueprint.js';
import { squeezeExcite } from '../squeeze-excite.js';
import {
  firstAttentionStage,
  headChannels,
  lastChannels,
  round4,
  scaled,
  stages,
  stemChannels,
  type Block,
  type Variant,
} from './table.js';

/**
 * A network of the family; nodes have timm's module names.
 *
 * Its outputs: `logits` [n, numClasses], `pre_logits` [n, 1280], `conv_stem` (the first convolution, before its batch
 * norm and activation: timm's first feature), `blocks.0` to `blocks.9` (the stages, [n, c, h, w]), and from version 2
 * on `blocks.N.M.ghost1.gate`, the DFC attention after its sigmoid, at half the block's resolution.
 */
export function layoutOf(variant: Variant): Blueprint {
  const net = new Blueprint();
  let x = addBackbone(net, variant);
  for (let stage = backboneStages; stage < stages.length; stage++) x = addStage(net, x, stage, variant);
  const last = scaled(lastChannels, variant);
  x = net.conv(x, 'blocks.9.0.conv', last, { batchNorm: 'blocks.9.0.bn1', activation: 'relu' });
  net.output('blocks.9', x, { byDefault: false });
  x = net.add({ op: 'global_avg_pool', name: 'global_pool', inputs: [x] });
  x = net.conv(x, 'conv_head', headChannels, { bias: true, activation: 'relu' });
  net.output('pre_logits', x, { role: 'embedding' });
  x = net.conv(x, 'classifier', variant.numClasses, { bias: true, linear: true });
  net.output('logits', x, { role: 'logits' });
  return net;
}

/** What heads stand on ends with the last stage that halves the map. */
const backboneStages = 1 + stages.findLastIndex(halves);

/** The stem and the stages up to the last feature of timm's. */
export function addBackbone(net: Blueprint, variant: Variant): NodeId {
  const image = net.input(3);
  const channels = scaled(stemChannels, variant);
  const stem: ConvOptions = { module: 'conv_stem', kernel: 3, stride: 2 };
  // A convolution of its own, since batch norm is folded into the other: only who asks for it computes it.
  net.output('conv_stem', net.conv(image, 'conv_stem.raw', channels, stem));
  let x = net.conv(image, 'conv_stem', channels, { ...stem, batchNorm: 'bn1', activation: 'relu' });
  for (let stage = 0; stage < backboneStages; stage++) x = addStage(net, x, stage, variant);
  return x;
}

function addStage(net: Blueprint, input: NodeId, stage: number, variant: Variant): NodeId {
  const attention = variant.version >= 2 && stage >= firstAttentionStage;
  const blocks = stages[stage]!;
  let x = input;
  for (const [index, block] of blocks.entries()) {
    x = bottleneck(net, x, `blocks.${stage}.${index}`, block, variant, attention);
  }
  net.output(`blocks.${stage}`, x, { byDefault: halves(blocks) });
  return x;
}

function halves(blocks: readonly Block[]): boolean {
  return blocks.some(([, , , , stride]) => stride === 2);
}

function bottleneck(
  net: Blueprint,
  input: NodeId,
  name: string,
  block: Block,
  variant: Variant,
  attention: boolean,
): NodeId {
  const [kernel, expansion, channels, squeeze, stride] = block;
  const middle = scaled(expansion, variant);
  const out = scaled(channels, variant);
  let x = ghostModule(net, input, `${name}.ghost1`, middle, 'relu', variant, attention);
  if (stride === 2) {
    const strided = { kernel, stride, depthwise: true, ...stridedParameters(name, variant) };
    x = net.conv(x, `${name}.conv_dw`, middle, strided);
  }
  if (squeeze) x = squeezeExcite(net, x, `${name}.se`, round4(middle / 4, variant.channelRounding));
  x = ghostModule(net, x, `${name}.ghost2`, out, 'none', variant, false);
  const around = shortcut(net, input, `${name}.shortcut`, block, out);
  return net.add({ op: 'add', name: `${name}.add`, inputs: [x, around] });
}

/** Half of the channels by a 1x1 convolution, the other half from those by a cheap depthwise one. */
function ghostModule(
  net: Blueprint,
  input: NodeId,
  name: string,
  channels: number,
  activation: 'relu' | 'none',
  variant: Variant,
  attention: boolean,
): NodeId {
  const gate = attention ? dfcAttention(net, input, name, channels) : undefined;
  const half = Math.ceil(channels / 2);
  const primary = net.conv(input, `${name}.primary_conv`, half, { ...primaryParameters(name, variant), activation });
  const cheap = net.conv(primary, `${name}.cheap_operation`, half, {
    ...cheapParameters(name, variant),
    kernel: 3,
    depthwise: true,
    activation,
  });
  const ghost = net.add({ op: 'concat', name: `${name}.concat`, inputs: [primary, cheap], channels });
  if (gate === undefined) return ghost;
  const op = `upsample_${variant.gateUpsampling ?? 'nearest'}` as const;
  const upsampled = net.add({ op, name: `${name}.upsample`, inputs: [gate, ghost] });
  return net.add({ op: 'mul', name: `${name}.mul`, inputs: [ghost, upsampled] });
}

/** Where the numbers of the three kinds of convolutions are that version 3 trains as sums of branches. */
function primaryParameters(ghost: string, { version, deployed }: Variant): ConvOptions {
  if (version < 3) return sequential(`${ghost}.primary_conv`);
  if (deployed) return { module: `${ghost}.primary_conv.0`, bias: true };
  return { branches: branches(`${ghost}.primary_rpr_conv`) };
}

function cheapParameters(ghost: string, { version, deployed }: Variant): ConvOptions {
  if (version < 3) return sequential(`${ghost}.cheap_operation`);
  if (deployed) return { module: `${ghost}.cheap_operation.0`, bias: true };
  const skip: BranchOptions = { batchNorm: `${ghost}.cheap_rpr_skip` };
  return { branches: [...branches(`${ghost}.cheap_rpr_conv`), middleBranch(`${ghost}.cheap_rpr_scale`), skip] };
}

function stridedParameters(block: string, { version, deployed }: Variant): ConvOptions {
  if (version < 3) return { batchNorm: `${block}.bn_dw` };
  if (deployed) return { bias: true };
  return { branches: [...branches(`${block}.dw_rpr_conv`), middleBranch(`${block}.dw_rpr_scale`)] };
}

function branches(name: string): BranchOptions[] {
  return [0, 1, 2].map((index) => ({ module: `${name}.${index}.conv`, batchNorm: `${name}.${index}.bn1` }));
}

function middleBranch(name: string): BranchOptions {
  return { module: `${name}.conv`, batchNorm: `${name}.bn1`, middle: true };
}

/** Decoupled fully connected attention: along rows, then along columns, of the input at half resolution. */
function dfcAttention(net: Blueprint, input: NodeId, name: string, channels: number): NodeId {
  const at = (index: number): string => `${name}.short_conv.${index}`;
  const halves = { kernel: [2, 2], stride: [2, 2] } as const;
  let gate = net.add({ op: 'avg_pool2d', name: `${name}.avg_pool`, inputs: [input], ...halves });
  gate = net.conv(gate, at(0), channels, { batchNorm: at(1) });
  gate = net.conv(gate, at(2), channels, { kernel: [1, 5], depthwise: true, batchNorm: at(3) });
  gate = net.conv(gate, at(4), channels, { kernel: [5, 1], depthwise: true, batchNorm: at(5), activation: 'sigmoid' });
  net.output(`${name}.gate`, gate, { role: 'attention', label: name.slice(0, name.lastIndexOf('.')) });
  return gate;
}

function shortcut(net: Blueprint, input: NodeId, name: string, [kernel, , , , stride]: Block, out: number): NodeId {
  const channels = net.channelsOf(input);
  if (stride === 1 && channels === out) return input;
  const options: ConvOptions = { kernel, stride, depthwise: true, batchNorm: `${name}.1` };
  const reduced = net.conv(input, `${name}.0`, channels, options);
  return net.conv(reduced, `${name}.2`, out, { batchNorm: `${name}.3` });
}

/** Weight and batch norm of a `Sequential(conv, bn, act)`. */
function sequential(name: string): ConvOptions {
  return { module: `${name}.0`, batchNorm: `${name}.1` };
}
