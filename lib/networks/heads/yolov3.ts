import type { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import type { HeadConfig } from '../../head-config.js';
import { inputRules } from '../../input-rules.js';
import { concat } from './dense.js';
import { countOf, inChannels, oneForEach, outChannels, type Ground, type Head } from './head.js';
import { convModule } from './openmmlab.js';

/** Of COCO, as YOLOv3 and mmdetection have them, in pixels; the largest boxes first. */
const usualAnchors: HeadConfig['anchors'] = [
  [
    [116, 90],
    [156, 198],
    [373, 326],
  ],
  [
    [30, 61],
    [62, 45],
    [59, 119],
  ],
  [
    [10, 13],
    [16, 30],
    [33, 23],
  ],
];

const leaky = { activation: 'leaky_relu', slope: 0.1 } as const;

/** Convolutions of a detection block, 1x1 and 3x3 in turns. */
const blockConvs = 5;

/**
 * mmdetection's YOLOv3 neck and head (arXiv 1804.02767), which the GhostNetV2 paper detects with: from the deepest level on
 * five convolutions; their map, halved in channels and upsampled, goes beside the next larger one. Of each level a 3x3
 * convolution and the predictions, which are its outputs `pred.0`, `pred.1`, …, the deepest level first.
 */
export const yoloV3: Head = {
  suffix: '_yolov3',
  words: 'a YOLOv3 head',
  task: 'detection',
  preprocess: { ...inputRules.mmdetection, inputSize: [320, 320] },
  firstTensor: 'bbox_head.convs_pred.0.weight',
  modules: /^(?:neck\.(?:detect|conv)\d+|bbox_head\.(?:convs_bridge|convs_pred))\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const count = countOf(tensors, (level) => `bbox_head.convs_pred.${level}.weight`);
    const features = stages.levels(said.levels, levelChannels(ground, count));
    oneForEach('levels', features, count, 'levels');
    const anchors = oneForEach('anchors', said.anchors ?? usualAnchors.slice(0, count), count, 'levels');
    const outputs = addNeck(ground, features).map((map, level) => {
      const bridge = `bbox_head.convs_bridge.${level}`;
      const channels = outChannels(tensors, `${bridge}.conv.weight`);
      const x = convModule(net, map, bridge, channels, { kernel: 3, ...leaky });
      const predictions = outChannels(tensors, `bbox_head.convs_pred.${level}.weight`);
      return net.conv(x, `bbox_head.convs_pred.${level}`, predictions, { bias: true });
    });
    for (const [level, output] of outputs.entries()) net.output(`pred.${level}`, output, { role: 'prediction' });
    const strides = said.strides ?? outputs.map((output) => net.strideOf(output));
    oneForEach('strides', strides, count, 'levels');
    const classes = Math.max(0, Math.floor(net.channelsOf(outputs[0]!) / anchors[0]!.length) - 5);
    return {
      numClasses: classes,
      config: { anchors, strides, levels: features.map((node) => stages.levelOf(node)) },
      detector: { kind: 'yolo', classes, anchors, strides },
    };
  },
};

/** Of the backbone's maps: what goes into a level beside the map from above it. */
function levelChannels({ tensors }: Ground, count: number): number[] {
  return Array.from({ length: count }, (_, level) => {
    const all = inChannels(tensors, `neck.detect${level + 1}.conv1.conv.weight`);
    return level === 0 ? all : all - outChannels(tensors, `neck.conv${level}.conv.weight`);
  });
}

function addNeck({ net, tensors }: Ground, features: readonly NodeId[]): NodeId[] {
  const maps: NodeId[] = [];
  for (const [level, feature] of features.entries()) {
    let x = feature;
    if (level > 0) {
      const name = `neck.conv${level}`;
      const reduced = convModule(net, maps[level - 1]!, name, outChannels(tensors, `${name}.conv.weight`), leaky);
      const above = net.add({ op: 'upsample_nearest', name: `${name}.upsample`, inputs: [reduced, feature] });
      x = concat(net, `${name}.concat`, [above, feature]);
    }
    maps.push(addBlock(net, x, `neck.detect${level + 1}`, tensors));
  }
  return maps;
}

function addBlock(net: Blueprint, input: NodeId, name: string, tensors: Ground['tensors']): NodeId {
  let x = input;
  for (let index = 1; index <= blockConvs; index++) {
    const conv = `${name}.conv${index}`;
    x = convModule(net, x, conv, outChannels(tensors, `${conv}.conv.weight`), {
      kernel: index % 2 === 0 ? 3 : 1,
      ...leaky,
    });
  }
  return x;
}
