import type { StateDict } from '../../formats/tensor.js';
import type { Blueprint } from '../../graph/blueprint.js';
import { fits } from '../fits.js';
import type { Backbone, Description, Family, Network } from '../network.js';
import { hundredthsOf, widthsWith } from '../widths.js';
import { addBackbone, layoutOf } from './layout.js';
import { innerChannels, lastChannels, type Variant } from './table.js';

/** RepGhostNet (arXiv 2211.06088) of any width, as it is trained and with its branches merged. */
export const repGhost: Family = {
  architectures: /^repghostnet_(?!.*_fpn$)/,
  claims,
  recognise: (tensors) => networkOf(variantOf(tensors, layoutOf)),
  backbones: {
    claims,
    recognise: (tensors, _, headed) => backboneOf(variantOf(tensors, (variant) => headed(backboneOf(variant)))),
  },
  firstTensor: 'conv_stem.weight',
  classifier: 'classifier',
};

const training = /\.ghost[12]\.fusion_bn\.0\./;
const deployed = /\.ghost[12]\.cheap_operation\.weight$/;

function claims(names: readonly string[]): boolean {
  return names.some((name) => training.test(name) || deployed.test(name));
}

function networkOf(variant: Variant): Network {
  const network: Network = {
    ...descriptionOf(variant),
    numClasses: variant.numClasses,
    blueprint: layoutOf(variant),
    named: (architecture) => {
      const width = namedWidth(architecture);
      return width === undefined ? undefined : networkOf({ ...variant, width });
    },
  };
  if (!variant.deployed) return network;
  const unlikeTimm =
    'holds a RepGhostNet whose branches are merged, and timm builds one that has them: it cannot be written for timm.';
  return { ...network, unlikeTimm };
}

function backboneOf(variant: Variant): Backbone {
  return {
    ...descriptionOf(variant),
    build: (net) => addBackbone(net, variant),
    named: (architecture) => {
      const width = namedWidth(architecture);
      return width === undefined ? undefined : backboneOf({ ...variant, width });
    },
  };
}

function descriptionOf({ width }: Variant): Description {
  return { architecture: `repghostnet_${hundredthsOf(width)}`, kind: 'RepGhostNet', width };
}

function namedWidth(architecture: string): number | undefined {
  const [, hundredths] = /^repghostnet_(\d{3})(?:\.|$)/.exec(architecture) ?? [];
  return hundredths === undefined ? undefined : Number(hundredths) / 100;
}

/** The one whose tensors are those of `tensors`, or nearly. */
function variantOf(tensors: StateDict, layout: (variant: Variant) => Blueprint): Variant {
  const numClasses = tensors.get('classifier.weight')?.shape[0] ?? 0;
  const isDeployed = ![...tensors.keys()].some((name) => training.test(name));
  const last = tensors.get('blocks.9.0.conv.weight')?.shape[0];
  const inner = tensors.get('blocks.7.0.shortcut.2.weight')?.shape[0];
  const widths = last ? widthsWith(last, lastChannels, 4) : widthsWith(inner ?? innerChannels, innerChannels, 4);
  const variants = widths.map((width): Variant => ({ width, numClasses, deployed: isDeployed }));
  return variants.find((variant) => fits(layout(variant), tensors)) ?? variants[0]!;
}
