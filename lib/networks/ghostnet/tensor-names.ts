import { damaged } from '../../formats/faults.js';
import { quoted } from '../../messages/quoted.js';
import type { Framework } from '../../checkpoints/format.js';
import type { StateDict, StoredTensor, Tensor } from '../../formats/tensor.js';

/** What DistributedDataParallel, timm's EMA and torch.compile put before the names of what they wrap. */
const wrapperPrefix = /^(?:module\.|_orig_mod\.)+/;

/** Counters of batch norm and of the profiler thop: no parameters, even where they are stored as floats. */
const counter = /(?:^|\.)(?:num_batches_tracked|total_ops|total_params)$/;

/** The parameter that every network of the family begins with. */
const firstName = 'conv_stem.weight';

/**
 * The tensors that a network computes with, by the names that timm gives them. Prefixes that all names share (of a
 * module in which the network was trained) are taken off; the names of the authors' GhostNetV3 and of MindSpore are
 * translated, and of MindSpore's parameters only the network's are kept, since an optimizer's lie among them.
 */
export function timmNames(tensors: StateDict, framework: Framework, file: string): StateDict {
  const prefix = sharedPrefix([...tensors.keys()]);
  const found = new Map<string, Tensor | StoredTensor>();
  for (const [fullName, tensor] of tensors) {
    if (counter.test(fullName)) continue;
    const own = fullName.replace(wrapperPrefix, '').slice(prefix.length);
    const name = framework === 'mindspore' ? fromMindSpore(own) : own.replace(authorsNorm, '$1.bn1.');
    if (found.has(name)) throw damaged(file, `it holds tensor ${quoted(name)} twice, under two names`);
    found.set(name, tensor);
  }
  if (framework === 'mindspore' && found.has(firstName)) {
    for (const name of found.keys()) if (!networkModule.test(name)) found.delete(name);
  }
  return found;
}

/** With its dot; empty where there is none, as where a network is only a part of another. */
function sharedPrefix(fullNames: readonly string[]): string {
  const names = fullNames.filter((name) => !counter.test(name)).map((name) => name.replace(wrapperPrefix, ''));
  const first = names.find((name) => name.endsWith(`.${firstName}`));
  const prefix = first?.slice(0, -firstName.length) ?? '';
  return names.every((name) => name.startsWith(prefix)) ? prefix : '';
}

/** The batch norm of a branch, which timm calls bn1. No part of a name is looked at twice, however long it is. */
const authorsNorm = /(_rpr_[a-z]+(?:\.\d+)?)\.bn\./;

const networkModule = /^(?:conv_stem|bn1|blocks|conv_head|classifier)\./;

/** MindSpore numbers the blocks through all stages; after the last of them comes a convolution. */
const blocksOfStages = [1, 1, 1, 1, 1, 1, 5, 1, 4];
const blockNames = blocksOfStages.flatMap((count, stage) =>
  Array.from({ length: count }, (_, block) => `${stage}.${block}`),
);

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
