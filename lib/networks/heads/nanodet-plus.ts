import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import { addGhostPan } from './ghost-pan.js';
import { countOf, oneForEach, outChannels, type Ground, type Head } from './head.js';
import { isNanoConv, nanoConv } from './nanodet-conv.js';

const project = 'head.distribution_project.project';

/** NanoDet's reg_max and one, where no tensor tells it. */
const usualBins = 8;

/**
 * NanoDet-Plus (RangiLyu/nanodet): a Ghost-PAN neck, then for each level convolutions and a 1x1 one for classes and the
 * distributions of a box's four sides. Its outputs: `pred.0`, `pred.1`, …, the largest map first, and an extra level on top.
 */
export const nanoDetPlus: Head = {
  suffix: '_nanodetplus',
  words: 'a NanoDet-Plus head',
  task: 'detection',
  preprocess: { ...inputRules.nanodet, inputSize: [320, 320] },
  firstTensor: 'head.gfl_cls.0.weight',
  modules: /^(?:fpn|head)\./,
  build: (ground) => {
    const { net, tensors, said } = ground;
    net.mayHave(project);
    const { maps, config } = addGhostPan(ground);
    oneForEach('levels', maps, countOf(tensors, levelWeight), 'levels');
    const outputs = maps.map((map, level) => addLevel(ground, map, level));
    for (const [level, output] of outputs.entries()) net.output(`pred.${level}`, output, { role: 'prediction' });
    const strides = said.strides ?? outputs.map((output) => net.strideOf(output));
    oneForEach('strides', strides, outputs.length, 'levels');
    const bins = tensors.get(project)?.shape[0] ?? usualBins;
    const classes = Math.max(0, outChannels(tensors, levelWeight(0)) - 4 * bins);
    return {
      numClasses: classes,
      config: { ...config, strides },
      detector: { kind: 'distribution', classes, strides, bins, offset: 0 },
    };
  },
};

function levelWeight(level: number): string {
  return `head.gfl_cls.${level}.weight`;
}

function addLevel({ net, tensors }: Ground, map: NodeId, level: number): NodeId {
  const name = (index: number): string => `head.cls_convs.${level}.${index}`;
  let x = map;
  for (let index = 0; isNanoConv(tensors, name(index)); index++) x = nanoConv(net, x, name(index), tensors);
  return net.conv(x, `head.gfl_cls.${level}`, outChannels(tensors, levelWeight(level)), { bias: true });
}
