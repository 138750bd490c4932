import type { NodeId } from '../../graph/graph.js';
import { concat } from './dense.js';
import { countOf, outChannels, type Ground, type Head } from './head.js';
import { addSmpHead, normEps, smpConv, smpInputs } from './smp.js';

/**
 * segmentation_models_pytorch's Unet (arXiv 1505.04597) on timm's features: from the deepest on, a map is upsampled to the
 * size of the next larger one, put beside it, and convolved twice; the last block reaches the input's size. Where its tensors tell so, the deepest map is convolved
 * first (`center`), and what goes into a block and comes out of it is gated (`attention1`, `attention2`).
 */
export const smpUnet: Head = {
  suffix: '_unet',
  words: 'a Unet decoder',
  task: 'segmentation',
  preprocess: smpInputs,
  firstTensor: 'decoder.blocks.0.conv1.0.weight',
  modules: /^(?:decoder\.(?:blocks|center)|segmentation_head)\./,
  build: (ground) => {
    const { net, stages, tensors, said } = ground;
    const blocks = countOf(tensors, (index) => `decoder.blocks.${index}.conv1.0.weight`);
    const upsampling = said.upsampling ?? 'nearest';
    const features = stages.byDefault.slice(0, blocks);
    let x = features.at(-1)!;
    const center = countOf(tensors, (index) => `decoder.center.${index}.0.weight`);
    for (let index = 0; index < center; index++) x = convolved(ground, x, `decoder.center.${index}`);
    for (let index = 0; index < blocks; index++) x = addBlock(ground, x, index, features.at(-2 - index), upsampling);
    return { ...addSmpHead(net, x, tensors), config: { upsampling, normEps: normEps(ground) } };
  },
};

function convolved(ground: Ground, input: NodeId, name: string): NodeId {
  return smpConv(ground, input, name, outChannels(ground.tensors, `${name}.0.weight`), 3);
}

function addBlock(
  ground: Ground,
  input: NodeId,
  index: number,
  skip: NodeId | undefined,
  upsampling: 'nearest' | 'bilinear',
): NodeId {
  const { net } = ground;
  const name = `decoder.blocks.${index}`;
  const image: NodeId = 0;
  let x = net.add({ op: `upsample_${upsampling}`, name: `${name}.upsample`, inputs: [input, skip ?? image] });
  const first = `${name}.attention1.attention`;
  if (skip === undefined) {
    // Layers that are there and that nothing is computed with.
    for (const layer of ['cSE.1', 'cSE.3', 'sSE.0'])
      for (const part of ['weight', 'bias']) net.mayHave(`${first}.${layer}.${part}`);
  } else x = gated(ground, concat(net, `${name}.concat`, [x, skip]), first);
  x = convolved(ground, convolved(ground, x, `${name}.conv1`), `${name}.conv2`);
  return gated(ground, x, `${name}.attention2.attention`);
}

/**
 * smp's SCSEModule (arXiv 1803.02579), where there is one: the map times a gate of each channel, from its means, and the map times
 * one of each position, added.
 */
function gated({ net, tensors }: Ground, input: NodeId, name: string): NodeId {
  const [cSE, sSE] = [`${name}.cSE`, `${name}.sSE`];
  if (!tensors.has(`${sSE}.0.weight`)) return input;
  const channels = net.channelsOf(input);
  const mean = net.add({ op: 'global_avg_pool', name: `${cSE}.0`, inputs: [input] });
  const squeezed = outChannels(tensors, `${cSE}.1.weight`);
  const reduced = net.conv(mean, `${cSE}.1`, squeezed, { bias: true, activation: 'relu' });
  const ofChannels = net.conv(reduced, `${cSE}.3`, channels, { bias: true, activation: 'sigmoid' });
  const ofPositions = net.conv(input, `${sSE}.0`, 1, { bias: true, activation: 'sigmoid' });
  const spread = net.conv(ofPositions, `${sSE}.spread`, channels, { constant: 1 });
  const byChannel = net.add({ op: 'mul', name: `${cSE}.gated`, inputs: [input, ofChannels] });
  const byPosition = net.add({ op: 'mul', name: `${sSE}.gated`, inputs: [input, spread] });
  return net.add({ op: 'add', name, inputs: [byChannel, byPosition] });
}
