import type { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import { outChannels, type Ground } from './head.js';

/** nanodet's LeakyReLU. */
export const leaky = { activation: 'leaky_relu', slope: 0.1 } as const;

/**
 * nanodet's ConvModule (`NAME.conv`, `NAME.bn`) or its DepthwiseConvModule (`NAME.depthwise`, `.dwnorm`, `.pointwise`,
 * `.pwnorm`), as the tensors have it, with a leaky ReLU behind each convolution.
 */
export function nanoConv(net: Blueprint, input: NodeId, name: string, tensors: Ground['tensors'], stride = 1): NodeId {
  const whole = tensors.get(`${name}.conv.weight`)?.shape;
  if (whole) {
    const options = { kernel: whole[2] ?? 1, stride, bias: true, batchNorm: `${name}.bn`, ...leaky };
    return net.conv(input, `${name}.conv`, whole[0] ?? 1, options);
  }
  const kernel = tensors.get(`${name}.depthwise.weight`)?.shape[2] ?? 5;
  const depthwise = { kernel, stride, depthwise: true, bias: true, batchNorm: `${name}.dwnorm`, ...leaky };
  const x = net.conv(input, `${name}.depthwise`, net.channelsOf(input), depthwise);
  const pointwise = { bias: true, batchNorm: `${name}.pwnorm`, ...leaky };
  return net.conv(x, `${name}.pointwise`, outChannels(tensors, `${name}.pointwise.weight`), pointwise);
}

/** Whether there is one of that name. */
export function isNanoConv(tensors: Ground['tensors'], name: string): boolean {
  return tensors.has(`${name}.pointwise.weight`) || tensors.has(`${name}.conv.weight`);
}
