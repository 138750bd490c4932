import type { Shapes } from '../../formats/tensor.js';
import type { Description, Family } from '../network.js';
import { pooledUnlikeTimm, tellingChannels } from '../ghost-stages.js';
import { bothEndsOf, recognisers } from '../variants.js';
import { hundredthsOf, widthsWith } from '../widths.js';
import { addBackbone, layoutOf } from './layout.js';
import { lastChannels, stages, type Variant } from './table.js';

const training = /\.ghost[12]\.fusion_bn\.0\./;
const deployed = /\.ghost[12]\.cheap_operation\.weight$/;

function claims(names: readonly string[]): boolean {
  return names.some((name) => training.test(name) || deployed.test(name));
}

function descriptionOf({ width }: Variant): Description {
  return { architecture: `repghostnet_${hundredthsOf(width)}`, kind: 'RepGhostNet', width };
}

function namedVariant(architecture: string): Pick<Variant, 'width'> | undefined {
  const [, hundredths] = /^repghostnet_(\d{3})(?:\.|$)/.exec(architecture) ?? [];
  return hundredths === undefined ? undefined : { width: Number(hundredths) / 100 };
}

function candidates(tensors: Shapes): Variant[] {
  const isDeployed = ![...tensors.keys()].some((name) => training.test(name));
  const { channels, atWidth1 } = tellingChannels(tensors, stages, lastChannels);
  const found = { ...bothEndsOf(tensors), deployed: isDeployed };
  return widthsWith(channels, atWidth1, 4).map((width) => ({ ...found, width }));
}

const recognise = recognisers<Variant>(
  {
    describe: descriptionOf,
    layout: layoutOf,
    addBackbone,
    named: namedVariant,
    unlikeTimm: (variant) =>
      variant.deployed
        ? 'holds a RepGhostNet whose branches are merged, and timm builds one that has them: it cannot be written for timm.'
        : pooledUnlikeTimm(variant),
  },
  candidates,
);

/** RepGhostNet (arXiv 2211.06088) of any width, as it is trained and with its branches merged. */
export const repGhost: Family = {
  architectures: /^repghostnet_(?!.*_fpn$)/,
  claims,
  recognise: recognise.network,
  backbones: { claims, recognise: recognise.backbone },
  firstTensor: 'conv_stem.weight',
  classifier: 'classifier',
};
