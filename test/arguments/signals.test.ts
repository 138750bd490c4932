import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { asSignal } from '../../lib/arguments/signal.js';
import { unlessAborted, withinTime } from '../../lib/waiting/limits.js';

const never = new Promise<never>(() => undefined);
const late = (): Error => new Error('late');

describe('a signal of another realm', () => {
  /** As jsdom's or a polyfill's: no class of ours. */
  class OtherSignal extends EventTarget {
    aborted = false;
    reason: unknown;
    abort(reason: unknown): void {
      Object.assign(this, { aborted: true, reason });
      this.dispatchEvent(new Event('abort'));
    }
  }

  it('is followed, with its reason', async () => {
    const other = new OtherSignal();
    const signal = asSignal(other)!;
    expect(signal.aborted).toBe(false);
    const waiting = unlessAborted(never, signal);
    other.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    expect(AbortSignal.any([signal]).reason).toBe('enough');
  });

  it('that is aborted already is an aborted one', () => {
    const other = new OtherSignal();
    other.abort('before');
    expect(asSignal(other)).toMatchObject({ aborted: true, reason: 'before' });
  });

  it('is listened to once, however often it is passed', () => {
    const other = new OtherSignal();
    expect(asSignal(other)).toBe(asSignal(other));
    expect(getEventListeners(other, 'abort')).toHaveLength(1);
  });

  it('is none if it only looks like one', () => {
    const broken = Object.defineProperty({ addEventListener: () => undefined }, 'aborted', {
      get: () => {
        throw new Error('no');
      },
    });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [
      undefined,
      null,
      'now',
      {},
      { aborted: false },
      { aborted: 1, addEventListener: () => undefined },
      broken,
      proxy,
    ]) {
      expect(asSignal(value)).toBeUndefined();
    }
    expect(asSignal(Object.create(AbortSignal.prototype))).toBeUndefined();
    const own = new AbortController().signal;
    expect(asSignal(own)).toBe(own);
  });
});

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
