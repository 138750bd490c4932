import { concat, upsampled } from './dense.js';
import { countOf, outChannels, type Head } from './head.js';
import { addSmpHead, smpConv, smpInputs } from './smp.js';

/** Of timm's features the one at a quarter of the input's size. */
const quarter = 1;

/**
 * segmentation_models_pytorch's Segformer decoder (arXiv 2105.15203) on timm's features: each is brought to one number of
 * channels and to a quarter of the input's size, and a 1x1 convolution fuses them all, the deepest first.
 */
export const smpSegformer: Head = {
  suffix: '_segformer',
  words: 'a Segformer decoder',
  task: 'segmentation',
  preprocess: smpInputs,
  firstTensor: 'decoder.mlp_stage.0.linear.weight',
  modules: /^(?:decoder\.(?:mlp_stage|fuse_stage)|segmentation_head)\./,
  build: (ground) => {
    const { net, stages, tensors } = ground;
    const count = countOf(tensors, (index) => `decoder.mlp_stage.${index}.linear.weight`);
    const features = stages.byDefault.slice(0, count);
    const like = features[quarter] ?? features.at(-1)!;
    const maps = features.toReversed().map((feature, index) => {
      const name = `decoder.mlp_stage.${index}`;
      const channels = outChannels(tensors, `${name}.linear.weight`);
      const x = net.conv(feature, `${name}.linear`, channels, { linear: true, bias: true });
      return feature === like ? x : upsampled(net, `${name}.resize`, x, like);
    });
    const fused = outChannels(tensors, 'decoder.fuse_stage.0.weight');
    const x = smpConv(ground, concat(net, 'decoder.concat', maps), 'decoder.fuse_stage', fused, 1);
    return { ...addSmpHead(net, x, tensors, true), config: {} };
  },
};
