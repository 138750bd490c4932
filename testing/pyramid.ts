import type { Tensor } from '../lib/formats/tensor.js';
import type { TensorSpec } from '../lib/graph/sources.js';
import { layoutOf } from '../lib/networks/ghostnet/layout.js';
import type { Variant } from '../lib/networks/ghostnet/table.js';
import { syntheticTensor } from './synthetic.js';

/** A GhostNet's tensors without what comes after its last feature, and a neck's on some of them. */
export function pyramidWeights(
  variant: Omit<Variant, 'numClasses'>,
  levels: number,
  channels: number,
): Map<string, Tensor> {
  const backbone = layoutOf({ ...variant, numClasses: 1 })
    .tensors()
    .filter(({ name }) => !/^(?:blocks\.[89]|conv_head|classifier)\./.test(name));
  const shortcuts = [1, 3, 5, 7].map((stage) => `blocks.${stage}.0.shortcut.2.weight`);
  return withNeck(backbone, shortcuts.slice(-levels), channels);
}

/** @param last the weights that make the maps on which the neck stands */
export function withNeck(
  backbone: readonly TensorSpec[],
  last: readonly string[],
  channels: number,
): Map<string, Tensor> {
  const found = new Map(backbone.map(({ name, shape }) => [name, syntheticTensor(name, shape)]));
  const add = (name: string, shape: number[]): unknown => found.set(name, syntheticTensor(name, shape));
  for (const [level, weight] of last.entries()) {
    const [inChannels] = found.get(weight)!.shape;
    add(`neck.lateral_convs.${level}.conv.weight`, [channels, inChannels!, 1, 1]);
    add(`neck.lateral_convs.${level}.conv.bias`, [channels]);
    add(`neck.fpn_convs.${level}.conv.weight`, [channels, channels, 3, 3]);
    add(`neck.fpn_convs.${level}.conv.bias`, [channels]);
  }
  return found;
}
