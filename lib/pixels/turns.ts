import { availableParallelism } from 'node:os';
import { unlessAborted, withinTime, type Limits } from '../waiting/limits.js';

/**
 * Pictures that are read and decoded at once: as many again as libuv has threads, so that each of them has work while
 * JavaScript is busy, and no more than there are cores and one, so that memory and open files are bounded however many
 * calls are made. Each picture more than the cores can decode only waits, and V8 collects garbage the oftener, the more
 * pixels it has heard of: of 12 megapixels on 2 cores, 8 at once held the JavaScript thread up by 25 ms in one of 100
 * turns, 3 by 15.
 */
const places = Math.min(
  2 * Math.max(1, Math.min(1024, Number(process.env['UV_THREADPOOL_SIZE']) || 4)),
  availableParallelism() + 1,
);

let free = places;
/** In their order. */
const waiting = new Set<() => void>();

/**
 * Runs `work` when its turn has come, within the limits, of which the time begins then. What goes on behind the
 * caller's back keeps its turn, because its thread is not free, but no longer than the time: what never ends must not
 * keep others out.
 *
 * @throws `signal.reason`, and `late()` when the time is up
 */
export async function inTurn<T>(work: () => Promise<T>, limits: Limits, late: () => Error): Promise<T> {
  await ownTurn(limits.signal);
  const leave = once(passOn);
  const timer = setTimeout(leave, limits.timeoutMs).unref();
  const working = work().finally(() => {
    clearTimeout(timer);
    leave();
  });
  return withinTime(working, limits, late);
}

async function ownTurn(signal: AbortSignal | undefined): Promise<void> {
  if (free > 0) {
    free--;
    return;
  }
  let go = (): void => undefined;
  const turn = new Promise<void>((resolve) => waiting.add((go = resolve)));
  try {
    await unlessAborted(turn, signal);
  } catch (reason) {
    // It may have come in the same moment.
    if (!waiting.delete(go)) passOn();
    throw reason;
  }
}

function passOn(): void {
  const [next] = waiting;
  if (!next) {
    free++;
    return;
  }
  waiting.delete(next);
  next();
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
