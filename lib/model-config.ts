import type { Checkpoint } from './checkpoints/index.js';
import { activationFor, type ClassActivation } from './class-activation.js';
import type { ClassColor } from './class-color.js';
import {
  contradiction,
  defaultPreprocessConfig,
  forChannels,
  preprocessSettings,
  relatedSettings,
  type PreprocessConfig,
} from './preprocess-config.js';
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
  /**
   * One per class: those that were said, or of the config.json, of the checkpoint itself, of a `labels.txt` or `classes.txt`
   * beside it, or those that a published model is known to have; else `class 0`, `class 1`, …
   */
  readonly labels: readonly string[];
  /** One per class, where the config.json or the checkpoint itself says them; the others' follow from the class's index. */
  readonly colors?: readonly ClassColor[];
  readonly preprocess: PreprocessConfig;
  /** What the logits become where `classify` is not told otherwise: a transformers config's `problem_type` may say it. */
  readonly activation: ClassActivation;
}

/** What somebody says of a model beside its files: it counts more than they do. */
export interface SaidConfig {
  readonly labels?: readonly string[] | undefined;
  readonly preprocess?: Partial<PreprocessConfig>;
}

/**
 * Who says something of a model: the option of `load`, the `config.json` or the `preprocessor_config.json` beside the weights, the
 * checkpoint itself, the `labels.txt` or `classes.txt` beside it, the list of published models, the network's shapes, or nobody.
 */
export type Origin =
  | 'option'
  | 'config'
  | 'preprocessor_config.json'
  | 'checkpoint'
  | 'labels.txt'
  | 'classes.txt'
  | 'published'
  | 'network'
  | 'assumed';

/** Who says what the classes are called, which colours they have, what their logits become, and how a picture becomes an input. */
export interface ConfigOrigins {
  readonly labels: Origin;
  readonly colors: Origin;
  readonly activation: Origin;
  readonly preprocess: { readonly [K in keyof PreprocessConfig]: Origin };
}

/** What is known of a model, and who says so. */
export interface KnownConfig {
  readonly config: ModelConfig;
  readonly origins: ConfigOrigins;
}

/**
 * What somebody says, what a checkpoint's own config.json says, and for the rest what is known otherwise.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT or ERR_GHOST_ARCHITECTURE where the config.json does not fit the weights
 *   or contradicts itself; ERR_GHOST_ARGUMENT for another count of labels than there are classes
 */
export function modelConfig(
  network: Network,
  checkpoint: Checkpoint,
  published: PublishedModel | undefined,
  said: SaidConfig = {},
): KnownConfig {
  const { version, width, layout = [], assumed, numClasses } = network;
  const { config, processor, own } = checkpoint;
  checkArchitecture(network, checkpoint);
  checkOutputStride(checkpoint);
  const isNamed = config?.architecture !== undefined && network.named(config.architecture) !== undefined;
  const labels = knownLabels(checkpoint, numClasses, published, said) ?? {
    labels: Array.from({ length: numClasses }, (_, index) => `class ${index}`),
    from: 'assumed',
  };
  const colors = knownColors(checkpoint, numClasses);
  checkProcessor(checkpoint, said);
  const preprocess = knownPreprocess(network.blueprint, [
    ['option', said.preprocess],
    ['config', config?.preprocess],
    ['preprocessor_config.json', processor?.preprocess],
    ['checkpoint', own?.preprocess],
    ['network', network.blueprint.inputSize && { inputSize: network.blueprint.inputSize }],
    ['published', published?.preprocess],
    ['assumed', assumedOf(network, { ...processor?.preprocess, ...config?.preprocess, ...said.preprocess })],
    ['assumed', defaultPreprocessConfig],
  ]);
  checkTogether(preprocess, checkpoint.file);
  return {
    config: {
      architecture: config?.architecture ?? network.architecture,
      version,
      width,
      layout: assumed === undefined || isNamed ? layout : [...layout, assumed],
      numClasses,
      labels: labels.labels,
      ...(colors && { colors: colors.colors }),
      preprocess: preprocess.config,
      activation: config?.activation ?? activationFor(numClasses),
    },
    origins: {
      labels: labels.from,
      colors: colors?.from ?? 'assumed',
      activation: config?.activation ? 'config' : 'assumed',
      preprocess: preprocess.origins,
    },
  };
}

function checkArchitecture(network: Network, { config, tensors, file }: Checkpoint): void {
  const source = 'the config.json beside it';
  if (config?.architecture !== undefined) {
    const advice = 'Correct or remove "architecture" there.';
    checkClaim({ name: config.architecture, source, advice }, network, tensors, file);
  }
  if (config?.modelType !== undefined) {
    const advice = 'Correct or remove "model_type" there.';
    checkClaim({ name: config.modelType, source, advice }, network, tensors, file);
  }
}

/** The tensors are the same whatever it is. */
function checkOutputStride({ config, own, file }: Checkpoint): void {
  const [stride, source] =
    config?.outputStride === undefined ? [own?.outputStride, 'it'] : [config.outputStride, 'the config.json beside it'];
  if (stride === undefined || stride === usualOutputStride) return;
  const message = `${file} cannot be used: ${source} says an output stride of ${stride}, for which the last stages of the backbone are dilated. That is not computed here: train with ${usualOutputStride}, or correct it there if it is not so.`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}

/** Of every backbone as timm makes it where nothing else is asked of it. */
const usualOutputStride = 32;

