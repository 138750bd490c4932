import type { StateDict } from '../../formats/tensor.js';
import type { Blueprint } from '../../graph/blueprint.js';
import { divisible } from '../divisible.js';
import { fits } from '../fits.js';
import type { Backbone, Description, Family, Network } from '../network.js';
import { hundredthsOf, widthsWith } from '../widths.js';
import { addBackbone, layoutOf } from './layout.js';
import { headChannels, lastChannels, repeats, stages, stemChannels, type Variant } from './table.js';

/** MobileNetV2 of any width and depth, as timm has it; also with DFC attention in its blocks. */
export const mobileNetV2: Family = {
  architectures: /^mobilenetv2_(?!.*_fpn$)/,
  claims: (names) => names.includes('bn2.weight') && hasItsBlocks(names),
  recognise: (tensors) => networkOf(variantOf(tensors, layoutOf)),
  backbones: {
    claims: hasItsBlocks,
    recognise: (tensors, _, headed) => backboneOf(variantOf(tensors, (variant) => headed(backboneOf(variant)))),
  },
  firstTensor: 'conv_stem.weight',
  classifier: 'classifier',
};

/** Others with inverted residuals have squeeze-and-excitation in some of them. */
function hasItsBlocks(names: readonly string[]): boolean {
  return names.includes('blocks.6.0.conv_pwl.weight') && !names.some((name) => /^blocks\.\d+\.\d+\.se\./.test(name));
}

function networkOf(variant: Variant): Network {
  const network: Network = {
    ...descriptionOf(variant),
    numClasses: variant.numClasses,
    blueprint: layoutOf(variant),
    named: (architecture) => {
      const named = namedVariant(architecture);
      return named && networkOf({ ...variant, ...named });
    },
  };
  if (variant.attention.size === 0) return network;
  const unlikeTimm = "holds a MobileNetV2 with DFC attention, and timm's has none: it cannot be written for timm.";
  return { ...network, unlikeTimm };
}

function backboneOf(variant: Variant): Backbone {
  return {
    ...descriptionOf(variant),
    build: (net) => addBackbone(net, variant),
    named: (architecture) => {
      const named = namedVariant(architecture);
      return named && backboneOf({ ...variant, ...named });
    },
  };
}

/** timm's deeper networks have a `d` behind their width; it knows none with attention. */
function descriptionOf(variant: Variant): Description {
  const { width } = variant;
  const deeper = variant.repeats.some((count, stage) => count !== repeats.paper[stage]);
  const name = `mobilenetv2_${hundredthsOf(width)}${deeper ? 'd' : ''}`;
  if (variant.attention.size === 0) return { architecture: name, kind: 'MobileNetV2', width };
  return { architecture: `${name}_dfc`, kind: 'MobileNetV2 with DFC attention', width };
}

function namedVariant(architecture: string): Omit<Variant, 'numClasses' | 'attention'> | undefined {
  const [, hundredths, deeper] = /^mobilenetv2_(\d{3})(d?)(?:_dfc)?(?:\.|$)/.exec(architecture) ?? [];
  if (hundredths === undefined) return undefined;
  const width = Number(hundredths) / 100;
  if (!deeper) return { width, repeats: repeats.paper, ...endsOf(width) };
  const deep = { '110': repeats['110d'], '120': repeats['120d'] }[hundredths];
  return deep && { width, repeats: deep, stemChannels, headChannels };
}

/** A wider network has a wider head, a narrower one has not. */
function endsOf(width: number): Pick<Variant, 'stemChannels' | 'headChannels'> {
  return {
    stemChannels: divisible(stemChannels * width, 8),
    headChannels: Math.max(headChannels, divisible(headChannels * width, 8)),
  };
}

/** A block with attention has expanded channels, which the first stage's has not. */
const gated = /^(blocks\.[1-6]\.\d+)\.short_conv\.0\.weight$/;

/** The one whose tensors are those of `tensors`, or nearly. How many blocks and channels its ends have is as found. */
function variantOf(tensors: StateDict, layout: (variant: Variant) => Blueprint): Variant {
  const channelsOf = (name: string): number | undefined => tensors.get(name)?.shape[0];
  const numClasses = channelsOf('classifier.weight') ?? 0;
  const found = stages.map((_, stage) => blocksOf(tensors, stage));
  const attention = new Set([...tensors.keys()].flatMap((name) => gated.exec(name)?.[1] ?? []));
  const widths = widthsWith(channelsOf('blocks.6.0.conv_pwl.weight') ?? lastChannels, lastChannels, 8);
  const variants = widths.map((width): Variant => {
    const ends = endsOf(width);
    return {
      width,
      numClasses,
      repeats: found,
      attention,
      stemChannels: channelsOf('conv_stem.weight') ?? ends.stemChannels,
      headChannels: channelsOf('conv_head.weight') ?? ends.headChannels,
    };
  });
  return variants.find((variant) => fits(layout(variant), tensors)) ?? variants[0]!;
}

/** More than any network has, so that a file of names without end is looked at no longer. */
const mostBlocks = 64;

function blocksOf(tensors: StateDict, stage: number): number {
  let count = 0;
  while (count < mostBlocks && tensors.has(`blocks.${stage}.${count}.conv_dw.weight`)) count++;
  return Math.max(1, count);
}
