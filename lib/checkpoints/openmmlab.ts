import { areClassColors, type ClassColor } from '../class-color.js';
import { headRules, ratesOf, type HeadConfig } from '../head-config.js';
import { preprocessRules, type PreprocessConfig, type Rule } from '../preprocess-config.js';
import { ssdAnchors, ssdSizes, type SsdSizes } from '../ssd-anchors.js';
import { pythonConfig, type PythonValue } from './python-config.js';
import { isSize } from './untyped-values.js';

/** What a checkpoint itself says of its network beside the tensors; whatever it does not say is absent. */
export interface OwnConfig {
  readonly preprocess: Partial<PreprocessConfig>;
  /** Of a detector's or a segmenter's head. */
  readonly head: Partial<HeadConfig>;
  /** As of a config.json. */
  readonly outputStride?: number;
  /** One per class of whatever it was trained on. */
  readonly colors?: readonly ClassColor[];
}

/**
 * What OpenMMLab's `meta` says, in which mmengine keeps the run's config as a text of Python under `cfg`, mmcv before it under `config`.
 * The settings that are known here are looked for in it where these frameworks have them; what is no plain value of the right
 * form is passed over. Beside it lies what is known of the data, the classes' colours among it.
 */
export function openMmLabWithin(checkpoint: unknown): OwnConfig | undefined {
  const meta = within(checkpoint, 'meta');
  if (!(meta instanceof Map)) return undefined;
  const text = within(meta, 'cfg') ?? within(meta, 'config');
  const config = pythonConfig(typeof text === 'string' ? text : '');
  const data = within(meta, 'dataset_meta') ?? meta;
  const colors = within(data, 'palette') ?? within(data, 'PALETTE');
  const outputStride = within(config, 'model', 'backbone', 'output_stride');
  return {
    ...(isSize(outputStride) && { outputStride }),
    preprocess: preprocessIn(config),
    head: headIn(within(config, 'model')),
    ...(areClassColors(colors) && { colors }),
  };
}

function preprocessIn(config: PythonValue): Partial<PreprocessConfig> {
  const preprocessor = within(config, 'model', 'data_preprocessor') ?? within(config, 'data_preprocessor');
  const isPreprocessor = preprocessor instanceof Map;
  const norm = isPreprocessor ? preprocessor : within(config, 'img_norm_cfg');
  // Pictures are read as BGR. What a preprocessor leaves out is not done.
  const isTurned = isPreprocessor
    ? (within(norm, 'rgb_to_bgr') ?? within(norm, 'bgr_to_rgb') ?? false)
    : within(norm, 'to_rgb');
  const channelOrder = typeof isTurned === 'boolean' ? (isTurned ? 'rgb' : 'bgr') : undefined;
  const isRaw = isPreprocessor && (within(norm, 'mean') ?? within(norm, 'std')) == null;
  // Of bytes, in the order in which they are after that.
  const ofChannels = (key: string): unknown => {
    const values = within(norm, key);
    if (!Array.isArray(values)) return undefined;
    const shares = (values as unknown[]).map((value) =>
      typeof value === 'number' ? Number((value / 255).toPrecision(12)) : value,
    );
    return channelOrder === 'bgr' ? shares.reverse() : shares;
  };
  return {
    ...said('mean', preprocessRules.mean, isRaw ? [0, 0, 0] : ofChannels('mean')),
    ...said('std', preprocessRules.std, isRaw ? [1 / 255, 1 / 255, 1 / 255] : ofChannels('std')),
    ...said('channelOrder', preprocessRules.channelOrder, channelOrder),
  };
}

function headIn(model: unknown): Partial<HeadConfig> {
  const [segmenter, detector, neck] = ['decode_head', 'bbox_head', 'neck'].map((key) => within(model, key));
  const dilation = within(segmenter, 'dilation');
  const rates = ratesOf(within(segmenter, 'dilations')) ?? (dilation === undefined ? undefined : [dilation]);
  const between = within(segmenter, 'dw_act_cfg');
  const depthwise = between === null ? 'none' : within(between, 'type') === 'ReLU' ? 'relu' : undefined;
  return {
    ...said('atrousRates', headRules.atrousRates, rates),
    ...said('alignCorners', headRules.alignCorners, within(segmenter, 'align_corners')),
    ...said('depthwiseActivation', headRules.depthwiseActivation, depthwise),
    ...neckIn(neck),
    ...detectorIn(detector),
  };
}

