import { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import { addClassifier, addGlobalPool } from '../classifier.js';
import { divisible } from '../divisible.js';
import { invertedResidual } from '../inverted-residual.js';
import { narrowestStem, stemChannels, tables, type Variant } from './table.js';

/**
 * A network of the family; nodes have timm's module names.
 *
 * Its outputs: `logits` [n, numClasses], `pre_logits` [n, 1280 or 1024], `bn1` (the stem after its batch norm and
 * activation) and `blocks.0` to the last stage, [n, c, h, w].
 */
export function layoutOf(variant: Variant): Blueprint {
  const net = new Blueprint();
  let x = addBackbone(net, variant);
  x = addGlobalPool(net, x, variant.globalPool);
  x = net.conv(x, 'conv_head', tables[variant.size].headChannels, { bias: true, activation: 'hard_swish' });
  net.output('pre_logits', x, { role: 'embedding' });
  addClassifier(net, x, variant);
  return net;
}

/**
 * The stem and the stages, the last of which is a convolution alone.
 *
 * @param count how many stages. Default: all
 */
export function addBackbone(net: Blueprint, variant: Variant, count = Infinity): NodeId {
  const { size, width } = variant;
  const { stages, lastChannels } = tables[size];
  const stem = width < narrowestStem ? stemChannels : scaled(stemChannels, variant);
  const activation = 'hard_swish';
  let x = net.conv(net.input(variant.imageChannels), 'conv_stem', stem, {
    kernel: 3,
    stride: 2,
    batchNorm: 'bn1',
    activation,
  });
  const halves = (stage: number): boolean => stages[stage]?.[0]?.[5] === 2;
  // What timm hands over as features is the last value of each resolution, which the next stage halves.
  net.output('bn1', x, { byDefault: halves(0) });
  for (const [stage, blocks] of stages.slice(0, count).entries()) {
    for (const [index, [kernel, expansion, count, squeeze, activation, stride]] of blocks.entries()) {
      const block = { kernel, expansion, channels: scaled(count, variant), squeeze, activation, stride };
      x = invertedResidual(net, x, `blocks.${stage}.${index}`, block);
    }
    net.output(`blocks.${stage}`, x, { byDefault: halves(stage + 1) });
  }
  if (count <= stages.length) return x;
  const last = `blocks.${stages.length}`;
  x = net.conv(x, `${last}.0.conv`, scaled(lastChannels, variant), { batchNorm: `${last}.0.bn1`, activation });
  net.output(last, x);
  return x;
}

/** How many channels of the paper's `count` a variant has. */
function scaled(count: number, { width }: Variant): number {
  return divisible(count * width, 8);
}