/** Of settings that a processor has and that are not computed here, somebody else must say each. */
function checkProcessor({ config, processor, file }: Checkpoint, said: SaidConfig): void {
  for (const setting of preprocessSettings) {
    const fault = processor?.faults[setting];
    if (fault === undefined || said.preprocess?.[setting] !== undefined || config?.preprocess[setting] !== undefined)
      continue;
    const message = `${file} cannot be used as the preprocessor_config.json beside it says: ${fault}. Say ${setting} in the option preprocess, or correct that file.`;
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
}

/**
 * How the framework that a head comes from makes inputs. Where somebody says how the picture is resized or resampled in timm's way,
 * or in any other, the framework's own way is not what is meant.
 */
function assumedOf({ preprocess }: Network, said: Partial<PreprocessConfig>): Partial<PreprocessConfig> | undefined {
  if (!preprocess) return undefined;
  const isCropped = said.cropPct !== undefined || said.cropMode !== undefined;
  const isResampled = isCropped || said.interpolation !== undefined || said.antialias !== undefined;
  const { resize, rounding, pad, padValue, padMultiple, interpolation, antialias, ...rest } = preprocess;
  return {
    ...rest,
    ...(!isCropped && definedOf({ resize, rounding, pad, padValue, padMultiple })),
    ...(!isResampled && definedOf({ interpolation, antialias })),
  };
}

function definedOf(values: object): Partial<PreprocessConfig> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

type SaidPreprocess = readonly [from: Origin, said: Partial<PreprocessConfig> | undefined];

/**
 * Of each setting what the first says who says anything; the last says all. Weights know how many channels there are,
 * and many a config.json does not.
 */
function knownPreprocess({ imageChannels }: Blueprint, said: readonly SaidPreprocess[]): KnownPreprocess {
  const config = said.reduceRight<Partial<PreprocessConfig>>((all, [, some]) => ({ ...all, ...some }), {});
  const origins = preprocessSettings.map((key) => [key, said.find(([, some]) => some?.[key] !== undefined)![0]]);
  const { mean, std, ...rest } = config as PreprocessConfig;
  return {
    config: { ...rest, mean: forChannels(mean, imageChannels), std: forChannels(std, imageChannels) },
    origins: Object.fromEntries(origins) as ConfigOrigins['preprocess'],
  };
}

type KnownPreprocess = { readonly config: PreprocessConfig; readonly origins: ConfigOrigins['preprocess'] };

function checkTogether({ config, origins }: KnownPreprocess, file: string): void {
  const fault = contradiction(config);
  if (!fault) return;
  if (relatedSettings.some((setting) => origins[setting] === 'option'))
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `preprocess: ${fault}.`);
  const message = `${file} cannot be used as the files beside it say: ${fault}. Correct them, or say it in the option preprocess.`;
  throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
}

/**
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT where the network takes no input of the size that its config.json gives, or
 *   of the one that is meant where there is none; ERR_GHOST_ARGUMENT for one that was said
 */
export function checkOwnSize({ config: { preprocess }, origins }: KnownConfig, graph: Graph, file: string): void {
  try {
    inferShapes(graph, preprocess.inputSize);
  } catch (cause) {
    const from = origins.preprocess.inputSize;
    const size = preprocess.inputSize.join('x');
    const where =
      from === 'config'
        ? 'the input_size of the config.json beside it'
        : from === 'preprocessor_config.json'
          ? `the size ${size} of the preprocessor_config.json beside it`
          : from === 'option'
            ? `the inputSize ${size} of the option preprocess`
            : `${size}, and no config.json beside it has another "input_size"`;
    const message = `${file} cannot be used at ${where}. ${(cause as Error).message}`;
    throw new GhostNetError(from === 'option' ? 'ERR_GHOST_ARGUMENT' : 'ERR_GHOST_CHECKPOINT', message, { cause });
  }
}

/** @throws {GhostNetError} ERR_GHOST_CHECKPOINT where the config.json has another count of them than there are classes */
function knownColors(
  { config, own, file }: Checkpoint,
  numClasses: number,
): { readonly colors: readonly ClassColor[]; readonly from: Origin } | undefined {
  if (config?.colors) {
    if (config.colors.length === numClasses) return { colors: config.colors, from: 'config' };
    const message = `${file} has ${numClasses} classes, but the config.json beside it has ${config.colors.length} colors.`;
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
  return own?.colors?.length === numClasses ? { colors: own.colors, from: 'checkpoint' } : undefined;
}

/**
 * The words of the classes, where somebody says them, the checkpoint has them or its publisher is known to mean them.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT or ERR_GHOST_CHECKPOINT for another count of them than there are classes, where
 *   they are meant for this network
 */
export function knownLabels(
  { config, file, classNames, labelsFiles }: Checkpoint,
  numClasses: number,
  published: PublishedModel | undefined,
  said: SaidConfig = {},
): { readonly labels: readonly string[]; readonly from: Origin } | undefined {
  const has = `${file} has ${numClasses} class${numClasses === 1 ? '' : 'es'}`;
  if (said.labels) {
    if (said.labels.length === numClasses) return { labels: said.labels, from: 'option' };
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `labels should be as many as there are classes: ${has}, and ${said.labels.length} were given.`,
    );
  }
  if (config?.labels) {
    if (config.labels.length === numClasses) return { labels: config.labels, from: 'config' };
    const message = `${has}, but the config.json beside it has ${config.labels.length} labels.`;
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
  const fits = (labels: readonly string[] | undefined): labels is readonly string[] => labels?.length === numClasses;
  const own = classNames.find(fits);
  if (own) return { labels: own, from: 'checkpoint' };
  const beside = labelsFiles.find(({ labels }) => fits(labels));
  if (beside) return { labels: beside.labels, from: beside.name };
  const labels = published && publishedLabels(published);
  return fits(labels) ? { labels, from: 'published' } : undefined;
}
