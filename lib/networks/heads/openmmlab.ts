import type { Blueprint } from '../../graph/blueprint.js';
import type { ConvOptions } from '../../graph/planned-conv.js';
import type { NodeId } from '../../graph/graph.js';

/** mmcv's ConvModule: `NAME.conv` with a bias or with `NAME.bn` behind it, then its activation. */
export function convModule(
  net: Blueprint,
  input: NodeId,
  name: string,
  channels: number,
  options: ConvOptions = {},
): NodeId {
  return net.conv(input, `${name}.conv`, channels, {
    bias: true,
    batchNorm: `${name}.bn`,
    activation: 'relu',
    ...options,
  });
}

/**
 * mmcv's DepthwiseSeparableConvModule: a convolution of each channel by itself, 3x3 unless `depthwise` says otherwise, and a 1x1 one of
 * them all.
 *
 * @param both what is behind either
 */
export function separableModule(
  net: Blueprint,
  input: NodeId,
  name: string,
  channels: number,
  depthwise: ConvOptions = {},
  both: ConvOptions = {},
): NodeId {
  const options = { kernel: 3, depthwise: true, ...depthwise, ...both };
  const x = convModule(net, input, `${name}.depthwise_conv`, net.channelsOf(input), options);
  return convModule(net, x, `${name}.pointwise_conv`, channels, both);
}
