import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, type GhostNet } from '../../lib/index.js';
import { runProgram } from '../../testing/programs.js';
import { imageOf, input, sameBits } from '../../testing/tensors.js';

describe('many at once', () => {
  let model: GhostNet;
  beforeAll(async () => {
    model = await load(undefined, { threads: 2 });
  });
  afterAll(() => model.dispose());

  it('gives each of 64 concurrent calls the bits that it gets alone', async () => {
    // More sizes than plans are kept, in a mixed order, some of them batches.
    const inputs = Array.from({ length: 64 }, (_, i) =>
      input(`input ${i % 16}`, 1 + (i % 3 === 0 ? 1 : 0), 33 + 7 * ((i * 5) % 11), 40 + 9 * ((i * 3) % 7)),
    );
    const alone: Float32Array[] = [];
    for (const tensor of inputs) alone.push((await model.infer(tensor)).data);
    const together = await Promise.all(inputs.map((tensor) => model.infer(tensor)));
    const different = together.flatMap(({ data }, i) => (sameBits(data, alone[i]!) ? [] : [i]));
    expect(different).toEqual([]);
    expect(new Set(alone.map((data) => data[0])).size).toBeGreaterThan(16);
  });

  it('gives a batch of 5 what 5 single calls give', async () => {
    const batch = input('batch', 5, 64, 80);
    const { data, shape } = await model.infer(batch);
    const classes = model.config.numClasses;
    expect(shape).toEqual([5, classes]);
    for (let i = 0; i < 5; i++) {
      const single = await model.infer(imageOf(batch, i));
      expect(single.shape).toEqual([1, classes]);
      expect(sameBits(single.data, data.subarray(i * classes, (i + 1) * classes)), `image ${i}`).toBe(true);
    }
  });

  it('leaves the input to the caller once infer has been called', async () => {
    const tensor = input('reused', 1, 64, 64);
    const expected = (await model.infer(tensor)).data;
    const running = model.infer(tensor);
    tensor.data.fill(NaN);
    expect(sameBits((await running).data, expected)).toBe(true);
  });

  it('differs by no more than 1e-5 between 1, 2, 3 and 4 threads', async () => {
    const tensors = [input('threads', 1, 97, 131), input('threads', 3, 64, 64)];
    const results: Float32Array[][] = [];
    for (const threads of [1, 2, 3, 4]) {
      await using own = await load(undefined, { threads });
      expect(own.info.threads).toBe(threads);
      results.push(await Promise.all(tensors.map(async (tensor) => (await own.infer(tensor)).data)));
    }
    for (const [t, found] of results.entries()) {
      for (const [i, data] of found.entries()) {
        const largest = data.reduce((most, value, k) => Math.max(most, Math.abs(value - results[0]![i]![k]!)), 0);
        expect(largest, `${t + 1} threads, input ${i}`).toBeLessThanOrEqual(1e-5);
      }
    }
  });
});

describe('the event loop', () => {
  it('keeps going while a network runs', async () => {
    await using model = await load();
    const tensor = input('large', 4, 768, 768);
    await model.infer(imageOf(tensor, 0));
    const delay = monitorEventLoopDelay({ resolution: 5 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    delay.enable();
    const start = performance.now();
    let calls = 0;
    do {
      await model.infer(tensor);
      calls++;
    } while (performance.now() - start < 500);
    const durationMs = performance.now() - start;
    delay.disable();
    clearInterval(timer);
    // All cores compute, so the timer comes late at times; if infer blocked, it would come `calls` times.
    expect(ticks).toBeGreaterThan(Math.max(calls * 2, durationMs / 100));
    expect(delay.percentile(99) / 1e6).toBeLessThan(Math.min(250, durationMs / 2));
  });

  it("leaves libuv's thread pool alone", async () => {
    const { stdout } = await runProgram('one-pool-thread.mjs', [], { UV_THREADPOOL_SIZE: '1' });
    expect(JSON.parse(stdout)).toEqual(['file', 'inference']);
  });
});

describe('worker_threads', () => {
  it('8 workers that load and infer at once get the same results', async () => {
    const { stdout } = await runProgram('workers.mjs', ['8']);
    const results = JSON.parse(stdout) as number[][];
    expect(results).toHaveLength(8);
    await using model = await load(undefined, { threads: 2 });
    const expected = await model.infer({ data: new Float32Array(3 * 64 * 64).fill(0.5), shape: [1, 3, 64, 64] });
    for (const result of results) expect(sameBits(Float32Array.from(result), expected.data)).toBe(true);
  });

  it('20 workers that are terminated while they infer do no harm', async () => {
    const { stdout } = await runProgram('terminated-workers.mjs', ['20']);
    expect(JSON.parse(stdout)).toEqual({ terminated: 20, finite: true });
  });
});
