import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import { concat, segmentationOutputs, upsampled } from './dense.js';
import { countOf, inChannels, outChannels, type Ground, type Head } from './head.js';
import { convModule } from './openmmlab.js';

/** Over which the gate's means are taken, in elements of the deepest map; mmsegmentation has no other, and none that is smaller. */
const windows = { kernel: [49, 49], stride: [16, 20] } as const;

const branch = (index: number): string => `decode_head.convs.conv${index}`;

/**
 * mmsegmentation's LRASPPHead (after arXiv 1905.02244): the deepest map, its channels gated by means over large windows, then at the
 * size of each larger map beside what a 1x1 convolution makes of that, and the logits.
 */
export const mmsegLraspp: Head = {
  suffix: '_mmseglraspp',
  words: "mmsegmentation's LRASPP head",
  task: 'segmentation',
  preprocess: { ...inputRules.smp, inputSize: [512, 512] },
  firstTensor: `${branch(0)}.weight`,
  modules: /^decode_head\.(?:convs\.conv\d|conv_ups|conv_up_input|aspp_conv|image_pool|conv_seg)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const count = countOf(tensors, (index) => `${branch(index)}.weight`);
    const channels = Array.from({ length: count }, (_, index) => inChannels(tensors, `${branch(index)}.weight`));
    const features = stages.levels(said.levels, [
      ...channels,
      inChannels(tensors, 'decode_head.aspp_conv.conv.weight'),
    ]);
    let x = addGated(ground, features.at(-1)!);
    x = net.conv(x, 'decode_head.conv_up_input', outChannels(tensors, 'decode_head.conv_up_input.weight'));
    for (let index = count - 1; index >= 0; index--) {
      const feature = features[index]!;
      const name = `decode_head.conv_ups.conv_up${index}`;
      const above = upsampled(net, `${name}.upsample`, x, feature);
      const side = net.conv(feature, branch(index), outChannels(tensors, `${branch(index)}.weight`));
      x = concat(net, `${name}.concat`, [above, side]);
      x = convModule(net, x, name, outChannels(tensors, `${name}.conv.weight`));
    }
    x = net.conv(x, 'decode_head.conv_seg', outChannels(tensors, 'decode_head.conv_seg.weight'), { bias: true });
    const alignCorners = said.alignCorners ?? false;
    const config = { alignCorners, levels: features.map((node) => stages.levelOf(node)) };
    return { ...segmentationOutputs(net, x, alignCorners), config };
  },
};

function addGated({ net, tensors }: Ground, input: NodeId): NodeId {
  const channels = outChannels(tensors, 'decode_head.aspp_conv.conv.weight');
  const x = convModule(net, input, 'decode_head.aspp_conv', channels);
  const means = net.add({ op: 'avg_pool2d', name: 'decode_head.image_pool.0', inputs: [input], ...windows });
  // It has no norm.
  const gate = net.conv(means, 'decode_head.image_pool.1.conv', channels, { activation: 'sigmoid' });
  const whole = upsampled(net, 'decode_head.image_pool.upsample', gate, x, true);
  return net.add({ op: 'mul', name: 'decode_head.gated', inputs: [x, whole] });
}
