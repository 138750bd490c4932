import { follower } from '../waiting/abort.js';
import { PassingFault } from './faults.js';

/** Ends an exchange in which nothing has come for too long. */
export class StallTimer {
  /** Aborted by the timer or by the caller. */
  readonly signal: AbortSignal;
  /** Nothing more is waited for: the caller's signal, which may live for long, keeps nothing of this. */
  readonly end: () => void;
  readonly #stall: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isStalled = false;

  constructor(
    private readonly timeoutMs: number,
    private readonly caller: AbortSignal | undefined,
  ) {
    const { controller, leave } = follower(caller);
    this.signal = controller.signal;
    this.#stall = () => {
      this.#isStalled = true;
      controller.abort();
    };
    this.end = () => {
      this.stop();
      leave();
    };
  }

  /** From now on something is waited for. */
  start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#stall, this.timeoutMs);
  }

  /** It has come. Until the next start, time is the caller's own. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** What an error of fetch means; `what` has happened. */
  faultOf(error: unknown, what: string): unknown {
    if (this.caller?.aborted) return this.caller.reason;
    if (this.#isStalled)
      return new PassingFault(`nothing has come for ${this.timeoutMs / 1000} s`, undefined, { cause: error });
    // fetch says "fetch failed" or "terminated", and its cause says why.
    const { cause = error } = error as { cause?: { code?: string; message?: string } };
    const { code, message } = cause as { code?: string; message?: string };
    return new PassingFault(`${what} (${code ?? message ?? String(cause)})`, undefined, { cause: error });
  }
}
