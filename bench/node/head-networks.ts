import type { Detector } from '../../lib/detection/detector.js';
import type { Shapes } from '../../lib/formats/tensor.js';
import { Blueprint } from '../../lib/graph/blueprint.js';
import type { NodeId } from '../../lib/graph/graph.js';
import type { HeadConfig } from '../../lib/head-config.js';
import { deepLabV3 } from '../../lib/networks/heads/deeplabv3.js';
import type { Head } from '../../lib/networks/heads/head.js';
import { lraspp } from '../../lib/networks/heads/lraspp.js';
import { nanoDetPlus } from '../../lib/networks/heads/nanodet-plus.js';
import { smpFpn } from '../../lib/networks/heads/smp-fpn.js';
import { smpUnet } from '../../lib/networks/heads/smp-unet.js';
import { Stages } from '../../lib/networks/heads/stages.js';
import { yoloV3 } from '../../lib/networks/heads/yolov3.js';

type Weights = Readonly<Record<string, readonly number[]>>;

/** Of a backbone: of its feature of each resolution, the largest map first, and of its last map. */
interface Channels {
  readonly of: readonly [number, number, number, number, number];
  readonly last: number;
}

interface Row {
  readonly head: Head;
  /** Whether it stands on a whole backbone, and not on one that ends with its last feature. */
  readonly whole?: true;
  readonly said?: Partial<HeadConfig>;
  /** The weights that tell which layers it has and of how many channels, as its framework has them by default. */
  readonly weights: (channels: Channels) => Weights;
}

/** CamVid's as it is used for segmentation, at whose size segmenters are measured, and COCO's. */
const [segmented, detected] = [11, 80];

const conv = (out: number, input: number, kernel = 1): readonly number[] => [out, input, kernel, kernel];

/** The same of several numbers. */
function each(count: number, weights: (index: number) => Weights): Weights {
  return Object.assign({}, ...Array.from({ length: count }, (_, index) => weights(index))) as Weights;
}

const rows: readonly Row[] = [
  {
    head: lraspp,
    whole: true,
    weights: ({ of, last }) => ({
      'classifier.cbr.0.weight': conv(128, last),
      'classifier.low_classifier.weight': conv(segmented, of[2]),
    }),
  },
  {
    head: deepLabV3,
    whole: true,
    // Of stride 32, where most of larger rates would lie beside the map.
    said: { atrousRates: [6, 12, 18] },
    weights: ({ last }) => ({
      'classifier.0.convs.0.0.weight': conv(256, last),
      ...each(3, (index) => ({ [`classifier.0.convs.${index + 1}.0.weight`]: conv(256, last, 3) })),
      'classifier.0.project.0.weight': conv(256, 5 * 256),
      'classifier.1.weight': conv(256, 256, 3),
      'classifier.4.weight': conv(segmented, 256),
    }),
  },
  {
    head: smpUnet,
    weights: () => ({
      ...Object.assign({}, ...[256, 128, 64, 32, 16].map(unetBlock)),
      'segmentation_head.0.weight': conv(segmented, 16, 3),
    }),
  },
  {
    head: smpFpn,
    weights: ({ of }) => ({
      'decoder.p5.weight': conv(256, of[4]),
      ...Object.assign({}, ...[3, 2, 1, 1].map(fpnBlocks)),
      'segmentation_head.0.weight': conv(segmented, 128),
    }),
  },
  { head: yoloV3, weights: ({ of }) => each(3, (level) => yoloLevel(level, of[4 - level]!)) },
  {
    head: nanoDetPlus,
    weights: ({ of }) => ({
      ...each(3, (level) => ({ [`fpn.reduce_layers.${level}.conv.weight`]: conv(96, of[level + 2]!) })),
      ...each(2, (level) => ({
        ...panBlock(`fpn.top_down_blocks.${level}.blocks.0`),
        ...panBlock(`fpn.bottom_up_blocks.${level}.blocks.0`),
        ...separable(`fpn.downsamples.${level}`),
      })),
      ...separable('fpn.extra_lvl_in_conv.0'),
      ...separable('fpn.extra_lvl_out_conv.0'),
      ...each(4, (level) => ({
        ...separable(`head.cls_convs.${level}.0`),
        ...separable(`head.cls_convs.${level}.1`),
        [`head.gfl_cls.${level}.weight`]: conv(detected + 4 * 8, 96),
      })),
    }),
  },
];

