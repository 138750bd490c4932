import type { Framework } from '../../checkpoints/format.js';
import type { StateDict } from '../../formats/tensor.js';
import { sameShape, type TensorSpec } from '../../graph/blueprint.js';
import type { Network } from '../network.js';
import { layoutOf } from './layout.js';
import { architectureName, namedVariant } from './names.js';
import { lastChannels, type Variant } from './table.js';

/** The network of the family that is most similar to `tensors`. */
export function recogniseGhostNet(tensors: StateDict, framework: Framework): Network {
  const variant = variantOf(tensors, framework);
  const difference = framework === 'mindspore' ? timmDifference(variant, tensors) : undefined;
  return { ...networkOf(variant), ...(difference !== undefined && { unlikeTimm: difference }) };
}

/** The variant whose tensors are those of `tensors`, or nearly. */
export function variantOf(tensors: StateDict, framework: Framework = 'pytorch'): Variant {
  const kind = kindOf([...tensors.keys()]);
  // MindSpore's own code rounds up; other networks with its names need not.
  const kinds: Kind[] =
    framework === 'pytorch'
      ? [kind]
      : [
          { ...kind, ...mindSpore, channelRounding: 'up' },
          { ...kind, ...mindSpore },
        ];
  const numClasses = tensors.get('classifier.weight')?.shape[0] ?? 0;
  return fittingVariant(tensors, kinds, numClasses) ?? nearestVariant(tensors, kinds[0]!, numClasses);
}

function networkOf(variant: Variant): Network {
  const { version, width, numClasses } = variant;
  return {
    architecture: architectureName(variant),
    kind: `GhostNet V${version}`,
    version,
    width,
    numClasses,
    blueprint: layoutOf(variant),
    named: (architecture) => {
      const named = namedVariant(architecture);
      return named && networkOf({ ...variant, ...named });
    },
  };
}

/** A variant before its width and classes are known. */
type Kind = Omit<Variant, 'width' | 'numClasses'>;

const mindSpore = { gateUpsampling: 'bilinear' } as const;

/** Version 3 is published in training form (`_rpr_` branches); deployed, its convolutions have biases. */
function kindOf(found: readonly string[]): Kind {
  if (found.some((name) => name.includes('_rpr_'))) return { version: 3 };
  if (found.some((name) => name.endsWith('.primary_conv.0.bias'))) return { version: 3, deployed: true };
  return { version: found.some((name) => name.includes('.short_conv.')) ? 2 : 1 };
}

/** What makes MindSpore's network another one than timm's. */
function timmDifference(variant: Variant, tensors: StateDict): string | undefined {
  if (variant.version > 1) return "upsamples its gates bilinearly and timm's does not";
  const inTimm = fittingVariant(tensors, [kindOf([...tensors.keys()])], variant.numClasses);
  return inTimm ? undefined : "rounds its channels up and timm's to the nearest";
}

/**
 * The variant of one of `kinds` of the width multiplier whose channel counts are those of the tensors, with as few
 * decimals as possible. The last convolution has `round4(960 * width)` channels, so only widths within 4 / 960 of its
 * quotient can be right.
 */
function fittingVariant(tensors: StateDict, kinds: readonly Kind[], numClasses: number): Variant | undefined {
  const channels = channelsOfLast(tensors);
  const [low, high] = [(channels - 4) / lastChannels, (channels + 4) / lastChannels];
  for (const steps of [1, 10, 100, 1000, 10000]) {
    const first = Math.max(1, Math.ceil(low * steps));
    // Counted from 0, since above 2^53 a step of 1 would go nowhere.
    for (let step = 0; step <= high * steps - first; step++) {
      for (const kind of kinds) {
        const variant = { ...kind, width: (first + step) / steps, numClasses };
        if (layoutOf(variant).tensors.every((spec) => fits(spec, tensors))) return variant;
      }
    }
  }
  return undefined;
}

/** Of those that do not fit, the one that tells best which tensor is wrong. */
function nearestVariant(tensors: StateDict, kind: Kind, numClasses: number): Variant {
  const width = Math.max(1, Math.round((channelsOfLast(tensors) / lastChannels) * 100)) / 100;
  return { ...kind, width, numClasses };
}

function channelsOfLast(tensors: StateDict): number {
  return tensors.get('blocks.9.0.conv.weight')?.shape[0] ?? lastChannels;
}

/** A missing tensor fits any width: its absence is a fault of its own. */
function fits({ name, shape }: TensorSpec, tensors: StateDict): boolean {
  const found = tensors.get(name)?.shape;
  return !found || sameShape(found, shape);
}
