import type { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import { countOf, outChannels, type Ground, type Head } from './head.js';

const firstTensor = 'neck.lateral_convs.0.conv.weight';

/**
 * A feature pyramid (arXiv 1612.03144): 1x1 convolutions bring the backbone's features to one number of channels, each map
 * is added to the one below it, and a 3x3 convolution smooths the sum. These have biases or batch norms, as
 * mmdetection's `norm_cfg` has it. Its outputs: the pyramid's maps, as `p2` to `p5` by the logarithm of their strides, in
 * place of the backbone's features.
 */
export const fpn: Head = {
  suffix: '_fpn',
  words: 'an FPN',
  firstTensor,
  modules: /^neck\.(?:lateral_convs|fpn_convs)\./,
  build: ({ net, tensors }: Ground) => {
    const levels = countOf(tensors, (level) => `neck.lateral_convs.${level}.conv.weight`);
    const channels = outChannels(tensors, firstTensor);
    const features = net.takeFeatures().slice(-levels);
    const laterals = features.map((feature, level) =>
      net.conv(feature, `neck.lateral_convs.${level}.conv`, channels, {
        bias: true,
        batchNorm: `neck.lateral_convs.${level}.bn`,
      }),
    );
    const sums = [...laterals];
    for (let level = sums.length - 2; level >= 0; level--) {
      sums[level] = addAbove(net, laterals[level]!, sums[level + 1]!, `neck.sum.${level}`);
    }
    for (const [level, sum] of sums.entries()) {
      const smooth = { kernel: 3, bias: true, batchNorm: `neck.fpn_convs.${level}.bn` };
      const map = net.conv(sum, `neck.fpn_convs.${level}.conv`, channels, smooth);
      net.output(`p${Math.log2(net.strideOf(map))}`, map);
    }
    return { numClasses: 0, config: {} };
  },
};

function addAbove(net: Blueprint, lateral: NodeId, above: NodeId, name: string): NodeId {
  const upsampled = net.add({ op: 'upsample_nearest', name: `${name}.upsample`, inputs: [above, lateral] });
  return net.add({ op: 'add', name, inputs: [lateral, upsampled] });
}
