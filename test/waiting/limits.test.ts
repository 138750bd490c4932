import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { unlessAborted, withinTime } from '../../lib/waiting/limits.js';

const never = new Promise<never>(() => undefined);
const late = (): Error => new Error('late');

describe('who waits', () => {
  it('hears of the end, the abort or the time, whichever comes first', async () => {
    const { signal } = new AbortController();
    expect(await withinTime(Promise.resolve(7), { signal, timeoutMs: 1000 }, late)).toBe(7);
    await expect(withinTime(Promise.reject(new Error('broken')), { signal, timeoutMs: 1000 }, late)).rejects.toThrow(
      'broken',
    );
    await expect(withinTime(never, { signal, timeoutMs: 1 }, late)).rejects.toThrow('late');
    await expect(withinTime(never, { signal: AbortSignal.timeout(1), timeoutMs: 10_000 }, late)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await expect(unlessAborted(never, AbortSignal.abort('before'))).rejects.toBe('before');
  });

  it('leaves a later failure unheard', async () => {
    const failing = new Promise((_, reject) => setTimeout(() => reject(new Error('later')), 5));
    await expect(withinTime(failing, { timeoutMs: 1 }, late)).rejects.toThrow('late');
    await expect(unlessAborted(Promise.reject(new Error('at once')), AbortSignal.abort('before'))).rejects.toBe(
      'before',
    );
    await new Promise((resolve) => setTimeout(resolve, 20)); // vitest fails on an unhandled rejection
  });

  it('has one listener on the signal with all others, and in the end none', async () => {
    const controller = new AbortController();
    const all = Array.from({ length: 100 }, () => unlessAborted(never, controller.signal));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort('enough');
    for (const one of await Promise.allSettled(all)) expect(one).toMatchObject({ reason: 'enough' });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});
