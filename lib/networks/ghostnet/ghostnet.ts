import type { Family } from '../network.js';
import { architectureNames, timmName } from './names.js';
import { recogniseBackbone, recogniseGhostNet } from './recognise.js';

/** GhostNet V1, V2 and V3. */
export const ghostNet: Family = {
  architectures: architectureNames,
  claims,
  recognise: recogniseGhostNet,
  backbones: { claims, recognise: recogniseBackbone },
  firstTensor: 'conv_stem.weight',
  classifier: 'classifier',
  offers: { attention: 'a GhostNetV2 or GhostNetV3' },
  timmName,
};

function claims(names: readonly string[]): boolean {
  return names.some((name) => name.includes('.ghost1.'));
}
