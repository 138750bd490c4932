import type { Shapes } from '../../formats/tensor.js';
import type { Description, Family } from '../network.js';
import { bothEndsOf, recognisers } from '../variants.js';
import { hundredthsOf, widthsWith } from '../widths.js';
import { addBackbone, layoutOf } from './layout.js';
import { tables, type Variant } from './table.js';

function hasInvertedResiduals(names: readonly string[]): boolean {
  return names.some((name) => /^blocks\.1\.0\.conv_pwl\./.test(name));
}

function descriptionOf({ size, width }: Variant): Description {
  return {
    architecture: `mobilenetv3_${size}_${hundredthsOf(width)}`,
    kind: 'MobileNetV3',
    width,
    assumed: "padding as PyTorch's networks have it (assumed; a tf_mobilenetv3 has the same tensors)",
  };
}

function namedVariant(architecture: string): Pick<Variant, 'size' | 'width'> | undefined {
  const [, size, hundredths] = /^mobilenetv3_(large|small)_(\d{3})(?:\.|$)/.exec(architecture) ?? [];
  return hundredths === undefined ? undefined : { size: size as Variant['size'], width: Number(hundredths) / 100 };
}

/** The last stage's channels tell the width to a hundredth. */
function candidates(tensors: Shapes): Variant[] {
  const size = tensors.has('blocks.6.0.conv.weight') ? 'large' : 'small';
  const { stages, lastChannels } = tables[size];
  const channels = tensors.get(`blocks.${stages.length}.0.conv.weight`)?.shape[0] ?? lastChannels;
  return widthsWith(channels, lastChannels, 8).map((width) => ({ ...bothEndsOf(tensors), size, width }));
}

const recognise = recognisers<Variant>(
  { describe: descriptionOf, layout: layoutOf, addBackbone, named: namedVariant },
  candidates,
);

/**
 * MobileNetV3, large and small, of any width, as timm has it and PyTorch trains it. Those that were trained in
 * TensorFlow (`tf_mobilenetv3_…`) have the same tensors and another padding: only their names tell.
 */
export const mobileNetV3: Family = {
  architectures: /^(?:tf_)?mobilenetv3_(?!.*_fpn$)/,
  refused: (architecture) =>
    architecture.startsWith('tf_mobilenetv3_')
      ? "which was trained in TensorFlow, whose padding and batch norm are not computed here. Use one of timm's that PyTorch trained, as mobilenetv3_large_100.ra_in1k"
      : undefined,
  claims: (names) => names.includes('conv_head.bias') && hasInvertedResiduals(names),
  recognise: recognise.network,
  backbones: { claims: hasInvertedResiduals, recognise: recognise.backbone },
  firstTensor: 'conv_stem.weight',
  classifier: 'classifier',
};
