import type { StallTimer } from './stall-timer.js';

/** The content of a file, or of its end. To be read to its end or cancelled, either of which ends the timer. */
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
    this.timer.end();
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
      this.timer.end();
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
