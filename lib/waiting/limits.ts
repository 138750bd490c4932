import { onAbort } from './abort.js';

/** What a call may be ended by from outside. */
export interface Limits {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
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
