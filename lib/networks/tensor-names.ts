import { damaged } from '../formats/faults.js';
import { quoted } from '../messages/quoted.js';
import type { Framework } from '../checkpoints/format.js';
import type { StateDict, StoredTensor, Tensor } from '../formats/tensor.js';
import { families, familyOf } from './registry.js';

/** What DistributedDataParallel, timm's EMA and torch.compile put before the names of what they wrap. */
const wrapperPrefix = /^(?:module\.|_orig_mod\.)+/;

/** Counters of batch norm and of the profiler thop: no parameters, even where they are stored as floats. */
const counter = /(?:^|\.)(?:num_batches_tracked|total_ops|total_params)$/;

/**
 * The tensors that a network computes with, by the names that timm gives them. Prefixes that all names share (of a
 * module in which the network was trained) are taken off; names that other code gives are translated as the network's
 * family says. Of MindSpore's parameters only the network's are kept, since an optimizer's lie among them.
 */
export function timmNames(tensors: StateDict, framework: Framework, file: string): StateDict {
  const names = ownNames([...tensors.keys()]);
  const { timmName, modules, firstTensor } = familyOf([...names.values()]);
  const found = new Map<string, Tensor | StoredTensor>();
  for (const [fullName, own] of names) {
    const name = timmName?.(own, framework) ?? own;
    if (found.has(name)) throw damaged(file, `it holds tensor ${quoted(name)} twice, under two names`);
    found.set(name, tensors.get(fullName)!);
  }
  if (modules && framework === 'mindspore' && found.has(firstTensor)) {
    for (const name of found.keys()) if (!modules.test(name)) found.delete(name);
  }
  return found;
}

/** Names as the network itself has them, by those in the checkpoint; counters are left out. */
function ownNames(fullNames: readonly string[]): Map<string, string> {
  const parameters = fullNames.filter((name) => !counter.test(name));
  const names = parameters.map((name) => name.replace(wrapperPrefix, ''));
  const prefix = sharedPrefix(names);
  return new Map(parameters.map((fullName, i) => [fullName, names[i]!.slice(prefix.length)]));
}

/** With its dot; empty where there is none, as where a network is only a part of another. */
function sharedPrefix(names: readonly string[]): string {
  for (const { firstTensor } of families) {
    const first = names.find((name) => name.endsWith(`.${firstTensor}`));
    const prefix = first?.slice(0, -firstTensor.length) ?? '';
    if (prefix !== '' && names.every((name) => name.startsWith(prefix))) return prefix;
  }
  return '';
}
