import type { NodeId } from '../../graph/graph.js';
import type { HeadConfig } from '../../head-config.js';
import { inputRules } from '../../input-rules.js';
import { concat } from './dense.js';
import { addFpn, fpnLevels, lateral, withExtraLevels } from './fpn-neck.js';
import { countOf, inChannels, oneForEach, outChannels, type Ground, type Head } from './head.js';

const centerness = 'bbox_head.conv_centerness';

/** Of mmdetection's `norm_cfg`. */
const usualGroups = 32;

/**
 * mmdetection's FCOSHead (arXiv 1904.01355) on its FPN: for all levels the same convolutions, once for classes and once for boxes,
 * then the predictions; a box's sides times a number of their level. Its outputs: `pred.0`, `pred.1`, …, the largest map
 * first, each of the classes, the four sides before exp or ReLU, and the centre-ness.
 */
export const fcos: Head = {
  suffix: '_fcos',
  words: 'an FCOS head',
  task: 'detection',
  preprocess: { ...inputRules.mmdetection, inputSize: [800, 1333] },
  firstTensor: `${centerness}.weight`,
  modules:
    /^(?:neck\.(?:lateral_convs|fpn_convs)|bbox_head\.(?:cls_convs|reg_convs|conv_cls|conv_reg|conv_centerness|scales))\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const { features, maps, config } = addNeck(ground);
    const options = { centernessOnReg: said.centernessOnReg ?? false, numGroups: said.numGroups ?? usualGroups };
    const outputs = maps.map((map, level) => addLevel(ground, map, level, options));
    for (const [level, output] of outputs.entries()) net.output(`pred.${level}`, output, { role: 'prediction' });
    const strides = said.strides ?? outputs.map((output) => net.strideOf(output));
    oneForEach('strides', strides, outputs.length, 'levels');
    const normOnBbox = said.normOnBbox ?? false;
    const { numGroups, centernessOnReg } = options;
    const grouped = groupedChannels(ground);
    const odd = grouped.find((channels) => channels % numGroups !== 0);
    return {
      numClasses: outChannels(tensors, 'bbox_head.conv_cls.weight'),
      config: {
        strides,
        levels: features.map((node) => stages.levelOf(node)),
        ...config,
        centernessOnReg,
        normOnBbox,
        ...(grouped.length > 0 && { numGroups }),
      },
      ...(odd !== undefined && {
        lacks: `The head has group norms of ${odd} channels, which make no ${numGroups} groups. Say in numGroups how many they are.`,
      }),
      detector: {
        kind: 'fcos',
        classes: outChannels(tensors, 'bbox_head.conv_cls.weight'),
        strides,
        sides: normOnBbox ? 'strides' : 'exp',
      },
    };
  },
};

function addNeck(ground: Ground): {
  readonly features: readonly NodeId[];
  readonly maps: readonly NodeId[];
  readonly config: Partial<HeadConfig>;
} {
  const { stages, tensors, said } = ground;
  const count = Math.max(1, fpnLevels(tensors));
  const channels = Array.from({ length: count }, (_, level) => inChannels(tensors, `${lateral(level)}.conv.weight`));
  const features = stages.levels(said.levels, channels);
  oneForEach('levels', features, count, 'levels on the backbone');
  const upsampling = said.upsampling ?? 'nearest';
  const all = countOf(tensors, (level) => `bbox_head.scales.${level}.scale`);
  const { maps, config } = withExtraLevels(ground, addFpn(ground, features, upsampling), Math.max(all, count));
  return { features, maps, config: { upsampling, ...config } };
}

interface Options {
  readonly centernessOnReg: boolean;
  readonly numGroups: number;
}

function addLevel(ground: Ground, map: NodeId, level: number, { centernessOnReg, numGroups }: Options): NodeId {
  const { net, tensors } = ground;
  const tower = (side: string): NodeId => {
    const name = (index: number): string => `bbox_head.${side}_convs.${index}`;
    const count = countOf(tensors, (index) => `${name(index)}.conv.weight`);
    let x = map;
    for (let index = 0; index < count; index++) x = addNormed(ground, x, name(index), level, numGroups);
    return x;
  };
  const predict = (input: NodeId, module: string): NodeId =>
    net.conv(input, `${module}.${level}`, outChannels(tensors, `${module}.weight`), { module, kernel: 3, bias: true });
  const [cls, reg] = [tower('cls'), tower('reg')];
  const scale = `bbox_head.scales.${level}`;
  const sides = net.conv(predict(reg, 'bbox_head.conv_reg'), scale, 4, { depthwise: true, scaling: 'map' });
  const center = predict(centernessOnReg ? reg : cls, centerness);
  return concat(net, `bbox_head.pred.${level}`, [predict(cls, 'bbox_head.conv_cls'), sides, center]);
}

/** mmcv's ConvModule, whose norm may be one of groups: `NAME.gn`. */
function addNormed({ net, tensors }: Ground, input: NodeId, name: string, level: number, groups: number): NodeId {
  const module = `${name}.conv`;
  const channels = outChannels(tensors, `${module}.weight`);
  const conv = { module, kernel: 3, bias: true } as const;
  if (!tensors.has(`${name}.gn.weight`)) {
    return net.conv(input, `${module}.${level}`, channels, { ...conv, batchNorm: `${name}.bn`, activation: 'relu' });
  }
  // mmcv gives a convolution before a norm no bias, unless it is told to.
  const x = net.conv(input, `${module}.${level}`, channels, { ...conv, bias: tensors.has(`${module}.bias`) });
  const normed = net.add({ op: 'group_norm', name: `${name}.norm.${level}`, inputs: [x], groups });
  const scaling = { module: `${name}.gn`, depthwise: true, scaling: 'channels', bias: true } as const;
  return net.conv(normed, `${name}.gn.${level}`, channels, { ...scaling, activation: 'relu' });
}

/** Channels of each group norm. */
function groupedChannels({ tensors }: Ground): number[] {
  const isGroupNorm = /^bbox_head\.(?:cls|reg)_convs\.\d+\.gn\.weight$/;
  return [...tensors].flatMap(([name, { shape }]) => (isGroupNorm.test(name) ? [shape[0] ?? 1] : []));
}
