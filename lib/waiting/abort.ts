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
