import type { Framework } from '../../checkpoints/format.js';
import { hundredthsOf } from '../widths.js';
import { stages, type Variant } from './table.js';

/** timm's name of a network, as `ghostnetv2_100`: the width in hundredths. */
export function architectureName({ version, width }: Pick<Variant, 'version' | 'width'>): string {
  return `ghostnet${version === 1 ? '' : `v${version}`}_${hundredthsOf(width)}`;
}

/** `ghostnetv2_100`, also with a tag (`ghostnetv2_100.in1k`). */
export const architectureNames = /^ghostnet(?:v([23]))?_(\d{3})(?:\.|$)/;

/** Version and width that a name means; undefined for one outside the family. */
export function namedVariant(name: string): Pick<Variant, 'version' | 'width'> | undefined {
  const [, version, hundredths] = architectureNames.exec(name) ?? [];
  if (hundredths === undefined) return undefined;
  return { version: Number(version ?? 1) as Variant['version'], width: Number(hundredths) / 100 };
}

/** timm's name of a tensor of the authors' GhostNetV3 or of MindSpore's network. */
export function timmName(name: string, framework: Framework): string {
  return framework === 'mindspore' ? fromMindSpore(name) : name.replace(authorsNorm, '$1.bn1.');
}

/** The batch norm of a branch, which timm calls bn1. No part of a name is looked at twice, however long it is. */
const authorsNorm = /(_rpr_[a-z]+(?:\.\d+)?)\.bn\./;

/** MindSpore numbers the blocks through all stages; after the last of them comes a convolution. */
const blockNames = stages.flatMap((blocks, stage) => blocks.map((_, block) => `${stage}.${block}`));

const normParts: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

function fromMindSpore(name: string): string {
  return name
    .replace(/\.(gamma|beta|moving_mean|moving_variance)$/, (_, part: string) => `.${normParts[part]!}`)
    .replace(/^blocks\.(\d+)\.(?!\d)/, (whole, index: string) => {
      if (Number(index) === blockNames.length) return 'blocks.9.0.';
      const block = blockNames[Number(index)];
      return block === undefined ? whole : `blocks.${block}.`;
    })
    .replace(/^blocks\.9\.0\.bn\./, 'blocks.9.0.bn1.')
    .replace(
      /\.(primary_conv|cheap_operation)\.(conv|bn)\./,
      (_, module: string, part: string) => `.${module}.${pair(0, part)}.`,
    )
    .replace(
      /\.(short_conv|shortcut)\.(\d+)\.(conv|bn)\./,
      (_, module: string, index: string, part: string) => `.${module}.${pair(Number(index), part)}.`,
    )
    .replace('.dw.conv.', '.conv_dw.')
    .replace('.dw.bn.', '.bn_dw.');
}

/** Where a `Sequential(conv, bn, conv, bn, …)` has the parts of its unit `index`. */
function pair(index: number, part: string): number {
  return 2 * index + (part === 'bn' ? 1 : 0);
}
