import { setTimeout as sleep } from 'node:timers/promises';
import { round } from '../output/print.js';

/** Of one inference at a time, in milliseconds. Percentile p: what p % of the runs did not exceed. */
export interface Latencies {
  readonly runs: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
}

/** However long they take: a median of fewer says nothing. */
const minRuns = 20;
const minWarmUpRuns = 3;

/**
 * Runs again and again for `seconds`, after a fifth of that to warm up: caches, clocks and the optimising compiler
 * settle. A run begins every `everyMs`, or when the one before it has ended if that takes longer; 0: one right after
 * the other.
 */
export async function measureLatencies(run: () => Promise<unknown>, seconds: number, everyMs = 0): Promise<Latencies> {
  await repeat(run, seconds / 5, everyMs, minWarmUpRuns);
  return summarise(await repeat(run, seconds, everyMs, minRuns));
}

async function repeat(
  run: () => Promise<unknown>,
  seconds: number,
  everyMs: number,
  leastRuns: number,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  const end = performance.now() + 1000 * seconds;
  for (let start = performance.now(); start < end || latenciesMs.length < leastRuns; start = performance.now()) {
    await run();
    const latencyMs = performance.now() - start;
    latenciesMs.push(latencyMs);
    if (latencyMs < everyMs) await sleep(everyMs - latencyMs);
  }
  return latenciesMs;
}

export function summarise(latenciesMs: readonly number[]): Latencies {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  // The nearest rank: a latency that was measured, not a mean of two.
  const percentileMs = (percent: number): number =>
    round(sorted[Math.max(Math.ceil((percent / 100) * sorted.length), 1) - 1]!, 4);
  return {
    runs: sorted.length,
    minMs: percentileMs(0),
    p50Ms: percentileMs(50),
    p90Ms: percentileMs(90),
    p99Ms: percentileMs(99),
  };
}
