import { Blueprint } from '../../graph/blueprint.js';
import type { Backbone, Family, Network } from '../network.js';

const firstTensor = 'conv_stem.weight';

/**
 * A backbone of any of `families` by itself, as timm makes it with `features_only` and as detectors and segmenters keep it: without
 * `conv_head` and `classifier`. It has features and no embedding.
 */
export function bare(families: readonly Family[]): Family {
  const all = families.flatMap(({ backbones }) => backbones ?? []);
  const backbonesOf = (names: readonly string[]): (typeof all)[number] | undefined =>
    all.find(({ claims }) => claims(names));
  return {
    architectures: { test: () => false },
    claims: (names) =>
      names.includes(firstTensor) &&
      !names.some((name) => /^(?:conv_head|classifier)\./.test(name)) &&
      backbonesOf(names) !== undefined,
    firstTensor,
    recognise: (tensors, framework) =>
      networkOf(backbonesOf([...tensors.keys()])!.recognise(tensors, framework, layoutOf)),
    timmName: (name) => name.replace(/^blocks_(\d+)\./, 'blocks.$1.'),
  };
}

function networkOf(backbone: Backbone): Network {
  const { architecture, kind, version, width, layout = [], assumed, gate } = backbone;
  return {
    architecture,
    kind: `${kind} without a head`,
    version,
    width,
    layout: [...layout, 'a backbone by itself: no conv_head, no classifier'],
    ...(assumed !== undefined && { assumed }),
    numClasses: 0,
    blueprint: layoutOf(backbone),
    named: (name) => {
      const named = backbone.named(name);
      return named && networkOf(named);
    },
    gate,
    withGate: (other) => networkOf(backbone.withGate(other)),
    unlikeTimm:
      'holds a backbone without conv_head, and timm builds a network that has it: it cannot be written for timm.',
  };
}

function layoutOf(backbone: Backbone): Blueprint {
  const net = new Blueprint();
  backbone.build(net);
  return net;
}
