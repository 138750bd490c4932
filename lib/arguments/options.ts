import { GhostNetError } from '../errors.js';
import { quoted } from '../messages/quoted.js';
import { shown } from '../messages/shown.js';
import { nearestName } from '../messages/nearest-name.js';
import { asSignal } from './signal.js';
import { guarded, readFields } from './untyped.js';

export function argumentError(expected: string, found: unknown): GhostNetError {
  return new GhostNetError('ERR_GHOST_ARGUMENT', `${expected}, found ${shown(found)}.`);
}

/**
 * What untyped code has passed as options, each read once; undefined counts as absent.
 *
 * @param name begins the messages
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT also for an option that is not among `known`
 */
export function readOptions<K extends string>(
  options: unknown,
  known: readonly K[],
  name = 'options',
): Record<K, unknown> {
  if (typeof options !== 'object' || options === null) throw argumentError(`${name} should be an object`, options);
  const unknown = guarded(name, () =>
    Object.entries(options).find(([key, value]) => value !== undefined && !known.includes(key as K)),
  );
  if (!unknown) return readFields(options, known, name);
  const nearest = nearestName(unknown[0], known);
  const advice = nearest === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${nearest}?`;
  throw new GhostNetError('ERR_GHOST_ARGUMENT', `${name}: there is no option ${quoted(unknown[0])}. ${advice}`);
}

export function checkFlag(name: string, flag: unknown): boolean {
  if (flag === undefined || typeof flag === 'boolean') return flag ?? false;
  throw argumentError(`${name} should be true or false`, flag);
}

/** That it takes what it will be called with is for its author to see to; `absent` is what stands for undefined. */
export function checkFunction<F>(name: string, value: unknown, absent: F): F {
  if (value === undefined) return absent;
  if (typeof value === 'function') return value as F;
  throw argumentError(`${name} should be a function`, value);
}

/** @param range `absent` is what stands for undefined; without it, undefined is as wrong as anything */
export function checkWholeNumber(
  name: string,
  value: unknown,
  { from, to = Infinity, absent }: { from: number; to?: number; absent?: number },
): number {
  if (value === undefined && absent !== undefined) return absent;
  if (Number.isInteger(value) && (value as number) >= from && (value as number) <= to) return value as number;
  const range = to === Infinity ? `of at least ${from}` : `from ${from} to ${to}`;
  throw argumentError(`${name} should be a whole number ${range}`, value);
}

/** @throws `signal.reason` if the signal is aborted already. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const own = asSignal(signal);
  if (!own) throw argumentError('signal should be an AbortSignal', signal);
  own.throwIfAborted();
  return own;
}
