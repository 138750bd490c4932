import type { NodeId } from '../../graph/graph.js';
import type { ConvOptions } from '../../graph/planned-conv.js';
import type { Anchor, HeadConfig } from '../../head-config.js';
import { inputRules } from '../../input-rules.js';
import { ssdAnchors } from '../../ssd-anchors.js';
import { concat } from './dense.js';
import { countOf, inChannels, oneForEach, outChannels, type Built, type Ground, type Head } from './head.js';
import { convModule, separableModule } from './openmmlab.js';
import { publishedSsd, publishedSsdLite, type PublishedSsd } from './ssd-published.js';

const modules = /^(?:neck\.(?:extra_layers|l2_norm)|bbox_head\.(?:cls_convs|reg_convs))\./;

/** `keep_ratio=False`. */
const stretched = { ...inputRules.mmdetection, resize: 'stretch' } as const;

/** Numbers of a box. */
const sides = 4;

/**
 * mmdetection's SSDNeck and SSDHead (arXiv 1512.02325): beyond the backbone's levels further ones, each of a 1x1 convolution and
 * another one; on each level a 3x3 convolution for classes and one for boxes. Its outputs: `pred.0`, `pred.1`, …, the largest
 * map first: for each anchor the classes and the background, then for each the deltas of its box.
 */
export const ssd: Head = {
  suffix: '_ssd',
  words: 'an SSD head',
  task: 'detection',
  preprocess: { ...stretched, inputSize: [300, 300] },
  firstTensor: 'bbox_head.cls_convs.0.0.weight',
  modules,
  build: (ground) =>
    buildSsd(ground, { isLite: false, published: publishedSsd, convActivation: 'relu', normEps: 1e-5 }),
};

/** The same of depthwise convolutions (SSDLite, arXiv 1801.04381), as mmdetection has it on MobileNetV2. */
export const ssdLite: Head = {
  suffix: '_ssdlite',
  words: 'an SSDLite head',
  task: 'detection',
  preprocess: { ...stretched, inputSize: [320, 320] },
  firstTensor: 'bbox_head.cls_convs.0.0.conv.weight',
  modules,
  build: (ground) =>
    buildSsd(ground, { isLite: true, published: publishedSsdLite, convActivation: 'relu6', normEps: 1e-3 }),
};

/** What the two differ in. */
interface Kind extends Pick<HeadConfig, 'convActivation' | 'normEps'> {
  readonly isLite: boolean;
  readonly published: readonly PublishedSsd[];
}

function buildSsd(ground: Ground, kind: Kind): Built {
  const { net, stages, tensors, said } = ground;
  const predictor = (side: string, level: number): string => `bbox_head.${side}_convs.${level}.${kind.isLite ? 1 : 0}`;
  const count = Math.max(
    1,
    countOf(tensors, (level) => `${predictor('cls', level)}.weight`),
  );
  const published = kind.published.find(({ sizes }) => sizes.length === count);
  const normed = {
    activation: said.convActivation ?? kind.convActivation,
    eps: said.normEps ?? kind.normEps,
  };
  const { features, maps, config } = addNeck(ground, { kind, count, published, normed });
  const predict = (map: NodeId, side: string, level: number): NodeId => {
    const name = predictor(side, level);
    const channels = outChannels(tensors, `${name}.weight`);
    if (!kind.isLite) return net.conv(map, name, channels, { kernel: 3, bias: true });
    const depthwise = { kernel: 3, depthwise: true, ...normed };
    const x = convModule(net, map, `bbox_head.${side}_convs.${level}.0`, net.channelsOf(map), depthwise);
    return net.conv(x, name, channels, { bias: true });
  };
  const outputs = maps.map((map, level) =>
    concat(net, `bbox_head.pred.${level}`, [predict(map, 'cls', level), predict(map, 'reg', level)]),
  );
  for (const [level, output] of outputs.entries()) net.output(`pred.${level}`, output, { role: 'prediction' });
  const counts = maps.map((_, level) => outChannels(tensors, `${predictor('reg', level)}.weight`) / sides);
  const scores = maps.map((_, level) => outChannels(tensors, `${predictor('cls', level)}.weight`));
  const classes = Math.max(1, Math.floor(scores[0]! / counts[0]!) - 1);
  const uneven = scores.findIndex((channels, level) => channels !== counts[level]! * (classes + 1));
  const strides = stridesOf(ground, outputs, published);
  const { anchors, lacks } = anchorsIn(said.anchors, counts, published);
  const targetMeans = said.targetMeans ?? [0, 0, 0, 0];
  const targetStds = said.targetStds ?? [0.1, 0.1, 0.2, 0.2];
  const hasNorms = [...tensors.keys()].some((name) => /^(?:neck|bbox_head)\..*\.bn\.weight$/.test(name));
  return {
    numClasses: classes,
    config: {
      ...{ anchors, strides, levels: features.map((node) => stages.levelOf(node)), ...config },
      ...{ targetMeans, targetStds },
      ...(hasNorms && { normEps: normed.eps }),
      ...(maps.length > features.length || kind.isLite ? { convActivation: normed.activation } : {}),
    },
    ...(uneven >= 0
      ? {
          lacks: `Level ${uneven} of the head has ${scores[uneven]} scores and ${counts[uneven]} boxes at a place, and for ${classes} class(es) and the background it should have ${counts[uneven]! * (classes + 1)}. The file is not whole, or its head is another one.`,
        }
      : lacks !== undefined && { lacks }),
    detector: { kind: 'ssd', classes, strides, anchors, means: targetMeans, stds: targetStds },
  };
}

