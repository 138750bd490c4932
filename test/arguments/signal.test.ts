import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { asSignal } from '../../lib/arguments/signal.js';
import { unlessAborted } from '../../lib/waiting/limits.js';

const never = new Promise<never>(() => undefined);

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
