import { describe, expect, it } from 'vitest';
import { openMmLabWithin } from '../../lib/checkpoints/openmmlab.js';

const map = (entries: Readonly<Record<string, unknown>>): Map<string, unknown> => new Map(Object.entries(entries));
const read = (cfg: string, key = 'cfg') => openMmLabWithin(map({ meta: map({ [key]: cfg }), state_dict: map({}) }));

const detector = `
auto_scale_lr = dict(base_batch_size=64, enable=False)
data_preprocessor = dict(bgr_to_rgb=True, mean=[0, 0, 0], std=[255.0, 255.0, 255.0])
model = dict(
    backbone=dict(depth=53, dilations=(1, 1, 2, 4), type='mmpretrain.TIMMBackbone'),
    bbox_head=dict(
        anchor_generator=dict(
            base_sizes=[
                [(116, 90), (156, 198)],
                [(30, 61), (62, 45)],
            ],
            strides=[32, 16],
            type='YOLOAnchorGenerator'),
        featmap_strides=[32, 16],
        num_classes=80,
        type='YOLOV3Head'),
    data_preprocessor=dict(
        bgr_to_rgb=False,
        mean=[103.53, 116.28, 123.675],
        std=[57.375, 57.12, 58.395],
        type='DetDataPreprocessor'),
    test_cfg=dict(score_thr=0.05))
train_pipeline = [dict(type='LoadImageFromFile', backend_args=None)]
`;

const segmenter = `
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    auxiliary_head=dict(align_corners=False, dilations=(1, 2)),
    decode_head=dict(align_corners=True, dilations=(1, 12, 24, 36), dropout_ratio=0.1))
img_norm_cfg = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
`;

const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const raw = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

