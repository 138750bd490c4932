import { GhostNetError } from '../../errors.js';
import type { Shapes } from '../../formats/tensor.js';
import { Blueprint } from '../../graph/blueprint.js';
import type { HeadConfig } from '../../head-config.js';
import type { Backbone, Family, Network } from '../network.js';
import type { Built, Head } from './head.js';
import { Stages, stagesIn } from './stages.js';

/** Of backbones' tensors, as detectors and segmenters name them: `backbone.timm_model.blocks_3.…` is timm's `blocks.3.…`. */
const backbonePrefix = /^(?:backbone|encoder)\.(?:timm_model\.|timm\.|model\.)?/;

/** The same below such a prefix. Of a network that is kept whole what classifies is left out: no head stands on it. */
const backboneModule =
  /^(?:(?:backbone|encoder)\.(?!(?:timm_model\.|timm\.|model\.)?(?:conv_head|bn2|classifier)\.)|(?:conv_stem|bn1|blocks(?:_\d+)?)\.)/;

/**
 * The networks of a head on the backbone of any of `families`.
 *
 * @param fallback one of them, which has what none claims
 */
export function standing(head: Head, families: readonly Family[], fallback: Family): Family {
  const { suffix, firstTensor, modules } = head;
  const all = families.flatMap(({ backbones }) => backbones ?? []);
  const withoutSuffix = (name: string): string => name.slice(0, -suffix.length);
  return {
    architectures: {
      test: (name) =>
        name.endsWith(suffix) && families.some(({ architectures }) => architectures.test(withoutSuffix(name))),
    },
    claims: (names) => names.includes(firstTensor),
    firstTensor,
    modules: { test: (name) => modules.test(name) || backboneModule.test(name) },
    recognise: (tensors, framework) => {
      const names = [...tensors.keys()];
      const { recognise } = all.find(({ claims }) => claims(names)) ?? fallback.backbones!;
      const backbone = recognise(tensors, framework, (each) => layoutOf({ head, backbone: each, tensors }).net);
      return networkOf({ head, backbone, tensors });
    },
    timmName: (name) => name.replace(backbonePrefix, '').replace(/^blocks_(\d+)\./, 'blocks.$1.'),
  };
}

interface Standing {
  readonly head: Head;
  readonly backbone: Backbone;
  readonly tensors: Shapes;
  /** Of the head; undefined before anybody was asked. */
  readonly said?: Partial<HeadConfig>;
}

function networkOf(standing: Standing): Network {
  const { head, backbone } = standing;
  const { architecture, kind, version, width, layout, assumed, gate } = backbone;
  const { net, built } = layoutOf(standing);
  if (standing.said && built.lacks !== undefined) throw new GhostNetError('ERR_GHOST_ARCHITECTURE', built.lacks);
  const { suffix, words, task, preprocess } = head;
  return {
    architecture: `${architecture}${suffix}`,
    kind: `${kind} with ${words}`,
    version,
    width,
    ...(layout && { layout }),
    ...(assumed !== undefined && { assumed }),
    ...(task && { task }),
    ...(preprocess && { preprocess }),
    numClasses: built.numClasses,
    blueprint: net,
    named: (name) => {
      const named = name.endsWith(suffix) ? backbone.named(name.slice(0, -suffix.length)) : undefined;
      return named && networkOf({ ...standing, backbone: named });
    },
    gate,
    with: (said) => networkOf({ ...standing, backbone: backbone.with(said), ...(said.head && { said: said.head }) }),
    head: built.detector ? { ...usualThresholds, ...thresholdsOf(standing.said), ...built.config } : built.config,
    ...(built.segmenter && { segmenter: built.segmenter }),
    ...(built.detector && { detector: built.detector }),
    unlikeTimm: `holds a network with ${words}, and timm has none: it cannot be written for timm.`,
  };
}

/** Of `detect`, whatever the detector. */
const usualThresholds = { scoreThreshold: 0.3, iouThreshold: 0.5 } as const;

function thresholdsOf({ scoreThreshold, iouThreshold }: Partial<HeadConfig> = {}): Partial<HeadConfig> {
  return {
    ...(scoreThreshold !== undefined && { scoreThreshold }),
    ...(iouThreshold !== undefined && { iouThreshold }),
  };
}

function layoutOf({ head, backbone, tensors, said = {} }: Standing): {
  readonly net: Blueprint;
  readonly built: Built;
} {
  const net = new Blueprint();
  backbone.build(net, stagesIn(tensors));
  return { net, built: head.build({ net, stages: new Stages(net), tensors, said }) };
}
