import type { Limits } from './limits.js';
import { ownTurn } from './own-turn.js';

/** How long JavaScript is at work until timers and connections have their turn. */
const stretchMs = 4;

/**
 * What `work` returns, which is done on the JavaScript thread in stretches of a few milliseconds. It yields wherever it
 * may be interrupted, more often than that.
 *
 * @throws `signal.reason`, and `late()` when the time is up: nothing goes on then
 */
export async function inStretches<T>(
  work: Iterator<void, T>,
  { signal, timeoutMs }: Limits,
  late: () => Error,
): Promise<T> {
  const start = performance.now();
  for (;;) {
    await ownTurn();
    signal?.throwIfAborted();
    const began = performance.now();
    if (began - start > timeoutMs) throw late();
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() - began < stretchMs);
  }
}
