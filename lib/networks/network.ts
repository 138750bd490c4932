import type { Framework } from '../checkpoints/format.js';
import type { Detector } from '../detection/detector.js';
import type { GateConfig } from '../gate-config.js';
import type { HeadConfig } from '../head-config.js';
import type { PreprocessConfig } from '../preprocess-config.js';
import type { ClassifierConfig } from '../classifier-config.js';
import type { Shapes } from '../formats/tensor.js';
import type { Blueprint, OutputRole } from '../graph/blueprint.js';
import type { NodeId } from '../graph/graph.js';
import type { ClassifierParts } from './classifier.js';

/** What a network or a backbone is called. */
export interface Description {
  /** timm's name, as `ghostnetv2_100`. */
  readonly architecture: string;
  /** As errors say it, without an article: `GhostNet V1`. */
  readonly kind: string;
  /** 1 for GhostNet, 2 for GhostNetV2, 3 for GhostNetV3; other networks have none. */
  readonly version?: number | undefined;
  /** The channel multiplier of a published table; undefined for a network with blocks of its own. */
  readonly width?: number | undefined;
  /** What the tensors tell and no name says, a line each. */
  readonly layout?: readonly string[];
  /** What the tensors do not tell and is taken for granted unless a config.json names the network; a line as of `layout`. */
  readonly assumed?: string;
}

/** What is said of a network beside its tensors, which do not tell it. */
export interface Said extends Partial<ClassifierConfig> {
  /** Of all its attention. */
  readonly gate?: GateConfig;
  /** Of a detector's or a segmenter's head. */
  readonly head?: Partial<HeadConfig>;
}

/** How a segmenter's last map is brought to another size. */
export interface Segmenter {
  /** Whether the corners of both lie on each other, rather than their areas. */
  readonly alignCorners: boolean;
}

/** A network: what it is called and how it is computed. It holds no numbers. */
export interface Network extends Description {
  readonly numClasses: number;
  /** Which tensors it has, which outputs, and its graph. */
  readonly blueprint: Blueprint;
  /** The family's network of that name with as many classes; undefined for a name outside the family. */
  readonly named: (architecture: string) => Network | undefined;
  /** Of its attention, where it has some: what its tensors do not tell, and is assumed of whoever wrote them. */
  readonly gate: GateConfig;
  /** How its last map becomes logits; undefined for a network that ends with maps. */
  readonly classifier?: ClassifierParts;
  /**
   * The same network as somebody says it is.
   *
   * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE for what does not fit its tensors
   */
  readonly with: (said: Said) => Network;
  /** What it does with a picture beside having features. Default: it classifies, where it has classes. */
  readonly task?: 'segmentation' | 'detection';
  /** How inputs are made where its head comes from, unless somebody says otherwise. */
  readonly preprocess?: Partial<PreprocessConfig>;
  /** Of its head, where it has one: every setting that no tensor tells. */
  readonly head?: Partial<HeadConfig>;
  /** Of a segmenter: how its map becomes logits of another size. */
  readonly segmenter?: Segmenter;
  /** Of a detector: what its predictions mean. */
  readonly detector?: Detector;
  /** Why timm has no network for these tensors: a sentence about their file, without its name. */
  readonly unlikeTimm?: string;
}

/** What heads stand on: a network up to the last map that timm hands over as a feature. */
export interface Backbone extends Description {
  /**
   * Adds it to `net`: its features by default are the last map of each resolution, as timm's `feature_info` lists them.
   *
   * @param stages how many of them, from the first on. Default: up to the last such feature
   * @returns its last map
   */
  readonly build: (net: Blueprint, stages?: number) => NodeId;
  readonly named: (architecture: string) => Backbone | undefined;
  /** As of a {@link Network}. */
  readonly gate: GateConfig;
  readonly with: (said: Said) => Backbone;
}

/** A family's backbones. */
export interface Backbones {
  /** Whether tensors of these names may be one of them with a head. */
  readonly claims: (names: readonly string[]) => boolean;
  /**
   * The most similar one.
   *
   * @param headed the whole network with that backbone
   */
  readonly recognise: (tensors: Shapes, framework: Framework, headed: (backbone: Backbone) => Blueprint) => Backbone;
}

/** Networks that differ in numbers alone: a row of the registry. */
export interface Family {
  /** Which names of architectures are the family's, tags included. */
  readonly architectures: Pick<RegExp, 'test'>;
  /**
   * Of a network that has the family's tensors and means something else by them, as only its name tells: why it is not
   * computed here, and what to use. Continues its name.
   */
  readonly refused?: (architecture: string) => string | undefined;
  /** Whether tensors of these names may be one of its networks. */
  readonly claims: (names: readonly string[]) => boolean;
  /**
   * The network that is most similar to the tensors, as their names and shapes tell. Whether they are its tensors, all
   * of them and no others, is another question.
   */
  readonly recognise: (tensors: Shapes, framework: Framework) => Network;
  /** Where heads may stand on its networks. */
  readonly backbones?: Backbones;
  /**
   * A tensor that all of its networks have, by timm's name. Before it shows the prefix of a module in which one was
   * trained. Of a whole network it is the first convolution's weight.
   */
  readonly firstTensor: string;
  /** Of a head: the names of its tensors and the backbone's, as checkpoints have them. */
  readonly modules?: Pick<RegExp, 'test'>;
  /** The module that makes the logits, where there are some. */
  readonly classifier?: string;
  /** Which of its networks have outputs of a role that many have not, as errors recommend them. */
  readonly offers?: Partial<Record<OutputRole, string>>;
  /** timm's name of a tensor, where a checkpoint may have another. */
  readonly timmName?: (name: string, framework: Framework) => string;
}

/** The names of a network's outputs of one role, in the order in which they are computed. */
export function outputsFor({ blueprint }: Network, role: OutputRole): string[] {
  return blueprint.outputs.filter((output) => output.role === role).map(({ name }) => name);
}

/** Of them, those that are meant where nobody says which ones. */
export function defaultOutputs({ blueprint }: Network, role: OutputRole): string[] {
  return blueprint.outputs.filter((output) => output.role === role && output.byDefault).map(({ name }) => name);
}

/**
 * The outputs that a model is made for: what its head makes, or its logits, or else what would become them, or else its features. Others are
 * computed once they are asked for.
 */
export function mainOutputs(network: Network): string[] {
  const predictions = outputsFor(network, 'prediction');
  if (predictions.length > 0) return predictions;
  const [main] = [...outputsFor(network, 'logits'), ...outputsFor(network, 'embedding')];
  return main === undefined ? defaultOutputs(network, 'feature') : [main];
}
