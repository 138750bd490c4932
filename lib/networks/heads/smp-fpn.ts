import type { NodeId } from '../../graph/graph.js';
import { concat, upsampled } from './dense.js';
import { inChannels, outChannels, type Ground, type Head } from './head.js';
import { addSmpHead, smpInputs } from './smp.js';

/** smp's GroupNorm has so many groups. */
const groups = 32;

/** Levels, the deepest first: each is brought to the largest one's size by as many doublings as there are maps between. */
const levels = 4;

/**
 * segmentation_models_pytorch's FPN (arXiv 1901.02446) on timm's features: the deepest map is added to the next larger one and so on;
 * each sum is convolved and doubled until all are of one size, and these are added or lie side by side, as the channels of
 * the last convolution tell.
 */
export const smpFpn: Head = {
  suffix: '_smpfpn',
  words: 'an FPN decoder',
  task: 'segmentation',
  preprocess: smpInputs,
  firstTensor: 'decoder.p5.weight',
  modules: /^(?:decoder\.(?:p[2-5]|seg_blocks)|segmentation_head)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const upsampling = said.upsampling ?? 'nearest';
    const features = stages.upTo(inChannels(tensors, 'decoder.p5.weight'), levels);
    const sums = addPyramid(ground, features, upsampling);
    const maps = sums.map((_, index) => addSegmentation(ground, sums, index));
    const channels = net.channelsOf(maps[0]!);
    const isWide = inChannels(tensors, 'segmentation_head.0.weight') !== channels;
    const merged = isWide
      ? concat(net, 'decoder.concat', maps)
      : maps.reduce((sum, map, index) => added(ground, sum, map, index));
    return { ...addSmpHead(net, merged, tensors, true), config: { upsampling } };
  },
};

/** @returns the sums, the deepest first */
function addPyramid(
  { net, tensors }: Ground,
  features: readonly NodeId[],
  upsampling: 'nearest' | 'bilinear',
): NodeId[] {
  const channels = outChannels(tensors, 'decoder.p5.weight');
  const sums = [net.conv(features.at(-1)!, 'decoder.p5', channels, { bias: true })];
  for (const [index, feature] of features.slice(0, -1).toReversed().entries()) {
    const name = `decoder.p${4 - index}`;
    const skip = net.conv(feature, `${name}.skip_conv`, channels, { bias: true });
    const above = net.add({ op: `upsample_${upsampling}`, name: `${name}.upsample`, inputs: [sums.at(-1)!, skip] });
    sums.push(net.add({ op: 'add', name, inputs: [above, skip] }));
  }
  return sums;
}

function addSegmentation({ net, tensors }: Ground, sums: readonly NodeId[], index: number): NodeId {
  let x = sums[index]!;
  for (const [step, like] of [...sums.slice(index + 1), undefined].entries()) {
    // The largest has one convolution and is doubled no more; any other is doubled behind each of its own.
    if (like === undefined && index < sums.length - 1) break;
    const name = `decoder.seg_blocks.${index}.block.${step}.block`;
    const channels = outChannels(tensors, `${name}.0.weight`);
    x = net.conv(x, `${name}.0`, channels, { kernel: 3 });
    x = net.add({ op: 'group_norm', name: `${name}.norm`, inputs: [x], groups });
    x = net.conv(x, `${name}.1`, channels, { depthwise: true, scaling: 'channels', bias: true, activation: 'relu' });
    if (like !== undefined) x = upsampled(net, `${name}.upsample`, x, like, true);
  }
  return x;
}

function added({ net }: Ground, sum: NodeId, map: NodeId, index: number): NodeId {
  return net.add({ op: 'add', name: `decoder.sum.${index}`, inputs: [sum, map] });
}
