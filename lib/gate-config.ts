import { oneOf, type Rule } from './preprocess-config.js';

/**
 * How the gate of DFC attention is computed, which no tensor tells: one for the whole network. The published code of
 * GhostNetV2 and V3 has the defaults.
 */
export interface GateConfig {
  /**
   * Of the last convolution's sums. Default `sigmoid`; `hard_sigmoid` is relu6(x + 3) / 6, `relu` max(x, 0), which
   * may be above 1.
   */
  readonly activation: 'sigmoid' | 'hard_sigmoid' | 'relu';
  /**
   * Before the first convolution: the `mean` or the `max` of 2x2 pixels with a stride of 2, a last odd row or column
   * left out, or `none`, attention at full resolution. Default `mean`.
   */
  readonly pooling: 'mean' | 'max' | 'none';
  /**
   * After the activation, to the size of the map that the gate multiplies: the `nearest` neighbour, floor(i * in / out);
   * `bilinear`, between the centres of pixels (PyTorch's `align_corners=False`); `bilinear_aligned`, the corners of
   * both maps on each other (`align_corners=True`), as MindSpore does. Default `nearest`, and MindSpore's of its own file.
   */
  readonly upsampling: 'nearest' | 'bilinear' | 'bilinear_aligned';
}

/** What each setting may be, the default first. */
export const gateValues: { readonly [K in keyof GateConfig]: readonly GateConfig[K][] } = {
  activation: ['sigmoid', 'hard_sigmoid', 'relu'],
  pooling: ['mean', 'max', 'none'],
  upsampling: ['nearest', 'bilinear', 'bilinear_aligned'],
};

/** Wherever a setting comes from: a call or a file. */
export const gateRules: { readonly [K in keyof GateConfig]: Rule<GateConfig[K]> } = {
  activation: oneOf(gateValues.activation),
  pooling: oneOf(gateValues.pooling),
  upsampling: oneOf(gateValues.upsampling),
};

export const gateSettings = ['activation', 'pooling', 'upsampling'] as const;

export const defaultGateConfig: GateConfig = { activation: 'sigmoid', pooling: 'mean', upsampling: 'nearest' };

/** A setting of the gate. */
export interface GateSetting<T> {
  readonly value: T;
  /** Who says so: the option of `load`, the `config.json` beside the weights, or nobody. */
  readonly from: 'option' | 'config' | 'assumed';
}

/** How a model's gate is computed, and who says so. */
export type GateInfo = { readonly [K in keyof GateConfig]: GateSetting<GateConfig[K]> };
