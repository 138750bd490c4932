import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import { concat, segmentationOutputs, spread, upsampled } from './dense.js';
import { countOf, inChannels, oneForEach, outChannels, type Ground, type Head } from './head.js';
import { convModule, separableModule } from './openmmlab.js';

/** mmsegmentation's of stride 16. */
const usualRates = [6, 12, 18];

const asppModule = (index: number): string => `decode_head.aspp_modules.${index}`;

/**
 * mmsegmentation's DepthwiseSeparableASPPHead (DeepLabV3+, arXiv 1802.02611): the mean, a 1x1 convolution and dilated
 * separable ones side by side, a bottleneck, then at the size of a larger map together with what a 1x1 convolution makes of
 * that, separable convolutions and the logits. Older versions have a separable bottleneck.
 */
export const deepLabV3Plus: Head = {
  suffix: '_deeplabv3plus',
  words: 'a DeepLabV3+ head',
  task: 'segmentation',
  preprocess: { ...inputRules.smp, inputSize: [512, 512] },
  firstTensor: 'decode_head.sep_bottleneck.0.depthwise_conv.conv.weight',
  modules: /^decode_head\.(?:image_pool|aspp_modules|bottleneck|c1_bottleneck|sep_bottleneck|conv_seg)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const c1 = 'decode_head.c1_bottleneck';
    const hasLow = tensors.has(`${c1}.conv.weight`);
    const [high, low] = stages.levels(said.levels, [
      inChannels(tensors, `${asppModule(0)}.conv.weight`),
      ...(hasLow ? [inChannels(tensors, `${c1}.conv.weight`)] : []),
    ]) as [NodeId, NodeId?];
    const alignCorners = said.alignCorners ?? false;
    const { pyramid, atrousRates } = addPyramid(ground, high);
    let x = addBottleneck(ground, pyramid);
    if (low !== undefined) {
      const reduced = convModule(net, low, c1, outChannels(tensors, `${c1}.conv.weight`));
      const above = upsampled(net, 'decode_head.upsample', x, reduced, alignCorners);
      x = concat(net, 'decode_head.concat', [above, reduced]);
    }
    const name = (index: number): string => `decode_head.sep_bottleneck.${index}`;
    const count = countOf(tensors, (index) => `${name(index)}.pointwise_conv.conv.weight`);
    for (let index = 0; index < Math.max(1, count); index++)
      x = separableModule(net, x, name(index), outChannels(tensors, `${name(index)}.pointwise_conv.conv.weight`));
    x = net.conv(x, 'decode_head.conv_seg', outChannels(tensors, 'decode_head.conv_seg.weight'), { bias: true });
    const levels = [high, ...(low === undefined ? [] : [low])].map((node) => stages.levelOf(node));
    return { ...segmentationOutputs(net, x, alignCorners), config: { atrousRates, alignCorners, levels } };
  },
};

function addPyramid(
  { net, tensors, said }: Ground,
  input: NodeId,
): { readonly pyramid: NodeId; readonly atrousRates: readonly number[] } {
  const channels = outChannels(tensors, `${asppModule(0)}.conv.weight`);
  const dilated = Math.max(
    1,
    countOf(tensors, (index) => `${asppModule(index + 1)}.pointwise_conv.conv.weight`),
  );
  const atrousRates = oneForEach('atrousRates', said.atrousRates ?? usualRates, dilated, 'dilated convolutions');
  const mean = net.add({ op: 'global_avg_pool', name: 'decode_head.image_pool.0', inputs: [input] });
  const pooled = convModule(net, mean, 'decode_head.image_pool.1', channels);
  const branches = [
    spread(net, 'decode_head.image_pool.spread', pooled, input),
    convModule(net, input, asppModule(0), channels),
    ...atrousRates.map((dilation, index) => separableModule(net, input, asppModule(index + 1), channels, { dilation })),
  ];
  return { pyramid: concat(net, 'decode_head.aspp_concat', branches), atrousRates };
}

function addBottleneck({ net, tensors }: Ground, input: NodeId): NodeId {
  const name = 'decode_head.bottleneck';
  const separable = `${name}.pointwise_conv.conv.weight`;
  if (tensors.has(separable)) return separableModule(net, input, name, outChannels(tensors, separable));
  return convModule(net, input, name, outChannels(tensors, `${name}.conv.weight`), { kernel: 3 });
}
