import { GhostNetError } from '../errors.js';
import { reasonOf } from '../messages/shown.js';

// What untyped code passes may be anything, of any realm: with getters that throw or change their minds, traps, and
// classes that are not what they seem. It is read here, each property once.

/** @param what begins the message: "options" */
export function readFields<K extends string>(value: object, keys: readonly K[], what: string): Record<K, unknown> {
  return guarded(
    what,
    () => Object.fromEntries(keys.map((key) => [key, (value as Record<string, unknown>)[key]])) as Record<K, unknown>,
  );
}

/** A copy of an array of at most `maxLength` values; undefined for anything else. */
export function readArray(value: unknown, maxLength: number, what: string): unknown[] | undefined {
  return guarded(what, () => {
    if (!Array.isArray(value)) return undefined;
    const { length } = value;
    return length <= maxLength ? Array.from({ length }, (_, i): unknown => value[i]) : undefined;
  });
}

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT for whatever `read` throws */
export function guarded<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `${what} cannot be read: ${reasonOf(cause)}.`, { cause });
  }
}
