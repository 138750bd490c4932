import { areClassColors, type ClassColor } from '../class-color.js';
import { headRules, ratesOf, type HeadConfig } from '../head-config.js';
import { preprocessRules, type PreprocessConfig, type Rule } from '../preprocess-config.js';
import { pythonConfig, type PythonValue } from './python-config.js';

/** What a checkpoint itself says of its network beside the tensors; whatever it does not say is absent. */
export interface OwnConfig {
  readonly preprocess: Partial<PreprocessConfig>;
  /** Of a detector's or a segmenter's head. */
  readonly head: Partial<HeadConfig>;
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
  return {
    preprocess: preprocessIn(config),
    head: headIn(within(config, 'model')),
    ...(areClassColors(colors) && { colors }),
  };
}

function preprocessIn(config: PythonValue): Partial<PreprocessConfig> {
  const preprocessor =
    within(config, 'model', 'data_preprocessor') ??
    within(config, 'data_preprocessor') ??
    within(config, 'img_norm_cfg');
  // Pictures are read as BGR.
  const isTurned = within(preprocessor, 'bgr_to_rgb') ?? within(preprocessor, 'to_rgb');
  const channelOrder = typeof isTurned === 'boolean' ? (isTurned ? 'rgb' : 'bgr') : undefined;
  // Of bytes, in the order in which they are after that.
  const ofChannels = (key: string): unknown => {
    const values = within(preprocessor, key);
    if (!Array.isArray(values)) return undefined;
    const shares = (values as unknown[]).map((value) =>
      typeof value === 'number' ? Number((value / 255).toPrecision(12)) : value,
    );
    return channelOrder === 'bgr' ? shares.reverse() : shares;
  };
  return {
    ...said('mean', preprocessRules.mean, ofChannels('mean')),
    ...said('std', preprocessRules.std, ofChannels('std')),
    ...said('channelOrder', preprocessRules.channelOrder, channelOrder),
  };
}

function headIn(model: unknown): Partial<HeadConfig> {
  const [segmenter, detector] = [within(model, 'decode_head'), within(model, 'bbox_head')];
  const generator = within(detector, 'anchor_generator');
  const dilation = within(segmenter, 'dilation');
  const rates = ratesOf(within(segmenter, 'dilations')) ?? (dilation === undefined ? undefined : [dilation]);
  const between = within(segmenter, 'dw_act_cfg');
  const depthwise = between === null ? 'none' : within(between, 'type') === 'ReLU' ? 'relu' : undefined;
  return {
    ...said('atrousRates', headRules.atrousRates, rates),
    ...said('alignCorners', headRules.alignCorners, within(segmenter, 'align_corners')),
    ...said('depthwiseActivation', headRules.depthwiseActivation, depthwise),
    ...said('anchors', headRules.anchors, within(generator, 'base_sizes')),
    ...said('strides', headRules.strides, within(generator, 'strides') ?? within(detector, 'featmap_strides')),
  };
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
