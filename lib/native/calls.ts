import { loadAddon } from './addon.js';
import { GhostNetError, type GhostNetErrorCode } from '../errors.js';
import { onAbort } from '../waiting/abort.js';

export interface Failure {
  readonly code: 'invalid_argument' | 'out_of_memory' | 'cancelled' | 'busy' | 'unsupported' | 'internal';
  readonly message: string;
}

export type Callback<T> = (failure: Failure | null, value?: T) => void;

/** What can be cancelled while it runs. */
export type Call = number;

const codes: Record<Failure['code'], GhostNetErrorCode> = {
  invalid_argument: 'ERR_GHOST_SHAPE',
  out_of_memory: 'ERR_GHOST_NATIVE',
  cancelled: 'ERR_GHOST_DISPOSED',
  busy: 'ERR_GHOST_BUSY',
  unsupported: 'ERR_GHOST_NATIVE',
  internal: 'ERR_GHOST_NATIVE',
};

/** `own`: what the call's failures are to the caller, where that is something else. */
export function failed({ code, message }: Failure, own: Partial<typeof codes> = {}): GhostNetError {
  return new GhostNetError(own[code] ?? codes[code], `${message[0]!.toUpperCase()}${message.slice(1)}.`);
}

let loaded: unknown;

/** The addon's functions: who calls them knows their types. */
export function addon(): unknown {
  return (loaded ??= loadAddon());
}

const cancel = (call: Call): void => (addon() as { cancel(call: Call): void }).cancel(call);

/** Where memory is short for what a call needs on its way, the addon throws. */
export function orOutOfMemory<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'out_of_memory')
      throw failed({ code: 'out_of_memory', message: 'out of memory' });
    throw error;
  }
}

/**
 * Turns a callback into a promise. The error is made here, not in the callback, so that its stack leads to the
 * caller's own lines.
 */
export async function settle<T>(start: (callback: Callback<T>) => void, own?: Partial<typeof codes>): Promise<T> {
  const [failure, value] = await new Promise<[Failure | null, T | undefined]>((resolve) => {
    orOutOfMemory(() => start((failure, value) => resolve([failure, value])));
  });
  if (failure) throw failed(failure, own);
  return value as T;
}

/** What an aborted signal ends early. */
export async function settleUnlessAborted<T>(
  start: (callback: Callback<T>) => Call | undefined,
  signal: AbortSignal | undefined,
  own?: Partial<typeof codes>,
): Promise<T> {
  signal?.throwIfAborted();
  let leave: (() => void) | undefined;
  try {
    return await settle<T>((callback) => {
      const call = start(callback);
      if (call === undefined) return;
      leave = signal && onAbort(signal, () => cancel(call));
    }, own);
  } finally {
    leave?.();
    // Whatever it ended with, also where it had ended before the caller could know.
    signal?.throwIfAborted();
  }
}

/** Zeros, where an answer is written to. */
export function zeros<Numbers>(Type: new (count: number) => Numbers, count: number): Numbers {
  try {
    return new Type(count);
  } catch {
    throw failed({ code: 'out_of_memory', message: `not enough memory for an answer of ${count} values` });
  }
}
