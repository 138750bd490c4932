import { getterOf } from './intrinsics.js';

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
