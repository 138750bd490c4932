import { GhostNetError } from '../errors.js';
import { gateRules, gateSettings, type GateConfig } from '../gate-config.js';
import { maxPreprocessedSide, preprocessRules, type PreprocessConfig } from '../preprocess-config.js';
import { tooLarge } from '../input-limits.js';
import { readWholeFile, Unread } from '../formats/read-file.js';
import { plain, quoted, shapeText } from '../messages/quoted.js';
import { isRecord, isSize } from './untyped-values.js';
import { fileError } from '../formats/faults.js';

/** What the `config.json` beside a model's weights says; whatever it does not say is absent. */
export interface HubConfig {
  /** timm's name, as `ghostnetv2_100`. */
  readonly architecture?: string;
  /** One readable label per class, in the order of the logits. */
  readonly labels?: readonly string[];
  readonly preprocess: Partial<PreprocessConfig>;
  /** Of the network's attention; timm has no such key. */
  readonly gate?: Partial<GateConfig>;
}

/** Reads the `config.json` that timm pushes to the Hugging Face hub; undefined if there is no such file. */
export async function readHubConfig(file: string): Promise<HubConfig | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', `${file} is not valid JSON. Repair or remove it.`, { cause });
  }
  return parseHubConfig(config, file);
}

/** A thousand classes with their descriptions have a tenth of a megabyte. */
export const maxConfigBytes = 4 * 2 ** 20;

async function readText(file: string): Promise<string | undefined> {
  try {
    return (await readWholeFile(file, maxConfigBytes)).toString('utf8');
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

/** Checks and translates timm's keys; `file` is for messages. Old files have `pretrained_cfg`'s keys at top level. */
export function parseHubConfig(config: unknown, file: string): HubConfig {
  const top = new Section(config, file);
  const pretrained = top.section('pretrained_cfg') ?? top;
  const numClasses = readEither('num_classes', isSize, 'a whole number', top, pretrained);
  return withoutUndefined({
    architecture: top.read('architecture', isString, 'a string'),
    labels: readLabels(top, pretrained, numClasses),
    preprocess: readPreprocess(pretrained),
    gate: readGate(top.section('gate')),
  });
}

function readLabels(top: Section, pretrained: Section, numClasses: number | undefined): string[] | undefined {
  const names = readEither('label_names', isStrings, 'an array of strings', top, pretrained);
  const texts = readEither('label_descriptions', isTexts, 'an object of strings', top, pretrained);
  if (names && numClasses && names.length !== numClasses) {
    throw top.fault('label_names', `has ${names.length} names for ${numClasses} classes`);
  }
  return names?.map((name) => (texts && Object.hasOwn(texts, name) ? texts[name]! : name));
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

type Check<T> = (value: unknown) => value is T;

/** A JSON object of the file. A key whose value is null counts as absent, as it does in timm. */
class Section {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly file: string,
    private readonly path = '',
  ) {
    if (!isRecord(value)) {
      throw new GhostNetError('ERR_GHOST_CHECKPOINT', `${file} should hold a JSON object. Repair or remove it.`);
    }
    this.values = value;
  }

  section(key: string): Section | undefined {
    const value = this.read(key, isRecord, 'an object');
    return value && new Section(value, this.file, `${this.path}${key}.`);
  }

  read<T>(key: string, check: Check<T>, expected: string): T | undefined {
    const value = Object.hasOwn(this.values, key) ? this.values[key] : undefined;
    if (value === undefined || value === null) return undefined;
    if (!check(value)) throw this.fault(key, `should be ${expected} and is ${quoted(JSON.stringify(value))}`);
    return value;
  }

  /** Of a section that is ours: a key that means nothing would be taken for one that does. */
  only(known: readonly string[]): void {
    const unknown = Object.keys(this.values).find((key) => !known.includes(key));
    if (unknown !== undefined) throw this.fault(plain(unknown), `is no setting; there are ${known.join(', ')}`);
  }

  fault(key: string, fault: string): GhostNetError {
    const message = `${this.file}: ${this.path}${key} ${fault}. Correct or remove it.`;
    return new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
}

function readEither<T>(key: string, check: Check<T>, expected: string, ...sections: Section[]): T | undefined {
  return sections.map((section) => section.read(key, check, expected)).find((value) => value !== undefined);
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every(isString);
}

function isImageSize(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && isSize(value[0]) && value[0] >= 1 && preprocessRules.inputSize.accepts(value.slice(1));
}
