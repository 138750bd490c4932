import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import { concat, segmentationOutputs } from './dense.js';
import { countOf, inChannels, oneForEach, outChannels, type Head } from './head.js';
import { convModule } from './openmmlab.js';

const conv = (index: number): string => `decode_head.convs.${index}`;

/**
 * mmsegmentation's FCNHead (arXiv 1411.4038): convolutions of one map, which may then lie beside their input for another one, and the
 * logits.
 */
export const mmsegFcn: Head = {
  suffix: '_fcn',
  words: 'an FCN head',
  task: 'segmentation',
  preprocess: { ...inputRules.smp, inputSize: [512, 512] },
  firstTensor: `${conv(0)}.conv.weight`,
  modules: /^decode_head\.(?:convs\.\d+|conv_cat|conv_seg)\./,
  build: ({ net, stages, tensors, said }) => {
    const [input] = stages.levels(said.levels, [inChannels(tensors, `${conv(0)}.conv.weight`)]) as [NodeId];
    const count = countOf(tensors, (index) => `${conv(index)}.conv.weight`);
    const atrousRates = oneForEach('atrousRates', said.atrousRates ?? [1], 1, 'dilation');
    const module = (x: NodeId, name: string, dilation: number | undefined): NodeId => {
      const [channels = 1, , kernel = 3] = tensors.get(`${name}.conv.weight`)?.shape ?? [];
      return convModule(net, x, name, channels, { kernel, ...(dilation !== undefined && { dilation }) });
    };
    let x = input;
    for (let index = 0; index < count; index++) x = module(x, conv(index), atrousRates[0]);
    const cat = 'decode_head.conv_cat';
    if (tensors.has(`${cat}.conv.weight`)) x = module(concat(net, `${cat}.concat`, [input, x]), cat, undefined);
    x = net.conv(x, 'decode_head.conv_seg', outChannels(tensors, 'decode_head.conv_seg.weight'), { bias: true });
    const alignCorners = said.alignCorners ?? false;
    const config = { atrousRates, alignCorners, levels: [stages.levelOf(input)] };
    return { ...segmentationOutputs(net, x, alignCorners), config };
  },
};
