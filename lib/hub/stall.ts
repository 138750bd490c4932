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

/** The content of a file, or of its end. To be read to its end or cancelled. */
export class ResponseBody {
  /** Where in the file it begins. */
  readonly start: number;

  constructor(
    private readonly response: Response,
    private readonly timer: StallTimer,
    private readonly signal: AbortSignal | undefined,
  ) {
    const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
    this.start = response.status === 206 && range ? Number(range[1]) : 0;
  }

  /** Instead of reading it. */
  async cancel(): Promise<void> {
    await this.response.body?.cancel();
  }

  /**
   * Its chunks as they come.
   *
   * @throws {PassingFault} when the connection ends early or stands still
   * @throws `signal.reason`
   */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.response.body?.getReader();
    try {
      for (;;) {
        const chunk = await this.#read(reader);
        if (!chunk) return;
        yield chunk;
      }
    } finally {
      // What has failed is cancelled already and says so again.
      await reader?.cancel().catch(() => undefined);
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<Uint8Array | undefined> {
    this.signal?.throwIfAborted();
    this.timer.start();
    try {
      return (await reader?.read())?.value;
    } catch (error) {
      throw this.timer.faultOf(error, 'the connection broke off');
    } finally {
      this.timer.stop();
    }
  }
}
