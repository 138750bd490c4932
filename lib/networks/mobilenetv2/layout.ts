import { defaultGateConfig } from '../../gate-config.js';
import { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import { addClassifier, addGlobalPool } from '../classifier.js';
import { divisible } from '../divisible.js';
import { invertedResidual, type InvertedResidual } from '../inverted-residual.js';
import { stages, type Variant } from './table.js';

/**
 * A network of the family; nodes have timm's module names.
 *
 * Its outputs: `logits` [n, numClasses], `pre_logits` [n, headChannels] (twice as many of the pooling `catavgmax`), `bn1` (the stem after its batch norm and
 * activation), `blocks.0` to `blocks.6`, [n, c, h, w], and `blocks.N.M.gate` where a block has attention.
 */
export function layoutOf(variant: Variant): Blueprint {
  const net = new Blueprint();
  let x = addBackbone(net, variant);
  x = net.conv(x, 'conv_head', variant.headChannels, { batchNorm: 'bn2', activation: 'relu6' });
  x = addGlobalPool(net, x, variant.globalPool);
  net.output('pre_logits', x, { role: 'embedding' });
  addClassifier(net, x, variant);
  return net;
}

/**
 * The stem and the stages.
 *
 * @param count how many stages. Default: all
 */
export function addBackbone(net: Blueprint, variant: Variant, count = Infinity): NodeId {
  const { width, repeats, stemChannels, attention, gate = defaultGateConfig } = variant;
  const activation = 'relu6';
  let x = net.conv(net.input(variant.imageChannels), 'conv_stem', stemChannels, {
    kernel: 3,
    stride: 2,
    batchNorm: 'bn1',
    activation,
  });
  net.output('bn1', x, { byDefault: false });
  for (const [stage, [expansion, width1, first]] of stages.slice(0, count).entries()) {
    for (let index = 0; index < repeats[stage]!; index++) {
      const channels = divisible(width1 * width, 8);
      const stride = index === 0 ? first : 1;
      const name = `blocks.${stage}.${index}`;
      const mixing = attention.get(name);
      const block: InvertedResidual = {
        kernel: 3,
        expansion,
        channels,
        attention: mixing && { mixing, gate },
        activation,
        stride,
      };
      x = invertedResidual(net, x, name, block);
    }
    // What timm hands over as features is the last value of each resolution, which the next stage halves.
    net.output(`blocks.${stage}`, x, { byDefault: (stages[stage + 1]?.[2] ?? 2) === 2 });
  }
  return x;
}
