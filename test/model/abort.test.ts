import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, preprocess, type GhostNet } from '../../lib/index.js';
import { input, sameBits } from '../../testing/tensors.js';

const picture = { data: new Uint8Array(3 * 1000 * 800).fill(90), width: 1000, height: 800, channels: 3 } as const;

/** What `promise` is rejected with. */
function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (reason: unknown) => reason,
  );
}

describe('AbortSignal', () => {
  let model: GhostNet;
  beforeAll(async () => {
    model = await load();
  });
  afterAll(() => model.dispose());

  const calls: [name: string, call: (signal: AbortSignal) => Promise<unknown>][] = [
    ['load', (signal) => load(undefined, { signal })],
    ['infer', (signal) => model.infer(input('abort', 1, 512, 512), { signal })],
    ['classify', (signal) => model.classify(picture, { signal })],
    ['classify of several', (signal) => model.classify([picture, picture, picture], { signal })],
    ['preprocess', (signal) => preprocess(picture, {}, { signal })],
  ];

  it.each(calls)('%s: one that is aborted already rejects with its reason', async (_, call) => {
    const reason = { any: 'value' };
    expect(await reasonOf(call(AbortSignal.abort(reason)))).toBe(reason);
    expect(await reasonOf(call(AbortSignal.abort()))).toMatchObject({ name: 'AbortError' });
  });

  it.each(calls)('%s: one that is aborted meanwhile rejects with its reason', async (_, call) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = reasonOf(call(controller.signal));
    controller.abort(reason);
    expect(await running).toBe(reason);
  });

  it('stops a computation that is under way, and the model works on', async () => {
    const tensor = input('abort', 24, 320, 320);
    const single = input('after', 1, 64, 64);
    const expected = await model.infer(single);
    const start = performance.now();
    await model.infer(tensor);
    const fullMs = performance.now() - start;

    const controller = new AbortController();
    const reason = new Error('enough');
    const running = reasonOf(model.infer(tensor, { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, fullMs / 10));
    const abortedAt = performance.now();
    controller.abort(reason);
    expect(await running).toBe(reason);
    expect(performance.now() - abortedAt).toBeLessThan(fullMs / 2);
    expect(sameBits((await model.infer(single)).data, expected.data)).toBe(true);
  });

  it('concerns its own call alone', async () => {
    const tensor = input('abort', 1, 256, 256);
    const expected = await model.infer(tensor);
    const controller = new AbortController();
    const aborted = Array.from({ length: 6 }, () => reasonOf(model.infer(tensor, { signal: controller.signal })));
    const others = Array.from({ length: 6 }, () => model.infer(tensor));
    controller.abort('gone');
    expect(await Promise.all(aborted)).toEqual(new Array(6).fill('gone'));
    for (const { data } of await Promise.all(others)) expect(sameBits(data, expected.data)).toBe(true);
  });

  it('is listened to once by calls that are many, of which Node would warn', async () => {
    const { signal } = new AbortController();
    const tensor = input('many', 1, 64, 64);
    const running = Array.from({ length: 16 }, () => model.infer(tensor, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(running);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does nothing after the call has ended, and nothing is left on it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    for (let i = 0; i < 20; i++) await model.infer(input('abort', 1, 64, 64), { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    controller.abort();
    await model.infer(input('abort', 1, 64, 64));
  });
});
