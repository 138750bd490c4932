import { PassingFault } from './faults.js';

/** Ends an exchange in which nothing has come for too long. */
export class StallTimer {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Aborted by the timer or by the caller. */
  readonly signal: AbortSignal;

  constructor(
    private readonly timeoutMs: number,
    private readonly caller: AbortSignal | undefined,
  ) {
    this.signal = caller ? AbortSignal.any([caller, this.#controller.signal]) : this.#controller.signal;
  }

  /** From now on something is waited for. */
  start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.timeoutMs);
  }

  /** It has come. Until the next start, time is the caller's own. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** What an error of fetch means; `what` has happened. */
  faultOf(error: unknown, what: string): unknown {
    if (this.caller?.aborted) return this.caller.reason;
    if (this.#controller.signal.aborted)
      return new PassingFault(`nothing has come for ${this.timeoutMs / 1000} s`, undefined, { cause: error });
    // fetch says "fetch failed" or "terminated", and its cause says why.
    const { cause = error } = error as { cause?: { code?: string; message?: string } };
    const { code, message } = cause as { code?: string; message?: string };
    return new PassingFault(`${what} (${code ?? message ?? String(cause)})`, undefined, { cause: error });
  }
}
