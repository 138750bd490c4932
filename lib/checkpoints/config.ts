import { areGiven, classNames, expectedClassNames } from './class-names.js';
import { GhostNetError } from '../errors.js';
import type { ClassActivation } from '../class-activation.js';
import { areClassColors, expectedClassColors, type ClassColor } from '../class-color.js';
import { gateRules, gateSettings, type GateConfig } from '../gate-config.js';
import { classifierRules, type ClassifierConfig } from '../classifier-config.js';
import { headRules, headSettings, ratesOf, type HeadConfig } from '../head-config.js';
import { inputRuleNames, inputRules } from '../input-rules.js';
import { maxPreprocessedSide, oneOf, preprocessRules, type PreprocessConfig, type Rule } from '../preprocess-config.js';
import { tooLarge } from '../input-limits.js';
import { readWholeFile, Unread } from '../formats/read-file.js';
import { decodedText } from '../formats/text.js';
import { shapeText } from '../messages/quoted.js';
import { readEither, Section } from './section.js';
import { isSmp, smpActivation, smpInterpolation, smpNormEps } from './smp-config.js';
import { isRecord, isSize } from './untyped-values.js';
import { fileError } from '../formats/faults.js';

/** What the `config.json` beside a model's weights says; whatever it does not say is absent. */
export interface HubConfig {
  /** timm's name, as `ghostnetv2_100`. */
  readonly architecture?: string;
  /** transformers' name of a kind of networks, as `vit`. */
  readonly modelType?: string;
  /** One readable label per class, in the order of the logits. */
  readonly labels?: readonly string[];
  /** Of each class; timm has no such key. */
  readonly colors?: readonly ClassColor[];
  /** What classes' logits become, as transformers' `problem_type` says it. */
  readonly activation?: ClassActivation;
  /** timm's name of the pooling before the classifier. */
  readonly globalPool?: string;
  /** Between the layers of a classifier of several; timm has no such key. */
  readonly classifierActivation?: ClassifierConfig['classifierActivation'];
  /** Pixels of the input from one element of the backbone's last map to the next: 32, unless its last stages are dilated. */
  readonly outputStride?: number;
  readonly preprocess: Partial<PreprocessConfig>;
  /** Of the network's attention; timm has no such key. */
  readonly gate?: Partial<GateConfig>;
  /** Of a detector's or a segmenter's head; timm has no such keys. */
  readonly head?: Partial<HeadConfig>;
}

/**
 * Reads the `config.json` that timm or transformers push to the Hugging Face hub; undefined if there is no such file.
 * A byte order mark is passed over.
 */
export async function readHubConfig(file: string): Promise<HubConfig | undefined> {
  const config = await readJson(file);
  return config && parseHubConfig(config.value, file);
}

/** Of a file that lies beside weights; undefined if there is none. */
export async function readJson(file: string): Promise<{ readonly value: unknown } | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new GhostNetError(
      'ERR_GHOST_CHECKPOINT',
      `${file} is not valid JSON, which has no comments. Repair or remove it.`,
      { cause },
    );
  }
}

/** A thousand classes with their descriptions have a tenth of a megabyte. */
export const maxConfigBytes = 4 * 2 ** 20;

async function readText(file: string): Promise<string | undefined> {
  try {
    return decodedText(await readWholeFile(file, maxConfigBytes));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (cause instanceof Unread)
      throw new GhostNetError(
        cause.isTooLarge ? 'ERR_GHOST_CHECKPOINT' : 'ERR_GHOST_FILE',
        `${file} ${cause.message}. Repair or remove it.`,
        { cause },
      );
    throw fileError(file, cause);
  }
}

/**
 * Checks and translates timm's keys and transformers'; `file` is for messages. Old files have `pretrained_cfg`'s keys at
 * top level. A file without `architecture` and `pretrained_cfg` is somebody else's: keys of these names may mean
 * anything there, and what is not of timm's form counts as absent.
 */
export function parseHubConfig(config: unknown, file: string): HubConfig {
  const isTimms = isRecord(config) && (isString(config['architecture']) || isRecord(config['pretrained_cfg']));
  const top = new Section(config, file, isTimms);
  const pretrained = top.section('pretrained_cfg') ?? top;
  return withoutUndefined({
    architecture: top.read('architecture', isString, 'a string'),
    modelType: top.any('model_type', isString),
    labels: readLabels(top, pretrained),
    colors: readEither('colors', areClassColors, expectedClassColors, top, pretrained),
    activation: readActivation(top),
    // As timm builds it: what the network was made with comes first.
    globalPool: [top.section('model_args'), pretrained, top]
      .map((section) => section?.any('global_pool', isString))
      .find((name) => name !== undefined),
    classifierActivation: top.read(
      'classifier_activation',
      classifierRules.classifierActivation.accepts,
      classifierRules.classifierActivation.expected,
    ),
    outputStride: readOutputStride(top.section('model_args'), pretrained, top),
    preprocess: { ...readInputRule(top, pretrained), ...readPreprocess(pretrained) },
    gate: readGate(top.section('gate')),
    head: readHead(top, pretrained),
  });
}

