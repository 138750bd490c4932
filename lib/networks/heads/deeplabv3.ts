import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import { concat, segmentationOutputs, spread } from './dense.js';
import { inChannels, oneForEach, outChannels, countOf, type Ground, type Head } from './head.js';

/** torchvision's of stride 16 or 8; no tensor tells them. */
const usualRates = [12, 24, 36];

const aspp = 'classifier.0';

/**
 * torchvision's DeepLabV3 (arXiv 1706.05587): dilated 3x3 convolutions of several rates, a 1x1 convolution and the mean side
 * by side, a 1x1 and a 3x3 convolution on all of them, then the logits.
 */
export const deepLabV3: Head = {
  suffix: '_deeplabv3',
  words: 'a DeepLabV3 head',
  task: 'segmentation',
  preprocess: inputRules.torchvision,
  firstTensor: `${aspp}.convs.0.0.weight`,
  modules: /^classifier\.(?:0\.(?:convs|project)|1|2|4)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const [input] = stages.levels(said.levels, [inChannels(tensors, `${aspp}.convs.0.0.weight`)]) as [NodeId];
    const { pyramid, atrousRates } = addPyramid(ground, input);
    const channels = outChannels(tensors, `${aspp}.project.0.weight`);
    const norm = { batchNorm: `${aspp}.project.1`, activation: 'relu' } as const;
    let x = net.conv(pyramid, `${aspp}.project.0`, channels, norm);
    x = net.conv(x, 'classifier.1', outChannels(tensors, 'classifier.1.weight'), {
      kernel: 3,
      batchNorm: 'classifier.2',
      activation: 'relu',
    });
    x = net.conv(x, 'classifier.4', outChannels(tensors, 'classifier.4.weight'), { bias: true });
    const config = { atrousRates, levels: [stages.levelOf(input)] };
    return { ...segmentationOutputs(net, x), config };
  },
};

function addPyramid(
  { net, tensors, said }: Ground,
  input: NodeId,
): { pyramid: NodeId; atrousRates: readonly number[] } {
  const channels = outChannels(tensors, `${aspp}.convs.0.0.weight`);
  const module = (index: number): string => `${aspp}.convs.${index}`;
  const dilated = Math.max(
    1,
    countOf(tensors, (index) => `${module(index + 1)}.0.weight`),
  );
  const atrousRates = oneForEach('atrousRates', said.atrousRates ?? usualRates, dilated, 'dilated convolutions');
  const conv = (index: number, kernel: number, dilation: number): NodeId =>
    net.conv(input, `${module(index)}.0`, channels, {
      kernel,
      dilation,
      batchNorm: `${module(index)}.1`,
      activation: 'relu',
    });
  const branches = [conv(0, 1, 1), ...atrousRates.map((rate, index) => conv(index + 1, 3, rate))];
  const pool = module(branches.length);
  const mean = net.add({ op: 'global_avg_pool', name: `${pool}.0`, inputs: [input] });
  const pooled = net.conv(mean, `${pool}.1`, channels, { batchNorm: `${pool}.2`, activation: 'relu' });
  branches.push(spread(net, `${pool}.spread`, pooled, input));
  return { pyramid: concat(net, `${aspp}.concat`, branches), atrousRates };
}
