import { getterOf } from './intrinsics.js';

/** What a call may be ended by from outside. */
export interface Limits {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** The engine's own getter, which only a real signal answers. */
const isAborted = getterOf(AbortSignal.prototype, 'aborted')!;

/** What `AbortSignal` of another realm or library has become here: one listener on it, however often it is passed. */
const copies = new WeakMap<object, AbortSignal>();

/** The signal, or for one of another realm (jsdom, a polyfill) one that follows it; undefined if it is none. */
export function asSignal(signal: unknown): AbortSignal | undefined {
  try {
    if (typeof signal !== 'object' || signal === null) return undefined;
    if (signal instanceof AbortSignal && typeof isAborted.call(signal) === 'boolean') return signal;
    return copies.get(signal) ?? followed(signal as AbortSignal);
  } catch {
    return undefined;
  }
}

function followed(signal: AbortSignal): AbortSignal | undefined {
  if (typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function') return undefined;
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  copies.set(signal, controller.signal);
  return controller.signal;
}

/** Those that wait for a signal, and the one listener that it has for all of them: of more than ten Node warns. */
class Waiting {
  readonly acts = new Set<() => void>();
  readonly listener = (): void => this.acts.forEach((act) => act());
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls `act` when the signal is aborted, unless what is returned is called before. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const all = waiting.get(signal) ?? new Waiting();
  waiting.set(signal, all);
  if (all.acts.size === 0) signal.addEventListener('abort', all.listener);
  all.acts.add(act);
  return () => {
    all.acts.delete(act);
    if (all.acts.size === 0) signal.removeEventListener('abort', all.listener);
  };
}

/**
 * A controller that is aborted with the signal. AbortSignal.any() would leave something on a signal that lives for
 * long.
 */
export function follower(signal: AbortSignal | undefined): {
  readonly controller: AbortController;
  readonly leave: () => void;
} {
  const controller = new AbortController();
  if (!signal) return { controller, leave: () => undefined };
  if (signal.aborted) controller.abort(signal.reason);
  return { controller, leave: onAbort(signal, () => controller.abort(signal.reason)) };
}

/**
 * What `work` comes to, unless the signal is aborted first; what it comes to then, nobody hears. Unlike Promise.race(),
 * it leaves nothing behind on the signal.
 *
 * @throws `signal.reason`
 */
export async function unlessAborted<T>(work: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  const { value } = (await raced(work, { signal }))!;
  return value;
}

/** The same, and `late()` is thrown when the time is up. */
export async function withinTime<T>(work: PromiseLike<T>, limits: Limits, late: () => Error): Promise<T> {
  const ended = await raced(work, limits);
  if (ended) return ended.value;
  throw late();
}

/** Undefined when the time is up. */
async function raced<T>(
  work: PromiseLike<T>,
  { signal, timeoutMs }: Partial<Limits>,
): Promise<{ value: T } | undefined> {
  let stop = (): void => undefined;
  const stopped = new Promise<undefined>((resolve) => {
    const end = (): void => resolve(undefined);
    const timer = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs);
    const leave = signal && onAbort(signal, end);
    stop = () => {
      clearTimeout(timer);
      leave?.();
    };
  });
  try {
    const ended = Promise.race([Promise.resolve(work).then((value) => ({ value })), stopped]);
    ended.catch(() => undefined);
    signal?.throwIfAborted();
    const first = await ended;
    signal?.throwIfAborted();
    return first;
  } finally {
    stop();
  }
}
