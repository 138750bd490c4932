import type { Blueprint } from '../graph/blueprint.js';
import type { Activation, NodeId } from '../graph/graph.js';
import { dfcAttention, gatedBy, type DfcAttention } from './dfc-attention.js';
import { divisible } from './divisible.js';
import { squeezeExcite } from './squeeze-excite.js';

export interface InvertedResidual {
  readonly kernel: number;
  /** Of the input's channels; 1: a depthwise separable convolution. */
  readonly expansion: number;
  /** Of the output. */
  readonly channels: number;
  readonly squeeze?: boolean;
  /** Of DFC attention, which multiplies what is expanded, as the GhostNetV2 paper tries it on MobileNetV2. */
  readonly attention?: Pick<DfcAttention, 'mixing' | 'gate'> | undefined;
  readonly activation: Activation;
  readonly stride: 1 | 2;
}

/** MobileNetV2's block (arXiv 1801.04381), with MobileNetV3's squeeze-and-excitation, by timm's names. */
export function invertedResidual(net: Blueprint, input: NodeId, name: string, block: InvertedResidual): NodeId {
  const { kernel, expansion, channels, squeeze, attention, activation, stride } = block;
  const inChannels = net.channelsOf(input);
  const middle = divisible(inChannels * expansion, 8);
  const separable = expansion === 1;
  // A depthwise separable convolution lacks the first of the three, and its batch norms count from there.
  const norm = (index: number): string => `${name}.bn${separable ? index - 1 : index}`;
  let x = separable ? input : net.conv(input, `${name}.conv_pw`, middle, { batchNorm: norm(1), activation });
  if (attention) {
    const gate = dfcAttention(net, input, { name, channels: middle, label: name, ...attention });
    x = gatedBy(net, x, gate, name, attention.gate);
  }
  x = net.conv(x, `${name}.conv_dw`, middle, { kernel, stride, depthwise: true, batchNorm: norm(2), activation });
  if (squeeze) x = squeezeExcite(net, x, `${name}.se`, divisible(middle / 4, 8));
  x = net.conv(x, `${name}.${separable ? 'conv_pw' : 'conv_pwl'}`, channels, { batchNorm: norm(3) });
  if (stride !== 1 || inChannels !== channels) return x;
  return net.add({ op: 'add', name: `${name}.add`, inputs: [x, input] });
}
