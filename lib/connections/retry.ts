import { setTimeout as delay } from 'node:timers/promises';
import { PassingFault } from './faults.js';

/** A server that asks for more patience than this gets none. */
const maxWaitMs = 60_000;

export interface RetryOptions {
  /** That fail one after another before it is given up. */
  readonly attempts: number;
  /** Before the second attempt; twice as long before each that follows, unless the server says how long. */
  readonly delayMs: number;
  readonly signal?: AbortSignal | undefined;
  /** How far it has come: an attempt that came further than all before it has not failed in vain. */
  readonly progress?: () => number;
}

/** Does something again after a {@link PassingFault}, and throws the last one. */
export async function retrying<T>(
  attempt: () => Promise<T>,
  { attempts, delayMs, signal, progress = () => 0 }: RetryOptions,
): Promise<T> {
  let reached = progress();
  for (let failures = 0; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PassingFault)) throw error;
      failures = progress() > reached ? 1 : failures + 1;
      reached = Math.max(reached, progress());
      const waitMs = error.waitMs ?? delayMs * 2 ** (failures - 1);
      if (failures >= attempts || waitMs > maxWaitMs) throw waitMs > maxWaitMs ? tooLong(error, waitMs) : error;
      await delay(waitMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

function tooLong(fault: PassingFault, waitMs: number): PassingFault {
  return new PassingFault(`${fault.message} and asks to come back in ${Math.round(waitMs / 1000)} s`, waitMs, {
    cause: fault,
  });
}

/** How long a server asks to wait. Its header `Retry-After` holds seconds or a date. */
export function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
