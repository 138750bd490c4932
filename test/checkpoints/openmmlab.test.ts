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
  ])('of %s is what is known here and plain', (text, head) => {
    expect(read(text)).toEqual({ preprocess: {}, head });
  });

  it.each([
    ['mean=[123.675], std=[0, 0, 0]', { mean: [0.485] }],
    ['mean=None, bgr_to_rgb="yes"', {}],
    ['mean=["a", 1, 2]', {}],
  ])('of a preprocessor of %s are the settings that may be', (text, preprocess) => {
    expect(read(`data_preprocessor = dict(${text})`)?.preprocess).toEqual(preprocess);
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
