import type { Shapes } from '../formats/tensor.js';
import { Blueprint } from '../graph/blueprint.js';
import type { ConvOptions } from '../graph/planned-conv.js';
import type { Activation, NodeId } from '../graph/graph.js';
import { addClassifier, addGlobalPool, type ClassifierParts } from './classifier.js';
import { squeezeExcite } from './squeeze-excite.js';

/** A bottleneck: what its channels and kernels are. */
export interface Bottleneck {
  /** Of its depthwise convolution, where it has one. */
  readonly kernel: number;
  readonly shortcutKernel: number;
  /** Channels between its two ghost modules. */
  readonly middle: number;
  /** Of its value. */
  readonly channels: number;
  /** How many channels squeeze-and-excitation goes down to; 0: it has none. */
  readonly squeezed: number;
  readonly stride: 1 | 2;
}

/** A bottleneck of a table, at width 1. */
export type Block = readonly [kernel: number, expansion: number, channels: number, squeeze: boolean, stride: 1 | 2];

/** A network of bottlenecks of two ghost modules each, with timm's names: what differs between families. */
export interface GhostStages {
  /** Stage by stage as timm numbers them. */
  readonly stages: readonly (readonly Bottleneck[])[];
  readonly stemChannels: number;
  /** Default: 3. */
  readonly imageChannels?: number | undefined;
  /** Of the 1x1 convolution after the stages. */
  readonly lastChannels: number;
  /** Default: 1280. */
  readonly headChannels?: number;
  readonly ghostModule: (net: Blueprint, module: GhostModule) => NodeId;
  /** Where the numbers of a bottleneck's depthwise convolution of stride 2 are. */
  readonly strided: (block: string) => ConvOptions;
}

export interface GhostModule {
  readonly input: NodeId;
  /** The module's, as `blocks.2.0.ghost1`. */
  readonly name: string;
  readonly channels: number;
  readonly activation: Activation;
}

/**
 * The stages of a table.
 *
 * @param scaled how many channels of the table's count there are
 * @param squeezed how many of so many channels squeeze-and-excitation goes down to
 */
export function bottlenecks(
  table: readonly (readonly Block[])[],
  scaled: (count: number) => number,
  squeezed: (channels: number) => number,
): Bottleneck[][] {
  return table.map((blocks) =>
    blocks.map(([kernel, expansion, count, squeeze, stride]) => {
      const [middle, channels] = [scaled(expansion), scaled(count)];
      return { kernel, shortcutKernel: kernel, middle, channels, squeezed: squeeze ? squeezed(middle) : 0, stride };
    }),
  );
}

/**
 * The whole network; nodes have timm's module names.
 *
 * Its outputs: `logits` [n, numClasses], `pre_logits` [n, headChannels], `conv_stem` (the first convolution, before its batch
 * norm and activation: timm's first feature), `blocks.0` to `blocks.9` (the stages, [n, c, h, w]), and what its ghost
 * modules add.
 */
export function ghostNetwork(parts: GhostStages, classifier: ClassifierParts): Blueprint {
  const net = new Blueprint();
  let x = addGhostBackbone(net, parts, parts.stages.length + 1);
  x = addGlobalPool(net, x, classifier.globalPool);
  x = net.conv(x, 'conv_head', parts.headChannels ?? 1280, { bias: true, activation: 'relu' });
  net.output('pre_logits', x, { role: 'embedding' });
  addClassifier(net, x, classifier);
  return net;
}

/**
 * The stem and the stages, the last of which is a convolution alone.
 *
 * @param count how many stages. Default: up to the last feature of timm's
 */
export function addGhostBackbone(net: Blueprint, parts: GhostStages, count: number = backboneStages(parts)): NodeId {
  const image = net.input(parts.imageChannels);
  const stem: ConvOptions = { module: 'conv_stem', kernel: 3, stride: 2 };
  // A convolution of its own, since batch norm is folded into the other: only who asks for it computes it.
  net.output('conv_stem', net.conv(image, 'conv_stem.raw', parts.stemChannels, stem));
  let x = net.conv(image, 'conv_stem', parts.stemChannels, { ...stem, batchNorm: 'bn1', activation: 'relu' });
  const { length } = parts.stages;
  for (let stage = 0; stage < Math.min(count, length); stage++) x = addStage(net, x, stage, parts);
  if (count <= length) return x;
  const last = `blocks.${length}`;
  x = net.conv(x, `${last}.0.conv`, parts.lastChannels, { batchNorm: `${last}.0.bn1`, activation: 'relu' });
  net.output(last, x, { byDefault: false });
  return x;
}

/** What heads stand on ends with the last stage that halves the map. */
function backboneStages({ stages }: GhostStages): number {
  return 1 + stages.findLastIndex(halves);
}

/**
 * The channels of the last tensor that tells a width, and how many a table has there: of the convolution behind the stages, or
 * of a backbone that ends before it of the last stage whose block has a shortcut of its own.
 */
export function tellingChannels(
  tensors: Shapes,
  table: readonly (readonly Block[])[],
  lastChannels: number,
): { readonly channels: number; readonly atWidth1: number } {
  const last = tensors.get(`blocks.${table.length}.0.conv.weight`)?.shape[0];
  if (last !== undefined) return { channels: last, atWidth1: lastChannels };
  for (let stage = table.length - 1; stage >= 0; stage--) {
    const channels = tensors.get(`blocks.${stage}.0.shortcut.2.weight`)?.shape[0];
    if (channels !== undefined) return { channels, atWidth1: table[stage]![0]![2] };
  }
  return { channels: lastChannels, atWidth1: lastChannels };
}

/** timm's networks of ghost modules take no pooling that changes how many channels there are. */
export function pooledUnlikeTimm({ globalPool }: ClassifierParts): string | undefined {
  return globalPool === 'catavgmax'
    ? 'holds a network that pools the last map by catavgmax, which timm does not build: it cannot be written for timm. Export it as .onnx.'
    : undefined;
}

function addStage(net: Blueprint, input: NodeId, stage: number, parts: GhostStages): NodeId {
  const blocks = parts.stages[stage]!;
  let x = input;
  for (const [index, block] of blocks.entries()) x = bottleneck(net, x, `blocks.${stage}.${index}`, block, parts);
  net.output(`blocks.${stage}`, x, { byDefault: halves(blocks) });
  return x;
}

function halves(blocks: readonly Bottleneck[]): boolean {
  return blocks.some(({ stride }) => stride === 2);
}

function bottleneck(net: Blueprint, input: NodeId, name: string, block: Bottleneck, parts: GhostStages): NodeId {
  const { kernel, shortcutKernel, middle, channels, squeezed, stride } = block;
  let x = parts.ghostModule(net, { input, name: `${name}.ghost1`, channels: middle, activation: 'relu' });
  if (stride === 2)
    x = net.conv(x, `${name}.conv_dw`, middle, { kernel, stride, depthwise: true, ...parts.strided(name) });
  if (squeezed > 0) x = squeezeExcite(net, x, `${name}.se`, squeezed);
  x = parts.ghostModule(net, { input: x, name: `${name}.ghost2`, channels, activation: 'none' });
  const around = shortcut(net, input, `${name}.shortcut`, { kernel: shortcutKernel, stride, out: channels });
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
