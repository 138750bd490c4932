import { addFpn, fpnLevels, lateral } from './fpn-neck.js';
import type { Head } from './head.js';

/**
 * A feature pyramid by itself: see {@link addFpn}. Its outputs: the pyramid's maps, as `p2` to `p5` by the logarithm of their
 * strides, in place of the backbone's features.
 */
export const fpn: Head = {
  suffix: '_fpn',
  words: 'an FPN',
  firstTensor: `${lateral(0)}.conv.weight`,
  modules: /^neck\.(?:lateral_convs|fpn_convs)\./,
  build: (ground) => {
    const { net, tensors } = ground;
    const { maps } = addFpn(ground, net.takeFeatures().slice(-fpnLevels(tensors)));
    for (const map of maps) net.output(`p${Math.log2(net.strideOf(map))}`, map);
    return { numClasses: 0, config: {} };
  },
};
