import type { NodeId } from '../../graph/graph.js';
import { inputRules } from '../../input-rules.js';
import { concat } from './dense.js';
import { countOf, inChannels, oneForEach, outChannels, type Ground, type Head } from './head.js';
import { isNanoConv, nanoConv } from './nanodet-conv.js';

const project = 'head.distribution_project.project';

/** NanoDet's reg_max and one, where no tensor tells it. */
const usualBins = 8;

const lateral = (level: number): string => `fpn.lateral_convs.${level}`;

/**
 * NanoDet before its Plus (RangiLyu/nanodet): a PAN whose maps are added, resized bilinearly, then for each level convolutions and the
 * predictions, of classes and sides by themselves or in one. Its outputs: `pred.0`, `pred.1`, …, the largest map first, as
 * those of NanoDet-Plus.
 */
export const nanoDet: Head = {
  suffix: '_nanodet',
  words: 'a NanoDet head',
  task: 'detection',
  preprocess: { ...inputRules.nanodet, inputSize: [320, 320] },
  firstTensor: `${lateral(0)}.conv.weight`,
  modules: /^(?:fpn|head)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    net.mayHave(project);
    const count = countOf(tensors, (level) => `${lateral(level)}.conv.weight`);
    const channels = Array.from({ length: count }, (_, level) => inChannels(tensors, `${lateral(level)}.conv.weight`));
    const features = stages.levels(said.levels, channels);
    oneForEach('levels', features, count, 'levels');
    const outputs = addPan(ground, features).map((map, level) => addLevel(ground, map, level));
    for (const [level, output] of outputs.entries()) net.output(`pred.${level}`, output, { role: 'prediction' });
    const strides = said.strides ?? outputs.map((output) => net.strideOf(output));
    oneForEach('strides', strides, count, 'levels');
    const bins = tensors.get(project)?.shape[0] ?? usualBins;
    const classes = Math.max(0, net.channelsOf(outputs[0]!) - 4 * bins);
    return {
      numClasses: classes,
      config: { strides, levels: features.map((node) => stages.levelOf(node)) },
      // Its points lie in the middle of their elements.
      detector: { kind: 'distribution', classes, strides, bins, offset: 0.5 },
    };
  },
};

function addPan({ net, tensors }: Ground, features: readonly NodeId[]): NodeId[] {
  const maps = features.map((feature, level) =>
    net.conv(feature, `${lateral(level)}.conv`, outChannels(tensors, `${lateral(level)}.conv.weight`), {
      bias: true,
      batchNorm: `${lateral(level)}.bn`,
    }),
  );
  const add = (name: string, level: number, from: number): void => {
    const resized = net.add({ op: 'upsample_bilinear', name: `${name}.resize`, inputs: [maps[from]!, maps[level]!] });
    maps[level] = net.add({ op: 'add', name, inputs: [maps[level]!, resized] });
  };
  for (let level = maps.length - 2; level >= 0; level--) add(`fpn.down.${level}`, level, level + 1);
  for (let level = 1; level < maps.length; level++) add(`fpn.up.${level}`, level, level - 1);
  return maps;
}

function addLevel({ net, tensors }: Ground, map: NodeId, level: number): NodeId {
  const tower = (side: string): NodeId => {
    const name = (index: number): string => `head.${side}_convs.${level}.${index}`;
    let x = map;
    for (let index = 0; isNanoConv(tensors, name(index)); index++) x = nanoConv(net, x, name(index), tensors);
    const last = `head.gfl_${side}.${level}`;
    return net.conv(x, last, outChannels(tensors, `${last}.weight`), { bias: true });
  };
  const isShared = !isNanoConv(tensors, `head.reg_convs.${level}.0`);
  if (!isShared) return concat(net, `head.pred.${level}`, [tower('cls'), tower('reg')]);
  // Layers that are there and that nothing is computed with.
  for (const part of ['weight', 'bias']) net.mayHave(`head.gfl_reg.${level}.${part}`);
  return tower('cls');
}
