import { oneOf, type Rule } from './preprocess-config.js';

/** How a network's last map becomes its logits, as far as no tensor tells. */
export interface ClassifierConfig {
  /**
   * What the last map is pooled by, as timm calls it: the mean of each channel, its largest number, the mean of the two, or
   * both behind each other, which twice as many numbers are. Default `avg`, or `catavgmax` where the tensors behind it tell
   * that.
   */
  readonly globalPool: 'avg' | 'max' | 'avgmax' | 'catavgmax';
  /**
   * Between the layers of a classifier that has several, where the numbers in their names leave a place for it. There is no
   * default: such a classifier is refused unless somebody says it. `none`: what is there does nothing at inference, as
   * dropout.
   */
  readonly classifierActivation:
    'none' | 'relu' | 'leaky_relu' | 'relu6' | 'sigmoid' | 'hard_sigmoid' | 'hard_swish' | 'silu';
}

/** What each setting may be. */
export const classifierValues: { readonly [K in keyof ClassifierConfig]: readonly ClassifierConfig[K][] } = {
  globalPool: ['avg', 'max', 'avgmax', 'catavgmax'],
  classifierActivation: ['none', 'relu', 'leaky_relu', 'relu6', 'sigmoid', 'hard_sigmoid', 'hard_swish', 'silu'],
};

/** Wherever a setting comes from: a call or a file. */
export const classifierRules: { readonly [K in keyof ClassifierConfig]: Rule<ClassifierConfig[K]> } = {
  globalPool: oneOf(classifierValues.globalPool),
  classifierActivation: oneOf(classifierValues.classifierActivation),
};

export const classifierSettings = ['globalPool', 'classifierActivation'] as const;

/** A setting of the classifier. */
export interface ClassifierSetting<T> {
  readonly value: T;
  /**
   * Who says so: the option of `load`, the `config.json` beside the weights, the arguments of the training run that a PyTorch
   * checkpoint keeps (or the module that was saved whole), the network's shapes, or nobody.
   */
  readonly from: 'option' | 'config' | 'checkpoint' | 'network' | 'assumed';
}

/** How a model's last map becomes its logits, and who says so. */
export interface ClassifierInfo {
  readonly globalPool: ClassifierSetting<ClassifierConfig['globalPool']>;
  /** Undefined where the classifier has one layer, or no place for one between several. */
  readonly classifierActivation: ClassifierSetting<ClassifierConfig['classifierActivation']> | undefined;
}
