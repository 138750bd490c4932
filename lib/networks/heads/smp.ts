import type { Shapes } from '../../formats/tensor.js';
import type { Blueprint } from '../../graph/blueprint.js';
import type { ConvOptions } from '../../graph/planned-conv.js';
import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import type { PreprocessConfig } from '../../preprocess-config.js';
import { segmentationOutputs } from './dense.js';
import type { Ground } from './head.js';

/** Whoever uses smp chooses a size, whose sides are multiples of 32. */
export const smpInputs: Partial<PreprocessConfig> = { ...inputRules.smp, inputSize: [512, 512] };

/** Of PyTorch's norms. */
const usualEps = 1e-5;

/** smp's Conv2dReLU: `NAME.0` with a bias, or with the norm `NAME.1` behind it, then a ReLU. */
export function smpConv(ground: Ground, input: NodeId, name: string, channels: number, kernel: number): NodeId {
  const { net, tensors } = ground;
  const [module, norm] = [`${name}.0`, `${name}.1`];
  if (isInstanceNorm(tensors, norm))
    return instanceNorm(ground, net.conv(input, name, channels, { module, kernel }), norm);
  const batchNorm = { batchNorm: norm, eps: normEps(ground) };
  return net.conv(input, name, channels, { module, ...batchNorm, bias: true, kernel, activation: 'relu' });
}

/** What its norms add to the variance. */
export function normEps({ said }: Ground): number {
  return said.normEps ?? usualEps;
}

/** Alone among smp's norms it has a weight and keeps no statistics. */
export function isInstanceNorm(tensors: Shapes, name: string): boolean {
  return tensors.has(`${name}.weight`) && !tensors.has(`${name}.running_mean`);
}

/** The norm of that name, of each channel of a map by itself, and a ReLU. */
export function instanceNorm(ground: Ground, input: NodeId, name: string): NodeId {
  const { net } = ground;
  const channels = net.channelsOf(input);
  const each: ConvOptions = { depthwise: true, scaling: 'channels' };
  const eps = normEps(ground);
  // The operator's eps is PyTorch's. Another one weighs as much more against a map that is made smaller.
  const constant = Math.sqrt(usualEps / eps);
  // Models of a file share the weights of a name.
  const scaled = eps === usualEps ? input : net.conv(input, `${name}.scale.${eps}`, channels, { ...each, constant });
  const normed = net.add({ op: 'group_norm', name: `${name}.norm`, inputs: [scaled], groups: channels });
  return net.conv(normed, name, channels, { ...each, bias: true, activation: 'relu' });
}

/**
 * smp's SegmentationHead: a convolution, and its upsampling to the input's size.
 *
 * @returns what is to be known of its outputs
 */
export function addSmpHead(
  net: Blueprint,
  input: NodeId,
  tensors: Shapes,
  alignCorners = false,
): ReturnType<typeof segmentationOutputs> {
  const [classes = 1, , kernel = 3] = tensors.get('segmentation_head.0.weight')?.shape ?? [];
  const head = net.conv(input, 'segmentation_head.0', classes, { kernel, bias: true });
  return segmentationOutputs(net, head, alignCorners);
}
