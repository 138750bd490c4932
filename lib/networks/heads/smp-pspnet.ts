import type { NodeId } from '../../graph/graph.js';
import { concat, spread, upsampled } from './dense.js';
import { inChannels, outChannels, type Ground, type Head } from './head.js';
import { addSmpHead, normEps, smpConv, smpInputs } from './smp.js';

/** smp's; no tensor tells them. */
const poolSizes = [1, 2, 3, 6];

/**
 * segmentation_models_pytorch's PSPNet (arXiv 1612.01105): means of a map over a grid of 1x1, 2x2, 3x3 and 6x6 parts, each
 * narrowed and brought back to the map's size, beside the map itself; a 1x1 convolution of them all, and the logits.
 */
export const smpPspNet: Head = {
  suffix: '_pspnet',
  words: 'a PSPNet decoder',
  task: 'segmentation',
  preprocess: smpInputs,
  firstTensor: 'decoder.psp.blocks.0.pool.1.0.weight',
  modules: /^(?:decoder\.(?:psp|conv)|segmentation_head)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const [input] = stages.levels(said.levels, [inChannels(tensors, 'decoder.psp.blocks.0.pool.1.0.weight')]) as [
      NodeId,
    ];
    const parts = poolSizes.map((size, index) => addPool(ground, input, index, size));
    const pyramid = concat(net, 'decoder.psp.concat', [...parts, input]);
    const x = smpConv(ground, pyramid, 'decoder.conv', outChannels(tensors, 'decoder.conv.0.weight'), 1);
    return {
      ...addSmpHead(net, x, tensors, true),
      config: { levels: [stages.levelOf(input)], normEps: normEps(ground) },
    };
  },
};

function addPool(ground: Ground, input: NodeId, index: number, size: number): NodeId {
  const { net, tensors } = ground;
  const name = `decoder.psp.blocks.${index}`;
  const conv = `${name}.pool.1`;
  const channels = outChannels(tensors, `${conv}.0.weight`);
  if (size === 1) {
    const mean = net.add({ op: 'global_avg_pool', name: `${name}.pool.0`, inputs: [input] });
    return spread(net, `${name}.spread`, smpConv(ground, mean, conv, channels, 1), input);
  }
  const means = net.add({ op: 'adaptive_avg_pool2d', name: `${name}.pool.0`, inputs: [input], size: [size, size] });
  return upsampled(net, `${name}.upsample`, smpConv(ground, means, conv, channels, 1), input, true);
}
