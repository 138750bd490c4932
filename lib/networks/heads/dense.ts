import type { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import type { Built } from './head.js';

/** The network's input, whose size logits are brought to. */
const image: NodeId = 0;

/** How a map comes to the size of another one, as PyTorch's `interpolate` does it. */
export function upsampled(net: Blueprint, name: string, input: NodeId, like: NodeId, alignCorners = false): NodeId {
  const op = alignCorners ? 'upsample_bilinear_aligned' : 'upsample_bilinear';
  return net.add({ op, name, inputs: [input, like] });
}

/**
 * The outputs of a segmenter: `head`, what its last convolution makes, and `logits`, the same at the input's size.
 *
 * @returns what is to be known of them
 */
export function segmentationOutputs(
  net: Blueprint,
  head: NodeId,
  alignCorners = false,
): Pick<Built, 'numClasses' | 'segmenter'> {
  net.output('head', head, { role: 'prediction' });
  const isWhole = net.strideOf(head) === 1;
  net.output('logits', isWhole ? head : upsampled(net, 'logits', head, image, alignCorners), { role: 'segmentation' });
  return { numClasses: net.channelsOf(head), segmenter: { alignCorners } };
}

/** The mean of a map at every position of it, with what a 1x1 convolution makes of it. */
export function spread(net: Blueprint, name: string, mean: NodeId, like: NodeId): NodeId {
  // All positions are alike, so that every upsampling gives the same.
  return net.add({ op: 'upsample_nearest', name, inputs: [mean, like] });
}

/** Side by side. */
export function concat(net: Blueprint, name: string, inputs: readonly NodeId[]): NodeId {
  const channels = inputs.reduce((sum, input) => sum + net.channelsOf(input), 0);
  return net.add({ op: 'concat', name, inputs, channels });
}
