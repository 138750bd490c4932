import type { Framework } from '../checkpoints/format.js';
import type { TensorDict } from '../checkpoints/tensor-dict.js';
import { damaged } from '../formats/faults.js';
import { quoted } from '../messages/quoted.js';
import { families, familyOf } from './registry.js';

/**
 * What DataParallel, torch.compile, activation checkpointing, FSDP and DeepSpeed put into the names of what they wrap,
 * before all of it or in the middle.
 */
const wrapperWord =
  /(^|\.)(?:(?:module|_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module|_forward_module)\.)+/g;

/** Counters of batch norm and of the profiler thop: no parameters, even where they are stored as floats. */
const counter = /(?:^|\.)(?:num_batches_tracked|total_ops|total_params)$/;

/** Where the tensors of networks with classifiers are, by timm's names, and of those that stand on them. */
const ownModule = /^(?:conv_stem|bn1|bn2|blocks(?:_\d+)?|conv_head|classifier)\./;

/** Before them a prefix shows. */
export function firstTensors(): readonly string[] {
  return [...new Set(families.map(({ firstTensor }) => firstTensor))];
}

/** More networks than anybody keeps in one dict, so that a hostile file is looked at no longer. */
const maxPrefixes = 32;

/** Where a network may lie in a dict of tensors. */
export interface Place {
  /** With its dot; empty where there is none. */
  readonly prefix: string;
  /** All of the dict's names without wrappers, by those in the checkpoint; counters are left out. */
  readonly names: ReadonlyMap<string, string>;
  /** Those below the prefix, without it: each with its name in the checkpoint before it. */
  readonly below: readonly (readonly [fullName: string, name: string])[];
  /** Of these, those that a network of ours can have. */
  readonly own: readonly (readonly [fullName: string, name: string])[];
}

/** Every place in a dict that a network may lie at, the shortest prefix first; one at least. */
export function placesIn({ shapes }: TensorDict): Place[] {
  const names = unwrapped(shapes.keys());
  return prefixesOf([...names.values()]).map((prefix) => {
    const below = [...names].flatMap(([fullName, name]): [string, string][] =>
      name.startsWith(prefix) ? [[fullName, name.slice(prefix.length)]] : [],
    );
    const { modules } = familyOf(below.map(([, name]) => name));
    const own = below.filter(([, name]) => (modules ?? ownModule).test(name));
    return { prefix, names, below, own };
  });
}

function unwrapped(fullNames: Iterable<string>): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of fullNames) if (!counter.test(name)) names.set(name, name.replace(wrapperWord, '$1'));
  return names;
}

/** Those before the first tensor of a network; an empty one where there is none. */
function prefixesOf(names: readonly string[]): string[] {
  const found = new Set<string>();
  for (const name of names) {
    const tensor = firstTensors().find((each) => name === each || name.endsWith(`.${each}`));
    if (tensor !== undefined) found.add(name.slice(0, -tensor.length));
  }
  return found.size === 0 ? [''] : [...found].sort((a, b) => a.length - b.length).slice(0, maxPrefixes);
}

/**
 * The names that timm gives to tensors of a network, each with its name in the checkpoint.
 *
 * @param names in the checkpoint, each with the network's own
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a tensor under two names
 */
export function timmNames(
  names: Iterable<readonly [fullName: string, own: string]>,
  framework: Framework,
  file: string,
): Map<string, string> {
  const pairs = [...names];
  const { timmName } = familyOf(pairs.map(([, own]) => own));
  const found = new Map<string, string>();
  for (const [fullName, own] of pairs) {
    const name = timmName?.(own, framework) ?? own;
    if (found.has(name)) throw damaged(file, `it holds tensor ${quoted(name)} twice, under two names`);
    found.set(name, fullName);
  }
  return found;
}
