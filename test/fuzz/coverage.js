// Which parts of the code an execution takes, as V8 counts them.
import { Session } from 'node:inspector/promises';

/**
 * Executions of a block that count as the same, as usual with fuzzers: once, twice, three times, up to 7, 15, 31, 127,
 * more.
 */
const steps = [1, 2, 3, 7, 15, 31, 127];

export class Coverage {
  #session = new Session();
  #isOurs;
  #seen = new Set();

  /** @param {(url: string) => boolean} isOurs whose code counts */
  constructor(isOurs) {
    this.#isOurs = isOurs;
  }

  get size() {
    return this.#seen.size;
  }

  async start() {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /**
   * Ends one execution.
   *
   * @returns {Promise<number>} how many blocks it took, or took more often, that none had before
   */
  async take() {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const before = this.#seen.size;
    for (const { scriptId, url, functions } of result) {
      if (!this.#isOurs(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0)
            this.#seen.add(`${scriptId} ${startOffset} ${endOffset} ${steps.findIndex((step) => count <= step)}`);
        }
      }
    }
    return this.#seen.size - before;
  }
}
