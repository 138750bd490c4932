import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import { concat, segmentationOutputs } from './dense.js';
import { countOf, inChannels, oneForEach, outChannels, type Built, type Ground, type Head } from './head.js';
import { convModule, separableModule } from './openmmlab.js';

const conv = (index: number): string => `decode_head.convs.${index}`;

const cat = 'decode_head.conv_cat';

/** The weight of a separable convolution that lies over the map. */
const depthwiseOf = (name: string): string => `${name}.depthwise_conv.conv.weight`;

const common = {
  task: 'segmentation',
  preprocess: { ...inputRules.smp, inputSize: [512, 512] },
  modules: /^decode_head\.(?:convs\.\d+|conv_cat|conv_seg)\./,
} as const satisfies Partial<Head>;

/**
 * mmsegmentation's FCNHead (arXiv 1411.4038): convolutions of one map, which may then lie beside their input for another one, and the
 * logits.
 */
export const mmsegFcn: Head = {
  ...common,
  suffix: '_fcn',
  words: 'an FCN head',
  firstTensor: `${conv(0)}.conv.weight`,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const [input] = stages.levels(said.levels, [inChannels(tensors, `${conv(0)}.conv.weight`)]) as [NodeId];
    const count = countOf(tensors, (index) => `${conv(index)}.conv.weight`);
    const atrousRates = oneForEach('atrousRates', said.atrousRates ?? [1], 1, 'dilation');
    const module = (x: NodeId, name: string, dilation: number | undefined): NodeId => {
      const [channels = 1, , kernel = 3] = tensors.get(`${name}.conv.weight`)?.shape ?? [];
      return convModule(net, x, name, channels, { kernel, ...(dilation !== undefined && { dilation }) });
    };
    let x = input;
    for (let index = 0; index < count; index++) x = module(x, conv(index), atrousRates[0]);
    if (tensors.has(`${cat}.conv.weight`)) x = module(concat(net, `${cat}.concat`, [input, x]), cat, undefined);
    const { config, ...rest } = addLogits(ground, input, x);
    return { ...rest, config: { ...config, atrousRates } };
  },
};

/**
 * The same of separable convolutions, mmsegmentation's DepthwiseSeparableFCNHead (of Fast-SCNN, arXiv 1902.04502). It has no
 * activation between the two parts of one, unless its `dw_act_cfg` says so.
 */
export const mmsegSeparableFcn: Head = {
  ...common,
  suffix: '_separablefcn',
  words: 'an FCN head of separable convolutions',
  firstTensor: depthwiseOf(conv(0)),
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const channels = outChannels(tensors, depthwiseOf(conv(0)));
    const [input] = stages.levels(said.levels, [channels]) as [NodeId];
    const count = countOf(tensors, (index) => depthwiseOf(conv(index)));
    const depthwiseActivation = said.depthwiseActivation ?? 'none';
    const module = (x: NodeId, name: string): NodeId => {
      const [, , kernel = 3] = tensors.get(depthwiseOf(name))?.shape ?? [];
      const out = outChannels(tensors, `${name}.pointwise_conv.conv.weight`);
      return separableModule(net, x, name, out, { kernel, activation: depthwiseActivation });
    };
    let x = input;
    for (let index = 0; index < count; index++) x = module(x, conv(index));
    if (tensors.has(depthwiseOf(cat))) x = module(concat(net, `${cat}.concat`, [input, x]), cat);
    const { config, ...rest } = addLogits(ground, input, x);
    return { ...rest, config: { ...config, depthwiseActivation } };
  },
};

function addLogits({ net, stages, tensors, said }: Ground, input: NodeId, x: NodeId): Built {
  const classes = outChannels(tensors, 'decode_head.conv_seg.weight');
  const head = net.conv(x, 'decode_head.conv_seg', classes, { bias: true });
  const alignCorners = said.alignCorners ?? false;
  const config = { alignCorners, levels: [stages.levelOf(input)] };
  return { ...segmentationOutputs(net, head, alignCorners), config };
}
