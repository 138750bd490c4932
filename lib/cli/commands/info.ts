import { Command } from 'commander';
import { gateSettings, type GateInfo } from '../../gate-config.js';
import type { ClassifierInfo } from '../../classifier-config.js';
import type { HeadInfo } from '../../head-config.js';
import type { ConfigOrigins, ModelConfig, Origin } from '../../model-config.js';
import type { ModelInfo } from '../../model-info.js';
import type { GhostNet } from '../../model.js';
import { cpu } from '../../native/native.js';
import { loadModel, type ModelOptions } from '../load.js';
import { jsonOption, modelOptions, withOptions } from '../options.js';
import { labelsOption, preprocessOptions } from '../preprocess-options.js';
import { classesText, megabytes, platform, print, printJson } from '../output/print.js';
import { settingText } from '../output/setting-text.js';
import { shortened } from '../../messages/quoted.js';
import { counts, pictureChannels, preprocessSettings, type PreprocessConfig } from '../../preprocess-config.js';
import type { ModelTask } from '../../tasks/task.js';
import { version } from '../version.js';

interface Options extends ModelOptions {
  plan?: boolean;
  json?: boolean;
}

export function infoCommand(): Command {
  return withOptions(
    new Command('info')
      .description('Prints what runs here: version, CPU, kernels, threads, the network and its preprocessing.')
      .option('--plan', 'print the steps of the plan, each measured on all threads')
      .addOption(jsonOption())
      .action(info),
    [...modelOptions(), labelsOption(), ...preprocessOptions()],
  );
}

async function info(options: Options): Promise<void> {
  const model = await loadModel(options);
  try {
    if (options.json) printJson(factsOf(model, options));
    else {
      printFacts(model);
      if (options.plan) printPlan(model);
    }
  } finally {
    await model.dispose();
  }
}

function factsOf(model: GhostNet, options: Options): object {
  const { labels, ...config } = model.config;
  const plan = options.plan ? { plan: model.plan(model.config.preprocess.inputSize, planRuns) } : {};
  return {
    ghostnet: version,
    node: process.version,
    platform: platform(),
    task: model.task,
    ...model.info,
    ...config,
    version: config.version ?? null,
    width: config.width ?? null,
    gate: model.info.gate ?? null,
    classifier: model.info.classifier ?? null,
    head: model.info.head ?? null,
    labels: labels.length,
    // It is enough whose they are.
    colors: undefined,
    ...plan,
  };
}

function printFacts({ config, info, task }: GhostNet): void {
  const { inputSize, mean, std } = config.preprocess;
  const facts: [string, string][] = [
    ['ghostnet', `${version}, Node ${process.version}, ${platform()}`],
    ['CPU', info.cpu],
    ['kernels', `${info.isa} (of ${[...new Set([info.isa, ...cpu().isas])].join(', ')})`],
    [
      'threads',
      info.activeThreads === info.threads
        ? String(info.threads)
        : `${info.threads}, of which ${info.activeThreads} have a core`,
    ],
    ['model', `${config.architecture}, ${classesText(config.numClasses)}, ${info.precision}`],
    ...config.layout.map((line): [string, string] => ['', line]),
    ...(info.gate ? [['gate', gateText(info.gate)] satisfies [string, string]] : []),
    ...(info.classifier ? [['classifier', classifierText(info.classifier)] satisfies [string, string]] : []),
    ['task', task],
    ...headLines(info.head),
    ...(config.numClasses > 0 ? classesFacts(config, info.origins, task) : []),
    ['file', `${info.file}, ${megabytes(info.fileBytes)}`],
    ...partLines(info),
    ['parameters', `${parametersText(info)}, ${megabytes(info.weightBytes)} in memory`],
    ['MACs', `${(info.macs / 1e6).toFixed(1)} million at ${inputSize.join('x')}`],
  ];
  if (pictureChannels.includes(mean.length)) {
    facts.push(['input', inputText(config.preprocess)]);
    facts.push(['normalised', `mean ${mean.join(', ')}; std ${std.join(', ')}`]);
    facts.push(['', originsText(config.preprocess, info.origins)]);
  } else facts.push(['input', `tensors of ${mean.length} channels`]);
  const { unknownNames } = info;
  if (unknownNames.length > 0) facts.push(['unknown', `${unknownNames.join(', ')}: named in the file, never run`]);
  for (const [name, value] of facts) print(`${name.padEnd(11)} ${value}`);
}

/** Which network of the file it is, where that is not plain, and what else is in it. */
function partLines({ part, parts, leftOut }: ModelInfo): [string, string][] {
  const others = parts.filter(({ name }) => name !== part);
  const isPlain = part === '.' && others.length === 0;
  return [
    ...(isPlain ? [] : [['part', part] satisfies [string, string]]),
    ...others.map(({ name, architecture, numClasses }): [string, string] => [
      '',
      `not chosen: ${name}, ${architecture}, ${classesText(numClasses)}; --part ${name}`,
    ]),
    ...(leftOut.length > 0 ? [['left out', leftOut.join(', ')] satisfies [string, string]] : []),
  ];
}

