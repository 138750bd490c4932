import { activationFor, type ClassActivation } from '../class-activation.js';
import { defaultGateConfig, gateSettings, type GateInfo } from '../gate-config.js';
import type { ClassifierInfo } from '../classifier-config.js';
import type { ModelConfig } from '../model-config.js';
import { gateOf } from '../networks/gate.js';
import type { Family } from '../networks/network.js';
import { defaultPreprocessConfig, type PreprocessConfig } from '../preprocess-config.js';

/** As transformers calls what the logits become. */
const problemTypes: Readonly<Record<ClassActivation, string>> = {
  softmax: 'single_label_classification',
  sigmoid: 'multi_label_classification',
  none: 'regression',
};

/** What of an input's rule timm has no keys for. */
const inputRuleKeys = {
  resize: 'resize',
  rounding: 'rounding',
  pad: 'pad',
  padValue: 'pad_value',
  padMultiple: 'pad_multiple',
  antialias: 'antialias',
  channelOrder: 'channel_order',
} as const satisfies Partial<Record<keyof PreprocessConfig, string>>;

/** What timm's networks take where nobody says so. */
const rgb = 3;
const timmsPool = 'avg';

/** What no tensor tells. */
interface Untold {
  readonly gate: GateInfo | undefined;
  readonly classifier: ClassifierInfo | undefined;
}

/**
 * The `config.json` of timm's layout on the Hugging Face hub: what `load` and `timm.create_model('hf-hub:…')` ask for.
 */
export function hubConfig(
  { architecture, numClasses, preprocess, activation }: ModelConfig,
  { firstTensor, classifier: module }: Family,
  { gate, classifier }: Untold,
  labels?: readonly string[],
): string {
  const { inputSize, interpolation, cropPct, cropMode, mean, std } = preprocess;
  const config = {
    architecture,
    num_classes: numClasses,
    global_pool: classifier?.globalPool.value ?? timmsPool,
    ...(labels && { label_names: labels }),
    ...(activation !== activationFor(numClasses) && { problem_type: problemTypes[activation] }),
    ...(gate && isTold(gate) && { gate: gateOf(gate) }),
    ...modelArguments(mean.length, { gate, classifier }),
    ...inputRuleOf(preprocess),
    pretrained_cfg: {
      num_classes: numClasses,
      input_size: [mean.length, ...inputSize],
      fixed_input_size: false,
      interpolation,
      crop_pct: cropPct,
      crop_mode: cropMode,
      mean,
      std,
      first_conv: firstTensor.replace(/\.weight$/, ''),
      ...(module !== undefined && { classifier: module }),
    },
  };
  return `${JSON.stringify(config, undefined, 1)}\n`;
}

/** What timm does otherwise: its own section takes no other keys. */
function inputRuleOf(preprocess: PreprocessConfig): object {
  const found = Object.entries(inputRuleKeys).filter(
    ([setting]) =>
      preprocess[setting as keyof PreprocessConfig] !== defaultPreprocessConfig[setting as keyof PreprocessConfig],
  );
  return Object.fromEntries(found.map(([setting, key]) => [key, preprocess[setting as keyof PreprocessConfig]]));
}

/** Where somebody says it, or it is not timm's, which is the default. */
function isTold(gate: GateInfo): boolean {
  return !isTimms(gate) || gateSettings.some((setting) => gate[setting].from !== 'assumed');
}

function isTimms(gate: GateInfo): boolean {
  return gateSettings.every((setting) => gate[setting].value === defaultGateConfig[setting]);
}

/**
 * What timm builds the network with. Of any gate it would compute its own all the same: an argument that its networks do
 * not take makes it refuse the others.
 */
function modelArguments(channels: number, { gate, classifier }: Untold): object {
  const found = {
    ...(channels !== rgb && { in_chans: channels }),
    ...(classifier && classifier.globalPool.value !== timmsPool && { global_pool: classifier.globalPool.value }),
    ...(gate && !isTimms(gate) && { gate: gateOf(gate) }),
  };
  return Object.keys(found).length > 0 ? { model_args: found } : {};
}

/** What a config.json says, for whoever runs an ONNX file: as texts in JSON, but for the name. */
export function onnxMetadata(
  { architecture, preprocess }: ModelConfig,
  labels?: readonly string[],
): Record<string, string> {
  return { architecture, ...(labels && { labels: JSON.stringify(labels) }), preprocess: JSON.stringify(preprocess) };
}
