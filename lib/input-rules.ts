import { defaultPreprocessConfig, type PreprocessConfig } from './preprocess-config.js';

const { mean, std } = defaultPreprocessConfig;

/** Of OpenCV, whose pictures most of these frameworks resize. */
const resized = { interpolation: 'bilinear', antialias: false } as const;

/**
 * How frameworks of detection and segmentation make an input of a picture when they evaluate, where their configs say
 * nothing else: to be spread into the option `preprocess`, with the size that the network was trained for.
 * Their own numbers are noted beside what is not the same there.
 */
export const inputRules = {
  /** mmdetection 3: `Resize(keep_ratio=True)`, `pad_size_divisor=32`; padded after normalisation. */
  mmdetection: {
    ...resized,
    resize: 'fit',
    rounding: 'half_up',
    pad: 'top_left',
    padValue: 'mean',
    padMultiple: 32,
    mean,
    std,
    channelOrder: 'rgb',
  },
  /** nanodet: `keep_ratio: False`; with `True` it is `resize: 'fit'`. */
  nanodet: {
    interpolation: 'warp',
    antialias: false,
    resize: 'stretch',
    pad: 'center',
    padValue: 0,
    padMultiple: 0,
    mean,
    std,
    channelOrder: 'bgr',
  },
  /** ultralytics: `LetterBox`; with `auto=True` it is `padMultiple: 32`. */
  ultralytics: {
    ...resized,
    resize: 'fit',
    rounding: 'half_even',
    pad: 'center',
    padValue: 114,
    padMultiple: 0,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    channelOrder: 'rgb',
  },
  /** YOLOX: `preproc`; values from 0 to 255. */
  yolox: {
    ...resized,
    resize: 'fit',
    rounding: 'down',
    pad: 'top_left',
    padValue: 114,
    padMultiple: 0,
    mean: [0, 0, 0],
    std: [1 / 255, 1 / 255, 1 / 255],
    channelOrder: 'bgr',
  },
  /** torchvision: `SemanticSegmentation`. */
  torchvision: {
    interpolation: 'bilinear',
    antialias: true,
    resize: 'shorter',
    inputSize: [520, 520],
    mean,
    std,
    channelOrder: 'rgb',
  },
  /** segmentation_models_pytorch and mmsegmentation leave the size to the user; albumentations' `Resize` stretches. */
  smp: { ...resized, resize: 'stretch', mean, std, channelOrder: 'rgb' },
} as const satisfies Readonly<Record<string, Partial<PreprocessConfig>>>;

export type InputRule = keyof typeof inputRules;

export const inputRuleNames = Object.keys(inputRules) as readonly InputRule[];