function classesFacts(
  config: ModelConfig,
  { labels, colors, activation }: ConfigOrigins,
  task: ModelTask,
): [string, string][] {
  // Heads have activations of their own.
  const isClassifier = task === 'classification';
  return [
    ['labels', labelsText(config, labels)],
    ...(config.colors ? [['', `with colours (${whose[colors]})`] satisfies [string, string]] : []),
    ...(isClassifier
      ? [['', `activation ${config.activation} (${whose[activation]})`] satisfies [string, string]]
      : []),
  ];
}

/** A setting on each line, and who says it. */
function headLines(head: HeadInfo = {}): [string, string][] {
  return Object.entries(head).map(([setting, { value, from }], i) => [
    i === 0 ? 'head' : '',
    `${setting} ${settingText(value)} (${whose[from]})`,
  ]);
}

const whose: Readonly<Record<Origin, string>> = {
  option: 'option',
  config: 'config.json',
  'preprocessor_config.json': 'preprocessor_config.json',
  checkpoint: 'the checkpoint',
  'labels.txt': 'labels.txt',
  'classes.txt': 'classes.txt',
  published: 'the published model',
  network: 'the tensors',
  assumed: 'assumed',
};

/** `tench; goldfish; … (config.json)`, since a name may have commas. */
function labelsText({ labels }: ModelConfig, from: Origin): string {
  if (from === 'assumed') return 'none given';
  return `${shortened(labels.slice(0, 3).join('; '), 60)}${labels.length > 3 ? '; …' : ''} (${whose[from]})`;
}

/** `224x224, bicubic, center crop of 0.875` */
function inputText(config: PreprocessConfig): string {
  const { inputSize, interpolation, antialias, mean, channelOrder } = config;
  const size = inputSize.join('x');
  const order = channelOrder === 'bgr' ? ['BGR'] : [];
  const colours = mean.length === 1 ? ['grey'] : order;
  const filter = antialias || interpolation !== 'bilinear' ? interpolation : `${interpolation} without antialiasing`;
  return [...colours, size, filter, resizeText(config)].join(', ');
}

function resizeText({ resize, cropMode, cropPct, rounding, pad, padValue, padMultiple }: PreprocessConfig): string {
  if (resize === 'crop') return `${cropMode} crop of ${cropPct}`;
  if (resize === 'stretch') return 'stretched';
  if (resize === 'shorter') return 'of the shorter side';
  const sides = padMultiple === 0 ? 'whole' : `of sides that are multiples of ${padMultiple}`;
  return `fitted (sides rounded ${rounding}), ${pad} of an input ${sides}, padded with ${padValue}`;
}

/** `inputSize, cropPct (config.json); mean, std (assumed)`, of the settings that count. */
function originsText(config: PreprocessConfig, { preprocess }: ConfigOrigins): string {
  const settings = preprocessSettings
    .filter((setting) => counts(setting, config))
    .map((setting) => [setting, preprocess[setting]] as const);
  return [...new Set(settings.map(([, from]) => from))]
    .map((from) => `${settings.flatMap(([name, by]) => (by === from ? [name] : [])).join(', ')} (${whose[from]})`)
    .join('; ');
}

function gateText(gate: GateInfo): string {
  return gateSettings.map((setting) => `${setting} ${gate[setting].value} (${whose[gate[setting].from]})`).join(', ');
}

function classifierText({ globalPool, classifierActivation }: ClassifierInfo): string {
  const pool = `global pool ${globalPool.value} (${whose[globalPool.from]})`;
  if (!classifierActivation) return pool;
  return `${pool}, classifier activation ${classifierActivation.value} (${whose[classifierActivation.from]})`;
}

function parametersText({ parameters, trainedParameters }: ModelInfo): string {
  const [run, trained] = [parameters, trainedParameters].map((count) => `${(count / 1e6).toFixed(2)} million`);
  return parameters === trainedParameters ? run! : `${run}, ${trained} as it was trained`;
}

const planRuns = 20;

function printPlan(model: GhostNet): void {
  const plan = model.plan(model.config.preprocess.inputSize, planRuns);
  print(
    `plan        for 1x${model.config.preprocess.mean.length}x${plan.inputSize.join('x')}; caches of a core: L1d ${plan.l1Bytes} bytes, L2 ${plan.l2Bytes} bytes`,
  );
  print(
    `memory      arena ${plan.arenaBytes} bytes an image, scratch ${plan.scratchBytes} bytes a thread, packed weights ${plan.weightBytes} bytes`,
  );
  for (const { split, reason, tasks, stages, scratchBytes, macs, microseconds } of plan.steps) {
    const figures = `${microseconds.toFixed(1).padStart(8)} us  ${(macs / 1e6).toFixed(2).padStart(6)} MMAC`;
    print(`${figures}  ${split} x${tasks}: ${reason}; scratch ${scratchBytes} bytes`);
    for (const stage of stages) print(`              ${stage}`);
  }
}
