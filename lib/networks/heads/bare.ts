import type { Shapes } from '../../formats/tensor.js';
import { Blueprint } from '../../graph/blueprint.js';
import type { Backbone, Family, Network } from '../network.js';
import { stagesIn } from './stages.js';

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
      networkOf(
        backbonesOf([...tensors.keys()])!.recognise(tensors, framework, (each) => layoutOf(each, tensors)),
        tensors,
      ),
    timmName: (name) => name.replace(/^blocks_(\d+)\./, 'blocks.$1.'),
  };
}

function networkOf(backbone: Backbone, tensors: Shapes): Network {
  const { architecture, kind, version, width, layout = [], assumed, gate } = backbone;
  const blueprint = layoutOf(backbone, tensors);
  return {
    architecture,
    kind: `${kind} without a head`,
    version,
    width,
    layout: [...layout, `a backbone by itself, up to ${blueprint.outputs.at(-1)!.name}: no conv_head, no classifier`],
    ...(assumed !== undefined && { assumed }),
    numClasses: 0,
    blueprint,
    named: (name) => {
      const named = backbone.named(name);
      return named && networkOf(named, tensors);
    },
    gate,
    with: (said) => networkOf(backbone.with(said), tensors),
    unlikeTimm:
      'holds a backbone without conv_head, and timm builds a network that has it: it cannot be written for timm.',
  };
}

/** timm's `features_only` leaves out all stages behind the last feature that is asked for. */
function layoutOf(backbone: Backbone, tensors: Shapes): Blueprint {
  const net = new Blueprint();
  backbone.build(net, stagesIn(tensors));
  return net;
}