function readLabels(top: Section, pretrained: Section): string[] | undefined {
  const numClasses = readEither('num_classes', isSize, 'a whole number', top, pretrained);
  const texts = readEither('label_descriptions', isTexts, 'an object of strings', top, pretrained);
  const timms = readEither('label_names', isClassNames, expectedClassNames, top, pretrained);
  // Transformers' and timm's old key, which others have for something else.
  const found = [
    ['label_names', timms] as const,
    ...(['id2label', 'labels', 'label2id'] as const).map(
      (key) => [key, top.any(key, isClassNames) ?? pretrained.any(key, isClassNames)] as const,
    ),
  ].find(([, names]) => names !== undefined);
  const labels = classNames(found?.[1]);
  if (!found || !labels || !areGiven(labels)) return undefined;
  if (numClasses && labels.length !== numClasses)
    throw top.fault(found[0], `has ${labels.length} names for ${numClasses} classes`);
  return labels.map((name) => (texts && Object.hasOwn(texts, name) ? texts[name]! : name));
}

/** Of one label a picture nothing follows: that is what is meant anyway. */
function readActivation(top: Section): ClassActivation | undefined {
  const problemType = top.any('problem_type', isString);
  if (problemType === 'multi_label_classification') return 'sigmoid';
  if (problemType === 'regression') return 'none';
  return isSmp(top) ? smpActivation(top) : undefined;
}

/** timm's argument, and as segmentation_models_pytorch hands it on. */
function readOutputStride(...sections: (Section | undefined)[]): number | undefined {
  return sections
    .flatMap((section) => ['output_stride', 'encoder_output_stride'].map((key) => section?.any(key, isSize)))
    .find((stride) => stride !== undefined);
}

function readPreprocess(section: Section): Partial<PreprocessConfig> {
  const { interpolation, cropPct, cropMode, mean, std } = preprocessRules;
  const size = section.read(
    'input_size',
    isImageSize,
    `three whole numbers [channels, height, width] above 0, the sides at most ${maxPreprocessedSide}`,
  );
  const large = size && tooLarge(...size);
  if (large) throw section.fault('input_size', `${shapeText(size)} ${large}`);
  return withoutUndefined({
    inputSize: size && ([size[1], size[2]] as const),
    interpolation: section.read('interpolation', interpolation.accepts, interpolation.expected),
    cropPct: section.read('crop_pct', cropPct.accepts, cropPct.expected),
    cropMode: section.read('crop_mode', cropMode.accepts, cropMode.expected),
    mean: section.read('mean', mean.accepts, mean.expected),
    std: section.read('std', std.accepts, std.expected),
  });
}

/** What timm has no keys for: of a whole framework, and setting by setting, which count more. */
function readInputRule(...sections: Section[]): Partial<PreprocessConfig> {
  const { resize, rounding, pad, padValue, padMultiple, antialias, channelOrder } = preprocessRules;
  const either = <T>(key: string, { accepts, expected }: Rule<T>): T | undefined =>
    readEither(key, accepts, expected, ...sections);
  const name = either('input_rule', oneOf(inputRuleNames));
  return {
    ...(name && inputRules[name]),
    ...withoutUndefined({
      resize: either('resize', resize),
      rounding: either('rounding', rounding),
      pad: either('pad', pad),
      padValue: either('pad_value', padValue),
      padMultiple: either('pad_multiple', padMultiple),
      antialias: either('antialias', antialias),
      channelOrder: either('channel_order', channelOrder),
    }),
  };
}

function readGate(section: Section | undefined): Partial<GateConfig> | undefined {
  if (!section) return undefined;
  section.only(gateSettings);
  const { activation, pooling, upsampling } = gateRules;
  return withoutUndefined({
    activation: section.read('activation', activation.accepts, activation.expected),
    pooling: section.read('pooling', pooling.accepts, pooling.expected),
    upsampling: section.read('upsampling', upsampling.accepts, upsampling.expected),
  });
}

/** Each by its name in snake case. `dilations` are mmsegmentation's, the first of which is the convolution that is not dilated. */
function readHead(top: Section, pretrained: Section): Partial<HeadConfig> | undefined {
  const read = <T>(key: string, { accepts, expected }: Rule<T>): T | undefined =>
    readEither(key, accepts, expected, top, pretrained);
  const dilations = read('dilations', headRules.atrousRates);
  const own = headSettings.map((setting) => [
    setting,
    read<unknown>(setting.replace(/[A-Z]/g, '_$&').toLowerCase(), headRules[setting]),
  ]);
  const head: Partial<HeadConfig> = withoutUndefined({
    atrousRates: ratesOf(dilations),
    upsampling: smpInterpolation(top),
    normEps: isSmp(top) ? smpNormEps(top) : undefined,
    ...withoutUndefined(Object.fromEntries(own) as object),
  });
  return Object.keys(head).length === 0 ? undefined : head;
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isClassNames(value: unknown): value is object {
  return classNames(value) !== undefined;
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every(isString);
}

function isImageSize(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && isSize(value[0]) && value[0] >= 1 && preprocessRules.inputSize.accepts(value.slice(1));
}
