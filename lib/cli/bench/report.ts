import { issueTracker } from '../issue-tracker.js';
import type { Latencies } from './latencies.js';
import { classesText } from '../output/print.js';
import type { ModelTask } from '../../tasks/task.js';
import type { Machine } from './machine.js';
import type { Clock, Heat, Temperature, Throttled } from './throttling.js';

/** What is measured, on what, and how it was before. */
export interface BenchFacts extends Machine {
  readonly ghostnet: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  /** That this process may use. */
  readonly cores: number;
  readonly isa: string;
  readonly architecture: string;
  readonly task: ModelTask;
  readonly numClasses: number;
  readonly precision: string;
  readonly inputSize: readonly [height: number, width: number];
  readonly macs: number;
  /** For each row. */
  readonly seconds: number;
  /** From the beginning of an image to that of the next; without: one after the other. */
  readonly everyMs?: number;
  readonly before: Heat;
}

export interface BenchRow extends Latencies {
  readonly threads: number;
  /** At the end of the measurement, of each group of cores. */
  readonly clocksMHz?: readonly number[];
  readonly hottestCelsius?: number;
}

/** What comes before the rows. */
export function headLines(facts: BenchFacts): string[] {
  const { board, cpu } = facts;
  const names = board === undefined || board === cpu ? cpu : `${board}, ${cpu}`;
  const lines: [string, string][] = [
    ['ghostnet', `${facts.ghostnet}, Node ${facts.node}, ${facts.platform}`],
    ['machine', `${names}; ${facts.cores} usable cores, ${(facts.memoryBytes / 1e9).toFixed(1)} GB`],
    ['system', [facts.distribution, facts.kernel].filter(Boolean).join(', ')],
    ...(facts.load === undefined
      ? []
      : [['load', `${facts.load.toFixed(2)} in the minute before: what else ran here`] as [string, string]]),
    ['kernels', facts.isa],
    ['model', `${facts.architecture}, ${facts.task}, ${classesText(facts.numClasses)}, ${facts.precision}`],
    ['input', `1x3x${facts.inputSize.join('x')}, ${(facts.macs / 1e6).toFixed(1)} million MACs`],
    ...facts.before.clocks.map((clock): [string, string] => ['clock', clockInWords(clock)]),
    [
      'measured',
      `${facts.everyMs === undefined ? 'one image at a time' : `an image every ${facts.everyMs} ms`}, for ${facts.seconds} s after ${Number((facts.seconds / 5).toFixed(2))} s to warm up`,
    ],
  ];
  return [
    ...lines.map(([name, value]) => `${name.padEnd(10)} ${value}`),
    '',
    'threads   runs    min ms    p50 ms    p90 ms    p99 ms    1/p50   at the end',
  ];
}

export function rowLine({ threads, runs, minMs, p50Ms, p90Ms, p99Ms, clocksMHz, hottestCelsius }: BenchRow): string {
  const latencies = [minMs, p50Ms, p90Ms, p99Ms].map((ms) => ms.toFixed(2).padStart(10)).join('');
  const end = [
    clocksMHz && `${clocksMHz.join('/')} MHz`,
    hottestCelsius !== undefined && `${hottestCelsius.toFixed(1)} °C`,
  ]
    .filter(Boolean)
    .join(', ');
  return `${String(threads).padStart(7)}${String(runs).padStart(7)}${latencies}${(1000 / p50Ms).toFixed(1).padStart(7)}/s   ${end || '-'}`;
}

/** What comes after the rows. */
export function endLines(before: Heat, after: Heat): string[] {
  return [
    '',
    ...after.temperatures.map(
      ({ zone, celsius }, i) =>
        `heat       ${zone}: ${celsiusOf(before.temperatures[i])}${celsius.toFixed(1)} °C after`,
    ),
    ...(after.throttled ? [`throttled  ${throttledInWords(after.throttled)}`] : []),
    `Please send this in, with --json too, to ${issueTracker()}.`,
  ];
}

function celsiusOf(before: Temperature | undefined): string {
  return before ? `${before.celsius.toFixed(1)} °C before, ` : '';
}

function clockInWords({ cpus, governor, minMHz, maxMHz }: Clock): string {
  const [first, last] = [cpus[0], cpus.at(-1)];
  const range = first === last ? `cpu ${first ?? '?'}` : `cpu ${first}-${last}`;
  const limits = minMHz !== undefined && maxMHz !== undefined ? `${minMHz} to ${maxMHz} MHz` : undefined;
  return `${range}: ${[governor, limits].filter(Boolean).join(', ')}`;
}

function throttledInWords({ bits, now, earlier }: Throttled): string {
  const parts = [
    now.length > 0 && `now: ${now.join(', ')}`,
    earlier.length > 0 && `earlier: ${earlier.join(', ')}`,
  ].filter(Boolean);
  return `${parts.length > 0 ? parts.join('; ') : 'no'} (${bits})`;
}
