import type { NodeId } from '../../graph/graph.js';
import { countOf, outChannels, type Ground, type Head } from './head.js';
import { addSmpHead, instanceNorm, isInstanceNorm, normEps, smpConv, smpInputs } from './smp.js';

/**
 * segmentation_models_pytorch's Linknet (arXiv 1707.03718) on timm's features: from the deepest on, a map is narrowed, doubled
 * in size by a transposed convolution, widened, and added to the next larger one; the last block reaches the input's size.
 */
export const smpLinknet: Head = {
  suffix: '_linknet',
  words: 'a Linknet decoder',
  task: 'segmentation',
  preprocess: smpInputs,
  firstTensor: 'decoder.blocks.0.block.0.0.weight',
  modules: /^(?:decoder\.blocks|segmentation_head)\./,
  build: (ground) => {
    const { net, stages, tensors } = ground;
    const blocks = countOf(tensors, (index) => `decoder.blocks.${index}.block.0.0.weight`);
    const features = stages.byDefault.slice(0, blocks);
    let x = features.at(-1)!;
    for (let index = 0; index < blocks; index++) x = addBlock(ground, x, index, features.at(-2 - index));
    return { ...addSmpHead(net, x, tensors), config: { normEps: normEps(ground) } };
  },
};

function addBlock(ground: Ground, input: NodeId, index: number, skip: NodeId | undefined): NodeId {
  const { net, tensors } = ground;
  const name = `decoder.blocks.${index}`;
  const part = (part: number): string => `${name}.block.${part}`;
  const channels = (each: number): number => outChannels(tensors, `${part(each)}.0.weight`);
  let x = smpConv(ground, input, part(0), channels(0), 1);
  // A transposed convolution's weight has its input's channels first.
  const doubled = tensors.get(`${part(1)}.0.weight`)?.shape[1] ?? 1;
  const module = { module: `${part(1)}.0`, bias: true } as const;
  const norm = `${part(1)}.1`;
  if (isInstanceNorm(tensors, norm)) x = instanceNorm(ground, net.transposedConv(x, part(1), doubled, module), norm);
  else {
    const batchNorm = { batchNorm: norm, eps: normEps(ground), activation: 'relu' } as const;
    x = net.transposedConv(x, part(1), doubled, { ...module, ...batchNorm });
  }
  x = smpConv(ground, x, part(2), channels(2), 1);
  return skip === undefined ? x : net.add({ op: 'add', name: `${name}.sum`, inputs: [x, skip] });
}
