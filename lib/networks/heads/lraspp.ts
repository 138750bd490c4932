import { inputRules } from '../../input-rules.js';
import { segmentationOutputs, upsampled } from './dense.js';
import { inChannels, outChannels, type Head } from './head.js';

/**
 * torchvision's LRASPP (arXiv 1905.02244, section 6.4): a 1x1 convolution of the deepest map, each channel times a gate that
 * its mean decides, and on the way back up the logits of a larger map are added to its own.
 */
export const lraspp: Head = {
  suffix: '_lraspp',
  words: 'an LRASPP head',
  task: 'segmentation',
  preprocess: inputRules.torchvision,
  firstTensor: 'classifier.low_classifier.weight',
  modules: /^classifier\.(?:cbr|scale|low_classifier|high_classifier)\./,
  build: ({ net, stages, tensors, said }) => {
    const [high, low] = stages.levels(said.levels, [
      inChannels(tensors, 'classifier.cbr.0.weight'),
      inChannels(tensors, 'classifier.low_classifier.weight'),
    ]) as [number, number];
    const channels = outChannels(tensors, 'classifier.cbr.0.weight');
    const classes = outChannels(tensors, 'classifier.low_classifier.weight');
    const x = net.conv(high, 'classifier.cbr.0', channels, { batchNorm: 'classifier.cbr.1', activation: 'relu' });
    const mean = net.add({ op: 'global_avg_pool', name: 'classifier.scale.0', inputs: [high] });
    const gate = net.conv(mean, 'classifier.scale.1', channels, { activation: 'sigmoid' });
    const gated = net.add({ op: 'mul', name: 'classifier.gated', inputs: [x, gate] });
    const above = net.conv(gated, 'classifier.high_classifier', classes, { bias: true });
    const below = net.conv(low, 'classifier.low_classifier', classes, { bias: true });
    // torchvision upsamples before its 1x1 convolution, which commutes with it: the weights of a position sum to 1.
    const head = net.add({
      op: 'add',
      name: 'classifier.sum',
      inputs: [below, upsampled(net, 'classifier.upsample', above, low)],
    });
    const config = { levels: [high, low].map((node) => stages.levelOf(node)) };
    return { ...segmentationOutputs(net, head), config };
  },
};
