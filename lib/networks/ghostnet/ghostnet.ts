import type { Family } from '../network.js';
import { architectureNames, networkModules, timmName } from './names.js';
import { recogniseGhostNet } from './recognise.js';

/** GhostNet V1, V2 and V3. */
export const ghostNet: Family = {
  architectures: architectureNames,
  claims: (names) => names.some((name) => name.includes('.ghost1.')),
  recognise: recogniseGhostNet,
  firstTensor: 'conv_stem.weight',
  classifier: 'classifier',
  offers: { attention: 'a GhostNetV2 or GhostNetV3' },
  timmName,
  modules: networkModules,
};
