import type { NodeId } from '../../graph/graph.js';
import { concat } from './dense.js';
import { countOf, outChannels, type Ground, type Head } from './head.js';
import { addSmpHead, smpConv, smpInputs } from './smp.js';

/**
 * segmentation_models_pytorch's Unet (arXiv 1505.04597) on timm's features: from the deepest on, a map is upsampled to the
 * size of the next larger one, put beside it, and convolved twice; the last block reaches the input's size.
 */
export const smpUnet: Head = {
  suffix: '_unet',
  words: 'a Unet decoder',
  task: 'segmentation',
  preprocess: smpInputs,
  firstTensor: 'decoder.blocks.0.conv1.0.weight',
  modules: /^(?:decoder\.blocks|segmentation_head)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const blocks = countOf(tensors, (index) => `decoder.blocks.${index}.conv1.0.weight`);
    const upsampling = said.upsampling ?? 'nearest';
    const features = stages.byDefault.slice(0, blocks);
    let x = features.at(-1)!;
    for (let index = 0; index < blocks; index++) x = addBlock(ground, x, index, features.at(-2 - index), upsampling);
    return { ...addSmpHead(net, x, tensors), config: { upsampling } };
  },
};

function addBlock(
  { net, tensors }: Ground,
  input: NodeId,
  index: number,
  skip: NodeId | undefined,
  upsampling: 'nearest' | 'bilinear',
): NodeId {
  const name = `decoder.blocks.${index}`;
  const image: NodeId = 0;
  let x = net.add({ op: `upsample_${upsampling}`, name: `${name}.upsample`, inputs: [input, skip ?? image] });
  if (skip !== undefined) x = concat(net, `${name}.concat`, [x, skip]);
  for (const conv of ['conv1', 'conv2'])
    x = smpConv(net, x, `${name}.${conv}`, outChannels(tensors, `${name}.${conv}.0.weight`), 3);
  return x;
}
