import { defaultGateConfig, type GateConfig } from '../gate-config.js';
import type { Shapes } from '../formats/tensor.js';
import type { Blueprint } from '../graph/blueprint.js';
import type { NodeId } from '../graph/graph.js';
import { classifierIn, type ClassifierParts } from './classifier.js';
import { fits } from './fits.js';
import type { Backbone, Backbones, Description, Family, Network } from './network.js';

/** What all networks have, whatever is between. */
export interface BothEnds extends ClassifierParts {
  /** Of the input. Default: 3. */
  readonly imageChannels?: number;
}

/** As many channels as the first convolution reads, the classifier that they tell. */
export function bothEndsOf(tensors: Shapes): BothEnds {
  const imageChannels = tensors.get('conv_stem.weight')?.shape[1];
  return {
    ...(imageChannels !== undefined && { imageChannels }),
    ...classifierIn(tensors),
  };
}

/** What every variant has. */
interface Varied extends BothEnds {
  /** Of its attention. Default {@link defaultGateConfig}. */
  readonly gate?: GateConfig;
}

/** A family whose networks are variants of one table: its networks and its backbones follow from this. */
export interface Variants<V extends Varied> {
  readonly describe: (variant: V) => Description;
  readonly layout: (variant: V) => Blueprint;
  /** {@link Backbone.build} */
  readonly addBackbone: (net: Blueprint, variant: V, stages?: number) => NodeId;
  /** What a name says of a variant; undefined for a name outside the family. */
  readonly named: (architecture: string) => Partial<V> | undefined;
  /** {@link Network.unlikeTimm} */
  readonly unlikeTimm?: (variant: V) => string | undefined;
}

/** @param unlikeTimm where more than the variant tells */
export function networkOf<V extends Varied>(
  variants: Variants<V>,
  variant: V,
  unlikeTimm: string | undefined = variants.unlikeTimm?.(variant) ?? classifierUnlikeTimm(variant),
): Network {
  return {
    ...variants.describe(variant),
    numClasses: variant.numClasses,
    classifier: variant,
    blueprint: variants.layout(variant),
    named: (architecture) => {
      const named = variants.named(architecture);
      return named && networkOf(variants, { ...variant, ...named });
    },
    gate: variant.gate ?? defaultGateConfig,
    with: (said) => networkOf(variants, { ...variant, ...said }, unlikeTimm),
    ...(unlikeTimm !== undefined && { unlikeTimm }),
  };
}

export function backboneOf<V extends Varied>(variants: Variants<V>, variant: V): Backbone {
  return {
    ...variants.describe(variant),
    build: (net, stages) => variants.addBackbone(net, variant, stages),
    named: (architecture) => {
      const named = variants.named(architecture);
      return named && backboneOf(variants, { ...variant, ...named });
    },
    gate: variant.gate ?? defaultGateConfig,
    with: (said) => backboneOf(variants, { ...variant, ...said }),
  };
}

/** Of any family: timm's classifiers are one linear layer. */
export function classifierUnlikeTimm({ classifierLayers }: ClassifierParts): string | undefined {
  return classifierLayers
    ? "holds a network whose classifier has several layers, and timm's has one: it cannot be written for timm. Export it as .onnx."
    : undefined;
}

/**
 * How the networks and the backbones of a family are recognised.
 *
 * @param candidates variants that tensors may be of, the most likely first; one at least
 */
export function recognisers<V extends Varied>(
  variants: Variants<V>,
  candidates: (tensors: Shapes) => readonly V[],
): { readonly network: Family['recognise']; readonly backbone: Backbones['recognise'] } {
  const nearest = (tensors: Shapes, layout: (variant: V) => Blueprint): V => {
    const all = candidates(tensors);
    return all.find((variant) => fits(layout(variant), tensors)) ?? all[0]!;
  };
  return {
    network: (tensors) => networkOf(variants, nearest(tensors, variants.layout)),
    backbone: (tensors, _, headed) =>
      backboneOf(
        variants,
        nearest(tensors, (variant) => headed(backboneOf(variants, variant))),
      ),
  };
}
