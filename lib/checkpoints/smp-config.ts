import type { ClassActivation } from '../class-activation.js';
import { headRules, type HeadConfig } from '../head-config.js';
import { quoted } from '../messages/quoted.js';
import type { Section } from './section.js';
import { isRecord } from './untyped-values.js';

// What segmentation_models_pytorch's `save_pretrained` writes: the arguments of a model's class, by their names.

export function isSmp(top: Section): boolean {
  return top.any('encoder_name', isString) !== undefined;
}

/** Of the logits: those of probabilities say what they mean, and what counts the largest changes nothing. */
const activations: Readonly<Record<string, ClassActivation | undefined>> = {
  identity: undefined,
  sigmoid: 'sigmoid',
  softmax: 'softmax',
  softmax2d: 'softmax',
  logsoftmax: 'softmax',
  argmax: 'softmax',
  argmax2d: 'softmax',
};

/** What it applies to its logits. */
export function smpActivation(top: Section): ClassActivation | undefined {
  const name = top.any('activation', isString) ?? 'identity';
  if (Object.hasOwn(activations, name)) return activations[name];
  const known = Object.keys(activations).join(', ');
  throw top.fault('activation', `is ${quoted(name)}, which is not computed here; ${known} are`);
}

/** How its decoders upsample, which has more ways than are computed here. */
export function smpInterpolation(top: Section): HeadConfig['upsampling'] | undefined {
  const name = top.any('decoder_interpolation', isString);
  if (name === undefined || headRules.upsampling.accepts(name)) return name;
  const fault = `is ${quoted(name)}, which is not computed here; ${headRules.upsampling.expected} is`;
  throw top.fault('decoder_interpolation', fault);
}

/** Which norms tensors tell apart, and so need not be said. */
const norms: readonly unknown[] = [true, false, 'batchnorm', 'identity', 'instancenorm'];

/** Why the others of its norms are not computed here. */
const otherNorms: Readonly<Record<string, string>> = {
  inplace: 'whose InPlaceABN is not computed here, though its tensors are those of a batch norm',
  layernorm: 'which normalises rows of pixels and fits a map of one width alone',
};

/**
 * What is added to the variance in its decoder's norms, where it is said.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for norms that are not computed here
 */
export function smpNormEps(top: Section): number | undefined {
  // As it was called before.
  const key = top.any('decoder_use_norm', isAny) === undefined ? 'decoder_use_batchnorm' : 'decoder_use_norm';
  const norm = top.any(key, isAny);
  const { type, eps, affine } = isRecord(norm) ? norm : { type: norm };
  const name = typeof type === 'string' ? type.toLowerCase() : type;
  if (name !== undefined && !norms.includes(name)) {
    const why =
      typeof name === 'string' && Object.hasOwn(otherNorms, name) ? otherNorms[name]! : 'which is no norm of it';
    throw top.fault(
      key,
      `is ${quoted(JSON.stringify(norm))}, ${why}; batchnorm, instancenorm and identity are computed`,
    );
  }
  if (name === 'instancenorm' && affine !== true)
    throw top.fault(
      key,
      `is ${quoted(JSON.stringify(norm))}, which has no weights and so is not told from no norm; with affine: true it is computed`,
    );
  if (eps === undefined || headRules.normEps.accepts(eps)) return eps;
  throw top.fault(key, `has the eps ${quoted(JSON.stringify(eps))}, which should be ${headRules.normEps.expected}`);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isAny(value: unknown): value is unknown {
  return value !== undefined;
}