function unetBlock(channels: number, index: number): Weights {
  return {
    [`decoder.blocks.${index}.conv1.0.weight`]: conv(channels, channels, 3),
    [`decoder.blocks.${index}.conv2.0.weight`]: conv(channels, channels, 3),
  };
}

function fpnBlocks(count: number, level: number): Weights {
  return each(count, (step) => ({ [`decoder.seg_blocks.${level}.block.${step}.block.0.weight`]: conv(128, 128, 3) }));
}

function yoloLevel(level: number, channels: number): Weights {
  const above = level === 0 ? 0 : 96;
  return {
    ...each(5, (index) => {
      const out = index % 2 === 0 ? 96 : 192;
      return {
        [`neck.detect${level + 1}.conv${index + 1}.conv.weight`]: conv(out, index === 0 ? above + channels : 96),
      };
    }),
    ...(level > 0 && { [`neck.conv${level}.conv.weight`]: conv(96, 96) }),
    [`bbox_head.convs_bridge.${level}.conv.weight`]: conv(96, 96, 3),
    [`bbox_head.convs_pred.${level}.weight`]: conv(3 * (5 + detected), 96),
  };
}

/** A ghost bottleneck of two maps of 96 channels side by side. */
function panBlock(name: string): Weights {
  return {
    [`${name}.ghost1.primary_conv.0.weight`]: conv(48, 192),
    [`${name}.ghost1.cheap_operation.0.weight`]: conv(48, 1, 3),
    [`${name}.ghost2.primary_conv.0.weight`]: conv(48, 96),
    [`${name}.ghost2.cheap_operation.0.weight`]: conv(48, 1, 3),
    [`${name}.shortcut.0.weight`]: conv(192, 1, 5),
    [`${name}.shortcut.2.weight`]: conv(96, 192),
  };
}

function separable(name: string): Weights {
  return { [`${name}.depthwise.weight`]: conv(96, 1, 5), [`${name}.pointwise.weight`]: conv(96, 96) };
}

export const headSuffixes = rows.map(({ head }) => head.suffix);

/** A network, and which of its outputs are measured. */
export interface MeasuredNetwork {
  readonly blueprint: Blueprint;
  readonly outputs: readonly string[];
  /** What its config.json says of its head. */
  readonly said: Partial<HeadConfig>;
  readonly detector?: Detector;
}

/**
 * The network with a head on a backbone; its outputs are what decoding begins with.
 *
 * @param suffix the head's, as `_lraspp`
 * @param addBackbone adds so many of its stages, or all of them up to its last feature
 */
export function headNetwork(suffix: string, addBackbone: (net: Blueprint, stages?: number) => NodeId): MeasuredNetwork {
  const row = rows.find(({ head }) => head.suffix === suffix);
  if (!row) throw new Error(`expected a head as ${headSuffixes.join(', ')}, found ${suffix}`);
  const net = new Blueprint();
  const last = addBackbone(net, row.whole && Infinity);
  const of = net.features().flatMap(({ node, byDefault }) => (byDefault ? [net.channelsOf(node)] : []));
  const weights = row.weights({ of: of as unknown as Channels['of'], last: net.channelsOf(last) });
  const tensors: Shapes = new Map(Object.entries(weights).map(([name, shape]) => [name, { shape }]));
  const { said = {}, head } = row;
  const { detector } = head.build({ net, stages: new Stages(net), tensors, said });
  const outputs = net.outputs.flatMap(({ name, role }) => (role === 'prediction' ? [name] : []));
  return { blueprint: net, outputs, said, ...(detector && { detector }) };
}
