import { describe, expect, it } from 'vitest';
import { inStretches } from '../../lib/waiting/stretches.js';

const late = (): Error => new Error('late');

/** Steps of a millisecond, and how many of them were done. */
function busy(steps: number): { work: Iterator<void, string>; done: () => number } {
  let done = 0;
  const work = function* (): Generator<void, string> {
    for (; done < steps; done++) {
      for (const end = performance.now() + 1; performance.now() < end;);
      yield;
    }
    return 'all';
  };
  return { work: work(), done: () => done };
}

describe('work on the JavaScript thread', () => {
  it('is done with turns of the event loop in between', async () => {
    let [turns, isDone] = [0, false];
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    expect(await inStretches(busy(40).work, { timeoutMs: 10_000 }, late)).toBe('all');
    isDone = true;
    expect(turns).toBeGreaterThan(5);
  });

  it('ends with the signal and with its time', async () => {
    const controller = new AbortController();
    const aborted = busy(1e6);
    setTimeout(() => controller.abort('enough'), 5);
    await expect(inStretches(aborted.work, { signal: controller.signal, timeoutMs: 60_000 }, late)).rejects.toBe(
      'enough',
    );
    const slow = busy(1e6);
    await expect(inStretches(slow.work, { timeoutMs: 10 }, late)).rejects.toThrow('late');
    const counts = [aborted.done(), slow.done()];
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([aborted.done(), slow.done()]).toEqual(counts);
  });
});
