import type { Framework } from '../../checkpoints/format.js';
import { defaultGateConfig } from '../../gate-config.js';
import type { Shapes } from '../../formats/tensor.js';
import type { Blueprint } from '../../graph/blueprint.js';
import { fits, isWhole } from '../fits.js';
import { pooledUnlikeTimm, tellingChannels } from '../ghost-stages.js';
import type { Backbones, Description, Network } from '../network.js';
import { backboneOf, bothEndsOf, networkOf, type Variants } from '../variants.js';
import { addBackbone, layoutOf } from './layout.js';
import { architectureName, namedVariant } from './names.js';
import { structureOf, wordsOf } from './structure.js';
import { lastChannels, stages, type Variant } from './table.js';

/** Each made once: a variant is compared, checked and taken. */
const layouts = new WeakMap<Variant, Blueprint>();

function layoutOnce(variant: Variant): Blueprint {
  const known = layouts.get(variant) ?? layoutOf(variant);
  layouts.set(variant, known);
  return known;
}

const variants: Variants<Variant> = {
  describe: descriptionOf,
  layout: layoutOnce,
  addBackbone,
  unlikeTimm: pooledUnlikeTimm,
  named: (architecture) => {
    const named = namedVariant(architecture);
    return named && { ...named, structure: undefined };
  },
};

/** The network of the family that is most similar to `tensors`. */
export function recogniseGhostNet(tensors: Shapes, framework: Framework): Network {
  const variant = variantOf(tensors, framework);
  if (variant.structure) {
    const unlikeTimm = `holds a network with blocks of its own, which timm has not: it cannot be written for timm. Export it as .onnx.`;
    return networkOf(variants, variant, unlikeTimm);
  }
  if (framework !== 'mindspore' || isInTimm(tensors)) return networkOf(variants, variant);
  const unlikeTimm = `holds MindSpore's network, which rounds its channels up and timm's to the nearest: its weights as .safetensors would mean another one. Export it as .onnx.`;
  return networkOf(variants, variant, unlikeTimm);
}

/**
 * The variant whose tensors are those of `tensors`, or nearly.
 *
 * @param layout of which it is the variant: the whole network, or a head on a part of it
 */
export function variantOf(tensors: Shapes, framework: Framework = 'pytorch', layout: Layout = layoutOnce): Variant {
  const kind = kindOf(tensors);
  // MindSpore's own code rounds up; other networks with its names need not.
  const kinds: Kind[] =
    framework === 'pytorch'
      ? [kind]
      : [
          { ...kind, ...mindSpore, channelRounding: 'up' },
          { ...kind, ...mindSpore },
        ];
  const fitting = fittingVariant(tensors, kinds, layout);
  if (fitting && isWhole(layout(fitting), tensors)) return fitting;
  const own: Variant = { ...kinds[0]!, width: 1, structure: structureOf(tensors) };
  if (own.structure && isWhole(layout(own), tensors)) return own;
  // Nothing is there as a whole: what is wrong is said of the published network that is most similar.
  return fitting ?? nearestVariant(tensors, kinds[0]!);
}

/** The backbone of the family that is most similar to `tensors`. */
export const recogniseBackbone: Backbones['recognise'] = (tensors, framework, headed) =>
  backboneOf(
    variants,
    variantOf(tensors, framework, (variant) => headed(backboneOf(variants, variant))),
  );

function descriptionOf(variant: Variant): Description {
  const { version, width, structure } = variant;
  const kind = `GhostNet V${version}`;
  if (!structure) return { architecture: architectureName(variant), kind, version, width };
  return {
    architecture: version === 1 ? 'ghostnet' : `ghostnetv${version}`,
    kind,
    version,
    layout: wordsOf(structure),
  };
}

type Layout = (variant: Variant) => Blueprint;

/** A variant before its width is known. */
type Kind = Omit<Variant, 'width'>;

const mindSpore = { gate: { ...defaultGateConfig, upsampling: 'bilinear_aligned' } } as const;

/**
 * Version 3 is published in training form (`_rpr_` branches); deployed, what were branches are convolutions with biases,
 * and all others have batch norm. Without any norm versions 2 and 3 are one and the same network.
 */
function kindOf(tensors: Shapes): Kind {
  const names = [...tensors.keys()];
  const ends = bothEndsOf(tensors);
  if (names.some((name) => name.includes('_rpr_'))) return { ...ends, version: 3 };
  const some = (end: string): boolean => names.some((name) => name.endsWith(end));
  const deployed = some('.primary_conv.0.bias') && !some('.primary_conv.1.weight') && { deployed: true };
  if (!names.some((name) => name.includes('.short_conv.'))) return { ...ends, version: 1, ...deployed };
  return { ...ends, version: deployed && tensors.has('bn1.weight') ? 3 : 2, ...deployed };
}

/** Whether timm has a network of the same tensors; of the gate its config.json tells. */
function isInTimm(tensors: Shapes): boolean {
  return fittingVariant(tensors, [kindOf(tensors)], layoutOf) !== undefined;
}

/** More steps are not tried: each is a layout. */
const mostWidths = 1000;

/**
 * The variant of one of `kinds` of the width multiplier whose channel counts are those of the tensors, with as few
 * decimals as possible. The last convolution has `round4(960 * width)` channels, so only widths within 4 / 960 of its
 * quotient can be right; of a backbone that ends before it, the last stage's channels tell.
 */
function fittingVariant(tensors: Shapes, kinds: readonly Kind[], layout: Layout): Variant | undefined {
  const { channels, atWidth1 } = tellingChannels(tensors, stages, lastChannels);
  const [low, high] = [(channels - 4) / atWidth1, (channels + 4) / atWidth1];
  for (const steps of [1, 10, 100, 1000, 10000]) {
    // Few channels fit many widths, of which none is better than another.
    if ((high - low) * steps > mostWidths) break;
    const first = Math.max(1, Math.ceil(low * steps));
    // Counted from 0, since above 2^53 a step of 1 would go nowhere.
    for (let step = 0; step <= high * steps - first; step++) {
      for (const kind of kinds) {
        const variant = { ...kind, width: (first + step) / steps };
        if (fits(layout(variant), tensors)) return variant;
      }
    }
  }
  return undefined;
}

/** Of those that do not fit, the one that tells best which tensor is wrong. */
function nearestVariant(tensors: Shapes, kind: Kind): Variant {
  const { channels, atWidth1 } = tellingChannels(tensors, stages, lastChannels);
  return { ...kind, width: Math.max(1, Math.round((channels / atWidth1) * 100)) / 100 };
}
