import type { Framework } from '../checkpoints/format.js';
import type { TensorDict } from '../checkpoints/tensor-dict.js';
import { GhostNetError } from '../errors.js';
import { unreadable } from '../formats/faults.js';
import { quoted } from '../messages/quoted.js';
import { candidatesIn, faultOf, type Candidate } from './candidates.js';
import type { IdentifiedNetwork } from './registry.js';
import { firstTensors } from './tensor-names.js';

/** Where averaged weights lie, which are taken before all others: they are what papers report. */
const averaged = /(?:^|_)ema(?:_|$)|^(?:avg|averaged|swa)_model$|^averaged?_(?:state_dict|weights)$/;

/** Where a network lies that is taken before others, the most likely first; after these comes the top level. */
const likely = ['state_dict', 'model_state_dict', 'model'];

/** Bounds what a hostile file can take: dicts that are looked at. */
const maxDicts = 64;

export interface Found {
  readonly chosen: Candidate & { readonly network: IdentifiedNetwork };
  /** Every whole network in the file, the chosen one among them. */
  readonly whole: readonly (Candidate & { readonly network: IdentifiedNetwork })[];
}

interface Where {
  readonly dicts: readonly TensorDict[];
  readonly framework: Framework;
  readonly file: string;
}

/**
 * The network in a checkpoint: of those that are whole the one called `part`, or else an averaged copy, or else the one
 * that lies where trainers keep theirs.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE where none is whole, or several are as good as each other;
 *   ERR_GHOST_ARGUMENT where there is no such part; ERR_GHOST_CHECKPOINT for tensors that cannot be read
 */
export function findNetwork({ dicts, framework, file }: Where, part: string | undefined): Found {
  const all = likelyDicts(dicts).flatMap((dict) => candidatesIn(dict, framework, file));
  const whole = withoutCopies(all.filter(isWhole));
  if (part !== undefined) return { chosen: named(part, all, file), whole };
  if (whole.length === 0) throw nearestFault(all, file);
  const ranked = whole.map((candidate) => ({ candidate, rank: rankOf(candidate) }));
  ranked.sort((a, b) => compare(a.rank, b.rank));
  const best = ranked.filter(({ rank }) => compare(rank, ranked[0]!.rank) === 0);
  if (best.length > 1)
    throw several(
      best.map(({ candidate }) => candidate),
      file,
    );
  return { chosen: best[0]!.candidate, whole };
}

/** Those with a network's first tensor, or else the largest one. */
function likelyDicts(dicts: readonly TensorDict[]): TensorDict[] {
  const found = dicts.filter(({ shapes }) =>
    [...shapes.keys()].some((name) => firstTensors().some((each) => name.endsWith(each))),
  );
  if (found.length > 0) return found.slice(0, maxDicts);
  const sizeOf = ({ shapes, unreadable: faults }: TensorDict): number => shapes.size + (faults?.size ?? 0);
  return [dicts.reduce((largest, dict) => (sizeOf(dict) > sizeOf(largest) ? dict : largest))];
}

function isWhole(candidate: Candidate): candidate is Found['chosen'] {
  return candidate.network !== undefined;
}

/** Of the same tensors under several names the first, and no part of a larger network. */
function withoutCopies(whole: readonly Found['chosen'][]): Found['chosen'][] {
  const seen = new Set<unknown>();
  const sized = [...whole].sort((a, b) => b.sources.size - a.sources.size);
  const kept = new Set(
    sized.filter(({ dict, sources }) => {
      const stem = sources.get('conv_stem.weight')!;
      const key = dict.identity?.(stem) ?? `${dict.path} ${stem}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    }),
  );
  return whole.filter((candidate) => kept.has(candidate));
}

function rankOf({ part }: Candidate): number[] {
  const steps = part === '.' ? [] : part.split('.');
  const isAveraged = steps.some((step) => averaged.test(step));
  const places = steps.map((step) => {
    const place = likely.indexOf(step);
    return place < 0 ? likely.length + 1 : place;
  });
  return [isAveraged ? 0 : 1, ...places];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? likely.length) - (b[i] ?? likely.length);
    if (difference !== 0) return difference;
  }
  return 0;
}

function named(part: string, all: readonly Candidate[], file: string): Found['chosen'] {
  const found = all.find((candidate) => candidate.part === part);
  if (found && isWhole(found)) return found;
  if (found) throw faultOf(found);
  const message = `${file} has no part ${quoted(part)}; it has ${listed(all)}.`;
  throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
}

/** Of nothing whole, what most of a network is there of. */
function nearestFault(all: readonly Candidate[], file: string): unknown {
  const nearest = all.reduce((best, candidate) => (candidate.ownCount > best.ownCount ? candidate : best));
  const [fault] = nearest.dict.unreadable?.values() ?? [];
  return fault === undefined ? faultOf(nearest) : unreadable(file, fault);
}

function several(equals: readonly Candidate[], file: string): GhostNetError {
  const example = equals[0]!.part;
  const message = `${file} holds ${equals.length} networks, and nothing tells which one is meant: ${listed(equals)}. Choose one: load(file, { part: '${example}' }), or --part ${example}.`;
  return new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}

const mostListed = 12;

function listed(candidates: readonly Candidate[]): string {
  const names = candidates.slice(0, mostListed).map(({ part }) => part);
  return names.join(', ') + (candidates.length > mostListed ? ` and ${candidates.length - mostListed} more` : '');
}
