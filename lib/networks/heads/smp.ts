import type { Shapes } from '../../formats/tensor.js';
import type { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import type { PreprocessConfig } from '../../preprocess-config.js';
import { segmentationOutputs } from './dense.js';

/** Whoever uses smp chooses a size, whose sides are multiples of 32. */
export const smpInputs: Partial<PreprocessConfig> = { ...inputRules.smp, inputSize: [512, 512] };

/** smp's Conv2dReLU: `NAME.0` with a bias, or with the batch norm `NAME.1` behind it, then a ReLU. */
export function smpConv(net: Blueprint, input: NodeId, name: string, channels: number, kernel: number): NodeId {
  const module = { module: `${name}.0`, batchNorm: `${name}.1`, bias: true };
  return net.conv(input, name, channels, { ...module, kernel, activation: 'relu' });
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
