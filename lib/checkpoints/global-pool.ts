import { classifierRules } from '../classifier-config.js';
import { Opaque } from './pickle-values.js';

/** How deep settings and modules may lie: those of a DataParallel in a trainer's state at four. */
const maxDepth = 6;

/** Dicts and objects that are looked at: more than any trainer keeps. */
const maxLooked = 20_000;

/**
 * What a training run pooled the last map by, where its checkpoint says it: timm's `gp` in the arguments of its train.py, a
 * `global_pool` among anybody's settings, or the module of that name in a network that was saved whole. The one at the top
 * counts.
 */
export function globalPoolWithin(checkpoint: unknown): string | undefined {
  // A pickle may hold one object in a million places.
  const seen = new Set<unknown>();
  let level: unknown[] = [checkpoint];
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const below: unknown[] = [];
    for (const value of level) {
      const members = membersOf(value);
      if (!members || seen.has(members) || seen.size === maxLooked) continue;
      seen.add(members);
      const pool = poolIn(members);
      if (pool !== undefined) return pool;
      for (const inner of members.values()) if (membersOf(inner)) below.push(inner);
    }
    level = below;
  }
  return undefined;
}

/** PyTorch's modules and timm's, by what they are called. */
const poolClass = /Adaptive(CatAvgMax|AvgMax|Max|Avg)Pool/;

/** TorchScript that was traced keeps no attributes but modules. */
function poolOfModule(module: Opaque): unknown {
  const attributes = membersOf(module);
  const inner = attributes?.get('pool') ?? membersOf(attributes?.get('_modules'))?.get('pool');
  const makers = [module, inner].map((part) => (part instanceof Opaque ? part.maker : ''));
  const [, name] = makers.map((maker) => poolClass.exec(maker)).find((match) => match !== null) ?? [];
  return attributes?.get('pool_type') ?? name?.toLowerCase();
}

function membersOf(value: unknown): ReadonlyMap<unknown, unknown> | undefined {
  const members = value instanceof Opaque ? (value.state instanceof Map ? value.state : value.items) : value;
  return members instanceof Map ? (members as ReadonlyMap<unknown, unknown>) : undefined;
}

function poolIn(members: ReadonlyMap<unknown, unknown>): string | undefined {
  const found = members.get('global_pool');
  const pool = found instanceof Opaque ? poolOfModule(found) : found;
  if (typeof pool === 'string' && pool !== '') return pool;
  const ofTimm = members.get('gp');
  // Others call other things so.
  return classifierRules.globalPool.accepts(ofTimm) ? ofTimm : undefined;
}