/** Where its class has another default than published configs, which are assumed here, what it leaves out is said too. */
function neckIn(neck: unknown): Partial<HeadConfig> {
  const asked = within(neck, 'add_extra_convs');
  const extra = asked === true ? 'on_input' : asked;
  const relu = within(neck, 'relu_before_extra_convs') ?? (extra === undefined ? undefined : false);
  return {
    ...said('addExtraConvs', headRules.addExtraConvs, extra),
    ...said('reluBeforeExtraConvs', headRules.reluBeforeExtraConvs, relu),
    ...said('upsampling', headRules.upsampling, within(neck, 'upsample_cfg', 'mode')),
    ...said('levelStrides', headRules.levelStrides, within(neck, 'level_strides')),
    ...said('levelPaddings', headRules.levelPaddings, within(neck, 'level_paddings')),
    ...(within(neck, 'type') === 'SSDNeck' && activationIn(neck, 'ReLU')),
  };
}

/** mmcv's names. */
const activations = new Map<unknown, HeadConfig['convActivation']>([
  ['ReLU', 'relu'],
  ['ReLU6', 'relu6'],
  ['LeakyReLU', 'leaky_relu'],
  ['HSwish', 'hard_swish'],
  ['SiLU', 'silu'],
  ['Swish', 'silu'],
]);

function activationIn(part: unknown, otherwise?: string): Partial<HeadConfig> {
  const activation = activations.get(within(part, 'act_cfg', 'type') ?? otherwise);
  return said('convActivation', headRules.convActivation, activation);
}

const pytorchEps = 1e-5;

function detectorIn(head: unknown): Partial<HeadConfig> {
  const generator = within(head, 'anchor_generator');
  const hasNorm = within(head, 'norm_cfg', 'type') !== undefined;
  const strides = within(generator, 'strides') ?? within(head, 'featmap_strides') ?? within(head, 'strides');
  return {
    ...said('anchors', headRules.anchors, within(generator, 'base_sizes') ?? ssdAnchorsIn(generator)),
    ...said('strides', headRules.strides, strides),
    ...said('centernessOnReg', headRules.centernessOnReg, within(head, 'centerness_on_reg')),
    ...said('normOnBbox', headRules.normOnBbox, within(head, 'norm_on_bbox')),
    ...said('numGroups', headRules.numGroups, within(head, 'norm_cfg', 'num_groups')),
    ...said('normEps', headRules.normEps, within(head, 'norm_cfg', 'eps') ?? (hasNorm ? pytorchEps : undefined)),
    ...activationIn(head),
    ...said('targetMeans', headRules.targetMeans, within(head, 'bbox_coder', 'target_means')),
    ...said('targetStds', headRules.targetStds, within(head, 'bbox_coder', 'target_stds')),
  };
}

/** Of an SSDAnchorGenerator. Without `scale_major=False`, which all published ones say, anchors have another order. */
function ssdAnchorsIn(generator: unknown): unknown {
  const ratios = within(generator, 'ratios');
  if (within(generator, 'type') !== 'SSDAnchorGenerator' || within(generator, 'scale_major') !== false)
    return undefined;
  if (!isListOf(ratios, (level) => isListOf(level, isPositive))) return undefined;
  const [least, next] = [within(generator, 'min_sizes'), within(generator, 'max_sizes')];
  const range = within(generator, 'basesize_ratio_range') ?? [0.15, 0.9];
  const sizes =
    isListOf(least, isPositive) && isListOf(next, isPositive)
      ? least.map((side, level): SsdSizes => [side, next[level]!])
      : isListOf(range, isPositive)
        ? ssdSizes(Number(within(generator, 'input_size') ?? 300), [range[0]!, range[1]!], ratios.length)
        : undefined;
  if (sizes?.length !== ratios.length) return undefined;
  return sizes.map((each, level) => ssdAnchors(each, ratios[level]!));
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

function isListOf<T>(value: unknown, passes: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.every(passes);
}

function said<const K extends string, T>(setting: K, rule: Rule<T>, value: unknown): { readonly [_ in K]?: T } {
  return rule.accepts(value) ? ({ [setting]: value } as { readonly [_ in K]: T }) : {};
}

/** What lies under these keys of maps in maps. */
function within(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce(
    (inner, key) => (inner instanceof Map ? (inner as Map<unknown, unknown>).get(key) : undefined),
    value,
  );
}
