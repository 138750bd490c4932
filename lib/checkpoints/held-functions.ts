import { plain } from '../messages/quoted.js';
import { isHarmless } from './harmless-calls.js';
import { isKnown, isKnownHarmless } from './known-names.js';
import { Global, Opaque } from './pickle-values.js';

/** These iterate over what is in the list that they are given. */
const ofPairs = new Set(['builtins.dict', 'collections.OrderedDict', 'collections.Counter', 'collections.UserDict']);

class TooManyLooks extends Error {}

/**
 * What must not be called and is kept by objects of known classes, as by a DataLoader its `collate_fn`: Python calls it once
 * the object is given to something that uses it, as `list` does.
 */
export class HeldFunctions {
  /** @param looksLeft at values: a hostile pickle may give the same list again and again */
  constructor(private looksLeft: number) {}

  /** Looks at what an object is given; continues "its pickle ", or undefined. */
  faultOfKeeping(object: Opaque, values: readonly unknown[]): string | undefined {
    const { source } = object;
    if (!source || !isKnown(source) || callsNothing(source)) return undefined;
    return this.looking(() => {
      object.unsafe ??= this.unsafeAmong(values, 2);
      return undefined;
    });
  }

  /** Of giving such an object to what is known; what nobody knows is inert. */
  faultOfGiving(callable: Global, args: readonly unknown[]): string | undefined {
    if (!isKnown(callable)) return undefined;
    const given = args.filter(
      (arg) => arg instanceof Opaque || (ofPairs.has(callable.canonical) && Array.isArray(arg)),
    );
    return this.looking(() => {
      const unsafe = this.unsafeAmong(given, 1);
      return unsafe && `gives ${plain(callable.path)} an object that keeps ${plain(unsafe.path)}, and may call it`;
    });
  }

  private unsafeAmong(values: Iterable<unknown>, depth: number): Global | undefined {
    for (const value of values) {
      if (this.looksLeft-- <= 0) throw new TooManyLooks();
      const found = unsafeIn(value);
      if (found) return found;
      if (depth === 0 || !(Array.isArray(value) || value instanceof Map)) continue;
      const inner = this.unsafeAmong(value instanceof Map ? value.values() : (value as unknown[]), depth - 1);
      if (inner) return inner;
    }
    return undefined;
  }

  private looking(look: () => string | undefined): string | undefined {
    try {
      return look();
    } catch (error) {
      if (error instanceof TooManyLooks) return 'gives objects more than can be looked at';
      throw error;
    }
  }
}

/** What must not be called: a value itself, or what it keeps. */
export function unsafeIn(value: unknown): Global | undefined {
  if (value instanceof Opaque) return value.unsafe;
  return value instanceof Global && isKnown(value) && !isKnownHarmless(value, true) ? value : undefined;
}

/** A partial calls what it is given; what else is harmless whatever it is given keeps it and no more. */
function callsNothing({ canonical }: Global): boolean {
  return isHarmless(canonical) && canonical !== 'functools.partial';
}
