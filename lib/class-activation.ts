import { oneOf, type Rule } from './preprocess-config.js';

/**
 * What the logits of classes become: `softmax` over all of them, of which one is right; a `sigmoid` of each by itself, of
 * which any may be right; or `none`, the logits as they are.
 */
export type ClassActivation = 'softmax' | 'sigmoid' | 'none';

export const classActivations: readonly ClassActivation[] = ['softmax', 'sigmoid', 'none'];

/** Wherever it comes from: a call or a file. */
export const classActivationRule: Rule<ClassActivation> = oneOf(classActivations);

/** What is meant where nobody says so: of one class alone there is no other one to weigh it against. */
export function activationFor(numClasses: number): ClassActivation {
  return numClasses === 1 ? 'sigmoid' : 'softmax';
}