describe("what OpenMMLab's checkpoints say of themselves", () => {
  it('is read from the config of the run, where its model has it', () => {
    expect(read(detector)).toEqual({
      // mean and std are those of R, G and B whatever the order.
      preprocess: { ...imageNet, channelOrder: 'bgr' },
      head: {
        anchors: [
          [
            [116, 90],
            [156, 198],
          ],
          [
            [30, 61],
            [62, 45],
          ],
        ],
        strides: [32, 16],
      },
    });
  });

  it('is read from that of mmcv too', () => {
    const head = { alignCorners: true, atrousRates: [12, 24, 36] };
    expect(read(segmenter, 'config')).toEqual({ preprocess: { ...imageNet, channelOrder: 'rgb' }, head });
  });

  it.each<[text: string, head: object]>([
    ['model = dict(decode_head=dict(dilation=6))', { atrousRates: [6] }],
    ['model = dict(decode_head=dict(dw_act_cfg=None))', { depthwiseActivation: 'none' }],
    ["model = dict(decode_head=dict(dw_act_cfg=dict(type='ReLU')))", { depthwiseActivation: 'relu' }],
    ["model = dict(decode_head=dict(dw_act_cfg=dict(type='Mish')))", {}],
    ['model = dict(decode_head=[dict(align_corners=True)])', {}],
    ['model = dict(decode_head=dict(align_corners=1, dilations=["a"]))', {}],
    ['model = dict(bbox_head=dict(featmap_strides=[8, 16]))', { strides: [8, 16] }],
    ['model = dict(bbox_head=dict(anchor_generator=dict(base_sizes=[[(1, 2, 3)]], strides=8)))', {}],
    ['model = "decode_head"', {}],
    ["model = dict(neck=dict(add_extra_convs='on_input'))", { addExtraConvs: 'on_input', reluBeforeExtraConvs: false }],
    ['model = dict(neck=dict(add_extra_convs=True))', { addExtraConvs: 'on_input', reluBeforeExtraConvs: false }],
    ["model = dict(neck=dict(type='SSDNeck'))", { convActivation: 'relu' }],
    ["model = dict(bbox_head=dict(act_cfg=dict(type='GELU'), norm_cfg=dict(type='BN')))", { normEps: 1e-5 }],
  ])('of %s is what is known here and plain', (text, head) => {
    expect(read(text)).toEqual({ preprocess: {}, head });
  });

  it("is read of FCOS's head and neck", () => {
    const text = `model = dict(
      neck=dict(add_extra_convs='on_output', num_outs=5, relu_before_extra_convs=True, type='FPN', upsample_cfg=dict(mode='nearest')),
      bbox_head=dict(
        centerness_on_reg=True, norm_cfg=dict(num_groups=16, requires_grad=True, type='GN'), norm_on_bbox=True,
        strides=[8, 16, 32, 64, 128], type='FCOSHead'))`;
    expect(read(text)?.head).toEqual({
      addExtraConvs: 'on_output',
      reluBeforeExtraConvs: true,
      upsampling: 'nearest',
      centernessOnReg: true,
      normOnBbox: true,
      numGroups: 16,
      normEps: 1e-5,
      strides: [8, 16, 32, 64, 128],
    });
  });

  const ssd = (generator: string) => `model = dict(
    neck=dict(level_paddings=(1, 0), level_strides=(2, 1), type='SSDNeck'),
    bbox_head=dict(
      act_cfg=dict(type='ReLU6'), norm_cfg=dict(eps=0.001, momentum=0.03, type='BN'),
      anchor_generator=dict(type='SSDAnchorGenerator', scale_major=False, strides=[16, 32], ${generator}),
      bbox_coder=dict(target_means=[.0, .0, .0, .0], target_stds=[0.1, 0.1, 0.2, 0.2])))`;

  it("is read of SSD's head and neck, its anchors as its generator makes them", () => {
    const { anchors, ...head } = read(ssd('ratios=[[2, 3], [4]], min_sizes=[48, 100], max_sizes=[75, 225]'))!.head;
    expect(head).toEqual({
      levelStrides: [2, 1],
      levelPaddings: [1, 0],
      strides: [16, 32],
      normEps: 0.001,
      convActivation: 'relu6',
      targetMeans: [0, 0, 0, 0],
      targetStds: [0.1, 0.1, 0.2, 0.2],
    });
    const [two, three] = [Math.SQRT2, Math.sqrt(3)];
    expect(anchors).toEqual([
      [
        [48, 48],
        [60, 60],
        [48 * two, 48 / two],
        [48 / two, 48 * two],
        [48 * three, 48 / three],
        [48 / three, 48 * three],
      ],
      [
        [100, 100],
        [150, 150],
        [200, 50],
        [50, 200],
      ],
    ]);
  });

  // By the code of mmdetection's SSDAnchorGenerator.
  it.each([
    ['input_size=300, basesize_ratio_range=(0.15, 0.9)', 6, [21, 45, 99, 153, 207, 261, 315]],
    ['input_size=300, basesize_ratio_range=(0.2, 0.9)', 6, [30, 60, 111, 162, 213, 264, 315]],
    ['input_size=512, basesize_ratio_range=(0.1, 0.9)', 7, [20, 51, 133, 215, 296, 378, 460, 542]],
  ])('has the sizes of anchors by the rule of %s', (text, levels, sizes) => {
    const ratios = JSON.stringify(Array.from({ length: levels }, () => [2]));
    const { anchors } = read(ssd(`ratios=${ratios}, ${text}`))!.head;
    expect(anchors!.map(([least]) => least![0])).toEqual(sizes.slice(0, -1));
    for (const [level, [, between]] of anchors!.entries())
      expect(between![0] ** 2).toBeCloseTo(sizes[level]! * sizes[level + 1]!, 6);
  });

  it.each([
    'ratios=[[2]], min_sizes=[48, 100], max_sizes=[75, 225]',
    'ratios=[[2], [2]], min_sizes=[48, 100], max_sizes=[75]',
    'ratios=[[2], ["a"]], min_sizes=[48, 100], max_sizes=[75, 225]',
    'ratios=[[2], [2]], input_size=320',
    'ratios=[[2], [2]], input_size=300',
    'ratios=2',
  ])('has no anchors of a generator of %s', (text) => {
    expect(read(ssd(text))!.head.anchors).toBeUndefined();
  });

  it.each([
    ['mean=[123.675], std=[0, 0, 0]', { mean: [0.485], channelOrder: 'bgr' }],
    ['mean=None, bgr_to_rgb="yes"', raw],
    ['mean=["a", 1, 2]', { channelOrder: 'bgr' }],
    // As its class has it: nothing is turned that it does not say, and nothing normalised without a mean.
    ['type="DetDataPreprocessor", pad_size_divisor=32', { ...raw, channelOrder: 'bgr' }],
    ['bgr_to_rgb=True', { ...raw, channelOrder: 'rgb' }],
    ['rgb_to_bgr=True', { ...raw, channelOrder: 'rgb' }],
  ])('of a preprocessor of %s are the settings that may be', (text, preprocess) => {
    expect(read(`data_preprocessor = dict(${text})`)?.preprocess).toEqual(preprocess);
  });

  it('has the stride that the backbone was asked for', () => {
    expect(read('model = dict(backbone=dict(output_stride=16))')?.outputStride).toBe(16);
    expect(read("model = dict(backbone=dict(output_stride='16'))")).not.toHaveProperty('outputStride');
  });

  it('has colours of the classes beside it', () => {
    const palette = [
      [1, 2, 3],
      [0, 255, 0],
    ];
    const of = (meta: object) => openMmLabWithin(map({ meta: map({ ...meta }) }))?.colors;
    expect(of({ dataset_meta: map({ classes: ['a', 'b'], palette }) })).toEqual(palette);
    expect(of({ PALETTE: palette, CLASSES: ['a', 'b'] })).toEqual(palette);
    for (const wrong of [[[1, 2]], [[1, 2, 256]], [[1, 2, 0.5]], [], 'red', map({})])
      expect(of({ dataset_meta: map({ palette: wrong }) })).toBeUndefined();
  });

  it.each([[map({})], [map({ meta: 'cfg = 1' })], [undefined]])('is nothing where there is no meta', (checkpoint) => {
    expect(openMmLabWithin(checkpoint)).toBeUndefined();
  });
});
