import type { StateDict } from '../formats/tensor.js';
import type { Blueprint } from '../graph/blueprint.js';
import type { NodeId } from '../graph/graph.js';
import { fits } from './fits.js';
import type { Backbone, Backbones, Description, Family, Network } from './network.js';

/** A family whose networks are variants of one table: its networks and its backbones follow from this. */
export interface Variants<V extends { readonly numClasses: number }> {
  readonly describe: (variant: V) => Description;
  readonly layout: (variant: V) => Blueprint;
  /** {@link Backbone.build} */
  readonly addBackbone: (net: Blueprint, variant: V) => NodeId;
  /** What a name says of a variant; undefined for a name outside the family. */
  readonly named: (architecture: string) => Partial<V> | undefined;
  /** {@link Network.unlikeTimm} */
  readonly unlikeTimm?: (variant: V) => string | undefined;
}

export function networkOf<V extends { readonly numClasses: number }>(variants: Variants<V>, variant: V): Network {
  const unlikeTimm = variants.unlikeTimm?.(variant);
  return {
    ...variants.describe(variant),
    numClasses: variant.numClasses,
    blueprint: variants.layout(variant),
    named: (architecture) => {
      const named = variants.named(architecture);
      return named && networkOf(variants, { ...variant, ...named });
    },
    ...(unlikeTimm !== undefined && { unlikeTimm }),
  };
}

export function backboneOf<V extends { readonly numClasses: number }>(variants: Variants<V>, variant: V): Backbone {
  return {
    ...variants.describe(variant),
    build: (net) => variants.addBackbone(net, variant),
    named: (architecture) => {
      const named = variants.named(architecture);
      return named && backboneOf(variants, { ...variant, ...named });
    },
  };
}

/**
 * How the networks and the backbones of a family are recognised.
 *
 * @param candidates variants that tensors may be of, the most likely first; one at least
 */
export function recognisers<V extends { readonly numClasses: number }>(
  variants: Variants<V>,
  candidates: (tensors: StateDict) => readonly V[],
): { readonly network: Family['recognise']; readonly backbone: Backbones['recognise'] } {
  const nearest = (tensors: StateDict, layout: (variant: V) => Blueprint): V => {
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