interface Neck {
  readonly kind: Kind;
  readonly count: number;
  readonly published: PublishedSsd | undefined;
  readonly normed: ConvOptions;
}

function addNeck(
  ground: Ground,
  { kind, count, published, normed }: Neck,
): { readonly features: readonly NodeId[]; readonly maps: readonly NodeId[]; readonly config: Partial<HeadConfig> } {
  const { stages, tensors, said } = ground;
  const extras = countOf(tensors, (index) => `neck.extra_layers.${index}.0.conv.weight`);
  const own = Math.max(1, count - extras);
  const channels = Array.from({ length: own }, (_, level) => {
    const name = `bbox_head.cls_convs.${level}.0`;
    return kind.isLite ? outChannels(tensors, `${name}.conv.weight`) : inChannels(tensors, `${name}.weight`);
  });
  const features = stages.levels(said.levels, channels);
  oneForEach('levels', features, own, 'levels on the backbone');
  const maps = [...withL2Norm(ground, features)];
  if (extras === 0) return { features, maps, config: {} };
  const usual = published?.levelStrides.length === extras ? published : undefined;
  const ofEach = (setting: 'levelStrides' | 'levelPaddings', otherwise: number): readonly number[] => {
    const values = said[setting] ?? usual?.[setting] ?? new Array<number>(extras).fill(otherwise);
    return oneForEach(setting, values, extras, "levels beyond the backbone's");
  };
  const [levelStrides, levelPaddings] = [ofEach('levelStrides', 2), ofEach('levelPaddings', 1)];
  for (let index = 0; index < extras; index++) {
    const [stride, padding] = [levelStrides[index]!, levelPaddings[index]!];
    maps.push(addExtra(ground, maps.at(-1)!, `neck.extra_layers.${index}`, { stride, padding }, normed));
  }
  return { features, maps, config: { levelStrides, levelPaddings } };
}

/** The largest map as all that comes behind it reads it, where the neck has `l2_norm_scale`. */
function withL2Norm({ net, tensors }: Ground, [first, ...others]: readonly NodeId[]): readonly NodeId[] {
  const name = 'neck.l2_norm';
  if (!tensors.has(`${name}.weight`)) return [first!, ...others];
  const lengths = net.add({ op: 'l2_norm', name, inputs: [first!] });
  const scaling = { module: name, depthwise: true, scaling: 'channels' } as const;
  return [net.conv(lengths, `${name}.scaled`, net.channelsOf(lengths), scaling), ...others];
}

function addExtra(
  { net, tensors }: Ground,
  input: NodeId,
  name: string,
  windows: ConvOptions,
  normed: ConvOptions,
): NodeId {
  const x = convModule(net, input, `${name}.0`, outChannels(tensors, `${name}.0.conv.weight`), normed);
  const second = `${name}.1`;
  const pointwise = `${second}.pointwise_conv.conv.weight`;
  const isSeparable = tensors.has(pointwise);
  const weight = isSeparable ? `${second}.depthwise_conv.conv.weight` : `${second}.conv.weight`;
  const options = { kernel: tensors.get(weight)?.shape[2] ?? 3, ...windows };
  if (isSeparable) return separableModule(net, x, second, outChannels(tensors, pointwise), options, normed);
  return convModule(net, x, second, outChannels(tensors, weight), { ...options, ...normed });
}

/** Those that are published where the first maps are as far apart as there, or else what they are apart. */
function stridesOf({ net, said }: Ground, outputs: readonly NodeId[], published?: PublishedSsd): readonly number[] {
  const own = outputs.map((output) => net.strideOf(output));
  const isUsual = published?.strides.slice(0, 2).every((stride, level) => stride === own[level]);
  return oneForEach('strides', said.strides ?? (isUsual ? published!.strides : own), outputs.length, 'levels');
}

/** Anchors of a level, as many as can be said. */
const most = 64;

/** @param counts of anchors, of each level */
function anchorsIn(
  said: HeadConfig['anchors'] | undefined,
  counts: readonly number[],
  published: PublishedSsd | undefined,
): { readonly anchors: HeadConfig['anchors']; readonly lacks?: string } {
  if (said) {
    oneForEach('anchors', said, counts.length, 'levels');
    for (const [level, each] of said.entries())
      oneForEach(`level ${level} of anchors`, each, counts[level]!, `anchors on level ${level}`);
    return { anchors: said };
  }
  const isUsual = published && counts.every((count) => count >= 2 && count <= most && count % 2 === 0);
  // Of 2, 3, … as many as there are pairs of oblong ones.
  const ratios = (count: number): number[] => Array.from({ length: (count - 2) / 2 }, (_, index) => index + 2);
  if (isUsual) return { anchors: published.sizes.map((sizes, level) => ssdAnchors(sizes, ratios(counts[level]!))) };
  const nothing: Anchor = [1, 1];
  return {
    anchors: counts.map((count) => new Array<Anchor>(Math.min(Math.max(1, Math.floor(count)), most)).fill(nothing)),
    lacks: `The head has ${counts.join(', ')} anchors on its levels, as no SSD has that mmdetection publishes. Say in anchors [width, height] of each, in pixels of the input.`,
  };
}
