import { quoted } from '../formats/faults.js';
import { GhostNetError } from '../errors.js';

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

/** The first line of what was thrown, which may be anything. */
export function reasonOf(thrown: unknown): string {
  try {
    const { message } = thrown as { message?: unknown };
    const [line = ''] = typeof message === 'string' ? message.slice(0, 500).split('\n') : [];
    return line.replace(/\.$/, '') || kindOf(thrown);
  } catch {
    return kindOf(thrown);
  }
}

/** A value as it may stand in a message: short, on one line. */
export function shown(value: unknown, depth = 1): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null)
    return String(value);
  try {
    if (!Array.isArray(value) || depth === 0) return kindOf(value);
    const entries = Array.from({ length: Math.min(value.length, 8) }, (_, i) => shown(value[i], depth - 1));
    return `[${entries.join(', ')}${value.length > entries.length ? ', …' : ''}]`;
  } catch {
    return kindOf(value);
  }
}

/** What a value is, without what it holds. */
export function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  try {
    const { name } = (value as { constructor: { name: unknown } }).constructor;
    return `an object of class ${typeof name === 'string' && /^[\w$]{1,40}$/.test(name) ? name : 'Object'}`;
  } catch {
    return 'an object';
  }
}
