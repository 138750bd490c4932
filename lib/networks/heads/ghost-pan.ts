import type { NodeId } from '../../graph/graph.js';
import type { Blueprint } from '../../graph/blueprint.js';
import type { ConvOptions } from '../../graph/planned-conv.js';
import type { HeadConfig } from '../../head-config.js';
import type { Shapes } from '../../formats/tensor.js';
import { concat } from './dense.js';
import { countOf, inChannels, outChannels, type Ground } from './head.js';
import { leaky, nanoConv } from './nanodet-conv.js';

/** Of nanodet's GhostBottleneck within a GhostPAN. */
const cheapKernel = 3;

/**
 * nanodet's GhostPAN: 1x1 convolutions bring the backbone's maps to one number of channels, then from the deepest down and
 * from the largest up again ghost bottlenecks of two neighbours side by side; further levels halve the deepest map.
 *
 * @returns its maps, the largest first
 */
export function addGhostPan(ground: Ground): {
  readonly maps: readonly NodeId[];
  readonly config: Partial<HeadConfig>;
} {
  const { net, stages, tensors, said } = ground;
  const reduce = (level: number): string => `fpn.reduce_layers.${level}`;
  const count = Math.max(
    1,
    countOf(tensors, (level) => `${reduce(level)}.conv.weight`),
  );
  const channels = Array.from({ length: count }, (_, level) => inChannels(tensors, `${reduce(level)}.conv.weight`));
  const features = stages.levels(said.levels, channels);
  const reduced = features.map((feature, level) => nanoConv(net, feature, reduce(level), tensors));
  const upsampling = said.upsampling ?? 'bilinear';
  const inner = topDown(ground, reduced, upsampling);
  const outer = bottomUp(ground, inner);
  const extra = countOf(tensors, (level) => `fpn.extra_lvl_in_conv.${level}.pointwise.weight`);
  for (let level = 0; level < extra; level++) {
    const [top, last] = [reduced.at(-1)!, outer.at(-1)!];
    const a = nanoConv(net, top, `fpn.extra_lvl_in_conv.${level}`, tensors, 2);
    const b = nanoConv(net, last, `fpn.extra_lvl_out_conv.${level}`, tensors, 2);
    outer.push(net.add({ op: 'add', name: `fpn.extra_lvl.${level}`, inputs: [a, b] }));
  }
  return { maps: outer, config: { upsampling, levels: features.map((node) => stages.levelOf(node)) } };
}

function topDown(
  { net, tensors }: Ground,
  reduced: readonly NodeId[],
  upsampling: HeadConfig['upsampling'],
): readonly NodeId[] {
  const inner = [...reduced];
  for (let level = reduced.length - 2; level >= 0; level--) {
    const name = `fpn.top_down_blocks.${reduced.length - 2 - level}`;
    const [above, lower] = [inner[level + 1]!, reduced[level]!];
    const up = net.add({ op: `upsample_${upsampling}`, name: `${name}.upsample`, inputs: [above, lower] });
    inner[level] = ghostBlocks(net, concat(net, `${name}.concat`, [up, lower]), name, tensors);
  }
  return inner;
}

function bottomUp({ net, tensors }: Ground, inner: readonly NodeId[]): NodeId[] {
  const outer = inner.slice(0, 1);
  for (const [level, higher] of inner.slice(1).entries()) {
    const name = `fpn.bottom_up_blocks.${level}`;
    const down = nanoConv(net, outer[level]!, `fpn.downsamples.${level}`, tensors, 2);
    outer.push(ghostBlocks(net, concat(net, `${name}.concat`, [down, higher]), name, tensors));
  }
  return outer;
}

/** Ghost bottlenecks in a row, and a 1x1 convolution around them where there is one. */
function ghostBlocks(net: Blueprint, input: NodeId, name: string, tensors: Shapes): NodeId {
  const block = (index: number): string => `${name}.blocks.${index}`;
  const count = Math.max(
    1,
    countOf(tensors, (index) => `${block(index)}.ghost1.primary_conv.0.weight`),
  );
  let x = input;
  for (let index = 0; index < count; index++) x = ghostBottleneck(net, x, block(index), tensors);
  if (!tensors.has(`${name}.reduce_conv.conv.weight`)) return x;
  const around = nanoConv(net, input, `${name}.reduce_conv`, tensors);
  return net.add({ op: 'add', name: `${name}.sum`, inputs: [x, around] });
}

function ghostBottleneck(net: Blueprint, input: NodeId, name: string, tensors: Shapes): NodeId {
  const middle = ghostModule(net, input, `${name}.ghost1`, tensors, leaky);
  const x = ghostModule(net, middle, `${name}.ghost2`, tensors, { activation: 'none' });
  return net.add({ op: 'add', name: `${name}.add`, inputs: [x, shortcut(net, input, `${name}.shortcut`, tensors)] });
}

function ghostModule(net: Blueprint, input: NodeId, name: string, tensors: Shapes, activation: ConvOptions): NodeId {
  const primaryName = `${name}.primary_conv`;
  const cheapName = `${name}.cheap_operation`;
  const [some, others] = [primaryName, cheapName].map((each) => outChannels(tensors, `${each}.0.weight`));
  const primary = net.conv(input, primaryName, some!, {
    module: `${primaryName}.0`,
    batchNorm: `${primaryName}.1`,
    ...activation,
  });
  const cheap = net.conv(primary, cheapName, others!, {
    module: `${cheapName}.0`,
    batchNorm: `${cheapName}.1`,
    kernel: cheapKernel,
    depthwise: true,
    ...activation,
  });
  return concat(net, `${name}.concat`, [primary, cheap]);
}

/** Around a bottleneck of as many channels as come in there is nothing. */
function shortcut(net: Blueprint, input: NodeId, name: string, tensors: Shapes): NodeId {
  const depthwise = tensors.get(`${name}.0.weight`)?.shape;
  if (!depthwise) return input;
  const options = { kernel: depthwise[2] ?? 5, depthwise: true, batchNorm: `${name}.1` };
  const x = net.conv(input, `${name}.0`, net.channelsOf(input), options);
  return net.conv(x, `${name}.2`, outChannels(tensors, `${name}.2.weight`), { batchNorm: `${name}.3` });
}
