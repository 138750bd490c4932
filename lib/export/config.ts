import type { ModelConfig } from '../model-config.js';
import { imageChannels } from '../preprocess-config.js';
import type { Family } from '../networks/network.js';

/**
 * The `config.json` of timm's layout on the Hugging Face hub: what `load` and `timm.create_model('hf-hub:…')` ask for.
 */
export function hubConfig(
  { architecture, numClasses, preprocess }: ModelConfig,
  { firstTensor, classifier }: Family,
  labels?: readonly string[],
): string {
  const { inputSize, interpolation, cropPct, cropMode, mean, std } = preprocess;
  const config = {
    architecture,
    num_classes: numClasses,
    global_pool: 'avg',
    ...(labels && { label_names: labels }),
    pretrained_cfg: {
      num_classes: numClasses,
      input_size: [imageChannels, ...inputSize],
      fixed_input_size: false,
      interpolation,
      crop_pct: cropPct,
      crop_mode: cropMode,
      mean,
      std,
      first_conv: firstTensor.replace(/\.weight$/, ''),
      ...(classifier !== undefined && { classifier }),
    },
  };
  return `${JSON.stringify(config, undefined, 1)}\n`;
}

/** What a config.json says, for whoever runs an ONNX file: as texts in JSON, but for the name. */
export function onnxMetadata(
  { architecture, preprocess }: ModelConfig,
  labels?: readonly string[],
): Record<string, string> {
  return { architecture, ...(labels && { labels: JSON.stringify(labels) }), preprocess: JSON.stringify(preprocess) };
}
