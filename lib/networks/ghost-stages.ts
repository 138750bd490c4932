import { Blueprint, type ConvOptions } from '../graph/blueprint.js';
import type { Activation, NodeId } from '../graph/graph.js';
import { squeezeExcite } from './squeeze-excite.js';

/** A bottleneck of a table. */
export type Block = readonly [kernel: number, expansion: number, channels: number, squeeze: boolean, stride: 1 | 2];

/** A network of bottlenecks of two ghost modules each, with timm's names: what differs between families. */
export interface GhostStages {
  /** Stage by stage as timm numbers them. */
  readonly stages: readonly (readonly Block[])[];
  readonly stemChannels: number;
  /** Of the 1x1 convolution after the stages. */
  readonly lastChannels: number;
  /** How many channels of the table's `count` there are. */
  readonly scaled: (count: number) => number;
  /** How many of `channels` squeeze-and-excitation goes down to. */
  readonly squeezed: (channels: number) => number;
  readonly ghostModule: (net: Blueprint, module: GhostModule) => NodeId;
  /** Where the numbers of a bottleneck's depthwise convolution of stride 2 are. */
  readonly strided: (block: string) => ConvOptions;
}

export interface GhostModule {
  readonly input: NodeId;
  /** The module's, as `blocks.2.0.ghost1`. */
  readonly name: string;
  readonly stage: number;
  readonly channels: number;
  readonly activation: Activation;
}

const headChannels = 1280;

/**
 * The whole network; nodes have timm's module names.
 *
 * Its outputs: `logits` [n, numClasses], `pre_logits` [n, 1280], `conv_stem` (the first convolution, before its batch
 * norm and activation: timm's first feature), `blocks.0` to `blocks.9` (the stages, [n, c, h, w]), and what its ghost
 * modules add.
 */
export function ghostNetwork(parts: GhostStages, numClasses: number): Blueprint {
  const net = new Blueprint();
  let x = addGhostBackbone(net, parts);
  for (let stage = backboneStages(parts); stage < parts.stages.length; stage++) x = addStage(net, x, stage, parts);
  const last = `blocks.${parts.stages.length}`;
  x = net.conv(x, `${last}.0.conv`, parts.lastChannels, { batchNorm: `${last}.0.bn1`, activation: 'relu' });
  net.output(last, x, { byDefault: false });
  x = net.add({ op: 'global_avg_pool', name: 'global_pool', inputs: [x] });
  x = net.conv(x, 'conv_head', headChannels, { bias: true, activation: 'relu' });
  net.output('pre_logits', x, { role: 'embedding' });
  x = net.conv(x, 'classifier', numClasses, { bias: true, linear: true });
  net.output('logits', x, { role: 'logits' });
  return net;
}

/** The stem and the stages up to the last feature of timm's. */
export function addGhostBackbone(net: Blueprint, parts: GhostStages): NodeId {
  const image = net.input(3);
  const stem: ConvOptions = { module: 'conv_stem', kernel: 3, stride: 2 };
  // A convolution of its own, since batch norm is folded into the other: only who asks for it computes it.
  net.output('conv_stem', net.conv(image, 'conv_stem.raw', parts.stemChannels, stem));
  let x = net.conv(image, 'conv_stem', parts.stemChannels, { ...stem, batchNorm: 'bn1', activation: 'relu' });
  for (let stage = 0; stage < backboneStages(parts); stage++) x = addStage(net, x, stage, parts);
  return x;
}

/** What heads stand on ends with the last stage that halves the map. */
function backboneStages({ stages }: GhostStages): number {
  return 1 + stages.findLastIndex(halves);
}

function addStage(net: Blueprint, input: NodeId, stage: number, parts: GhostStages): NodeId {
  const blocks = parts.stages[stage]!;
  let x = input;
  for (const index of blocks.keys()) x = bottleneck(net, x, stage, index, parts);
  net.output(`blocks.${stage}`, x, { byDefault: halves(blocks) });
  return x;
}

function halves(blocks: readonly Block[]): boolean {
  return blocks.some(([, , , , stride]) => stride === 2);
}

function bottleneck(net: Blueprint, input: NodeId, stage: number, index: number, parts: GhostStages): NodeId {
  const [kernel, expansion, channels, squeeze, stride] = parts.stages[stage]![index]!;
  const name = `blocks.${stage}.${index}`;
  const middle = parts.scaled(expansion);
  const out = parts.scaled(channels);
  const expanded = { input, name: `${name}.ghost1`, stage, channels: middle, activation: 'relu' } as const;
  let x = parts.ghostModule(net, expanded);
  if (stride === 2)
    x = net.conv(x, `${name}.conv_dw`, middle, { kernel, stride, depthwise: true, ...parts.strided(name) });
  if (squeeze) x = squeezeExcite(net, x, `${name}.se`, parts.squeezed(middle));
  x = parts.ghostModule(net, { input: x, name: `${name}.ghost2`, stage, channels: out, activation: 'none' });
  const around = shortcut(net, input, `${name}.shortcut`, { kernel, stride, out });
  return net.add({ op: 'add', name: `${name}.add`, inputs: [x, around] });
}

interface Shortcut {
  readonly kernel: number;
  readonly stride: number;
  readonly out: number;
}

function shortcut(net: Blueprint, input: NodeId, name: string, { kernel, stride, out }: Shortcut): NodeId {
  const channels = net.channelsOf(input);
  if (stride === 1 && channels === out) return input;
  const options: ConvOptions = { kernel, stride, depthwise: true, batchNorm: `${name}.1` };
  const reduced = net.conv(input, `${name}.0`, channels, options);
  return net.conv(reduced, `${name}.2`, out, { batchNorm: `${name}.3` });
}
