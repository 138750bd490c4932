// What passed, what failed and what was not tried, said as it happens.

/** A reason not to try something that is no fault of the code: a tool that is absent. */
export class Absent extends Error {}

export class Results {
  #isStrict;
  passed = 0;
  failed = 0;

  /** @param {boolean} isStrict whether what is absent is a failure too */
  constructor(isStrict) {
    this.#isStrict = isStrict;
  }

  /**
   * Runs one part. It returns what it found, in words, and how many tests of it passed or failed (none: itself is the
   * test).
   *
   * @param {string} name
   * @param {() => Promise<{ text: string, passed?: number, failed?: number }>} part
   * @returns {Promise<boolean>} whether nothing failed
   */
  async run(name, part) {
    const startMs = performance.now();
    const say = (verdict, text) =>
      console.log(`${verdict} ${name} (${((performance.now() - startMs) / 1000).toFixed(0)} s): ${text}`);
    try {
      const { text, passed = 1, failed = 0 } = await part();
      this.passed += passed;
      this.failed += failed;
      say(failed === 0 ? 'passed ' : 'FAILED ', text);
      return failed === 0;
    } catch (error) {
      const isSkipped = error instanceof Absent && !this.#isStrict;
      if (!isSkipped) this.failed++;
      say(isSkipped ? 'skipped' : 'FAILED ', error.message);
      return false;
    }
  }
}

/** Runs `work` for each item, `atOnce` of them at the same time. */
export async function forEachAtOnce(atOnce, items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
