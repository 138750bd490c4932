import type { Checkpoint } from './checkpoints/index.js';
import { defaultPreprocessConfig, forChannels, type PreprocessConfig } from './preprocess-config.js';
import { GhostNetError } from './errors.js';
import type { Blueprint } from './graph/blueprint.js';
import type { Graph } from './graph/graph.js';
import { publishedLabels, type PublishedModel } from './hub/published.js';
import { checkClaim } from './networks/claim.js';
import type { Network } from './networks/network.js';
import { inferShapes } from './graph/shapes.js';

/** What the checkpoint says about the network. */
export interface ModelConfig {
  /** timm's name, as `ghostnetv2_100`. */
  readonly architecture: string;
  /** 1 for GhostNet, 2 for GhostNetV2, 3 for GhostNetV3; undefined for a network of another family. */
  readonly version: number | undefined;
  /** The channel multiplier; undefined for a network with blocks of its own, of no published table. */
  readonly width: number | undefined;
  /**
   * What the tensors tell and no name says, a line each: of blocks of a network's own, of batch norms that are folded;
   * and what was assumed of a network that no config.json names. None for a published GhostNet as it was trained.
   */
  readonly layout: readonly string[];
  readonly numClasses: number;
  /** One per class: the checkpoint's, or those that a published model is known to have; else `class 0`, `class 1`, … */
  readonly labels: readonly string[];
  readonly preprocess: PreprocessConfig;
}

/**
 * What a checkpoint's own config.json says, and for the rest what is known otherwise.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT or ERR_GHOST_ARCHITECTURE where the config.json does not fit the weights
 */
export function modelConfig(
  network: Network,
  checkpoint: Checkpoint,
  published: PublishedModel | undefined,
): ModelConfig {
  const { version, width, layout = [], assumed, numClasses, blueprint } = network;
  const { config, file } = checkpoint;
  if (config?.labels && config.labels.length !== numClasses) {
    const message = `${file} has ${numClasses} classes, but the config.json beside it has ${config.labels.length} labels.`;
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
  if (config?.architecture !== undefined) {
    const source = { source: 'the config.json beside it', advice: 'Correct or remove "architecture" there.' };
    checkClaim({ name: config.architecture, ...source }, network, checkpoint.tensors, file);
  }
  const isNamed = config?.architecture !== undefined && network.named(config.architecture) !== undefined;
  return {
    architecture: config?.architecture ?? network.architecture,
    version,
    width,
    layout: assumed === undefined || isNamed ? layout : [...layout, assumed],
    numClasses,
    labels:
      knownLabels(checkpoint, numClasses, published) ??
      Array.from({ length: numClasses }, (_, index) => `class ${index}`),
    preprocess: preprocessFor(blueprint, {
      ...(published?.preprocess ?? defaultPreprocessConfig),
      ...(blueprint.inputSize && { inputSize: blueprint.inputSize }),
      ...config?.preprocess,
    }),
  };
}

/** Weights know how many channels there are, and many a config.json does not. */
function preprocessFor({ imageChannels }: Blueprint, config: PreprocessConfig): PreprocessConfig {
  const [mean, std] = [config.mean, config.std].map((values) => forChannels(values, imageChannels));
  return { ...config, mean: mean!, std: std! };
}

/**
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT where the network takes no input of the size that its config.json gives, or
 *   of the one that is meant where there is none
 */
export function checkOwnSize({ preprocess }: ModelConfig, graph: Graph, { file, config }: Checkpoint): void {
  try {
    inferShapes(graph, preprocess.inputSize);
  } catch (cause) {
    const where = config?.preprocess.inputSize
      ? 'the input_size of the config.json beside it'
      : `${preprocess.inputSize.join('x')}, and no config.json beside it has another "input_size"`;
    const message = `${file} cannot be used at ${where}. ${(cause as Error).message}`;
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', message, { cause });
  }
}

/** The words of the classes, where the checkpoint has them or its publisher is known to mean them. */
export function knownLabels(
  { config }: Checkpoint,
  numClasses: number,
  published: PublishedModel | undefined,
): readonly string[] | undefined {
  if (config?.labels) return config.labels;
  const labels = published && publishedLabels(published);
  return labels?.length === numClasses ? labels : undefined;
}
