import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { threadCounts } from '../../lib/cli/commands/bench.js';
import { endLines, headLines, rowLine } from '../../lib/cli/bench/report.js';
import { measureLatencies, summarise } from '../../lib/cli/bench/latencies.js';
import { load } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';

const bench = (...args: string[]): Promise<Ended> => runNode([builtCommand, 'bench', '--seconds', '0.05', ...args]);

describe('latencies', () => {
  it('are summarised by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) + 1);
    expect(summarise(hundred)).toEqual({ runs: 100, minMs: 1, p50Ms: 50, p90Ms: 90, p99Ms: 99 });
    expect(summarise([3, 1, 2])).toEqual({ runs: 3, minMs: 1, p50Ms: 2, p90Ms: 3, p99Ms: 3 });
    expect(summarise([5])).toEqual({ runs: 1, minMs: 5, p50Ms: 5, p90Ms: 5, p99Ms: 5 });
  });

  it('are those of single runs after the warm-up', async () => {
    const [warmUpRuns, runs] = [3, 20];
    let calls = 0;
    let under = 0;
    const slowAtFirst = async (): Promise<void> => {
      expect(under++).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, calls++ < warmUpRuns ? 60 : 5));
      under--;
    };
    const found = await measureLatencies(slowAtFirst, 0.001);
    expect(calls).toBe(warmUpRuns + runs);
    expect(found.runs).toBe(runs);
    expect(found.minMs).toBeGreaterThan(4);
    expect(found.p50Ms).toBeLessThan(55);
  });

  it('are those of runs that begin in time, and none of them before the last one has ended', async () => {
    const starts: number[] = [];
    const run = async (): Promise<void> => {
      starts.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, starts.length % 2 === 0 ? 30 : 1));
    };
    await measureLatencies(run, 0.001, 15);
    // Timers count whole milliseconds, from the beginning of their turn of the event loop.
    for (const [i, start] of starts.entries())
      if (i > 0) expect(start - starts[i - 1]!).toBeGreaterThan(i % 2 === 0 ? 27 : 12);
  });
});

describe('the numbers of threads', () => {
  it.each([
    [1, [1]],
    [4, [1, 2, 3, 4]],
    [8, [1, 2, 3, 4, 5, 6, 7, 8]],
    [10, [1, 2, 4, 8, 10]],
    [64, [1, 2, 4, 8, 16, 32, 64]],
  ])('for %i cores', (cores, expected) => expect(threadCounts(cores)).toEqual(expected));
});

describe('the report of a Raspberry Pi', () => {
  const clocks = [{ cpus: [0, 1, 2, 3], governor: 'ondemand', currentMHz: 600, minMHz: 600, maxMHz: 1800 }];
  const before = {
    clocks,
    temperatures: [{ zone: 'cpu-thermal', celsius: 41.25 }],
    throttled: { bits: '0x0', now: [], earlier: [] },
  };
  const facts = {
    board: 'Raspberry Pi 4 Model B Rev 1.4',
    distribution: 'Debian GNU/Linux 12 (bookworm)',
    kernel: 'Linux 6.6.31+rpt-rpi-v8 aarch64',
    memoryBytes: 3.98e9,
    load: 0.3,
    ghostnet: '1.2.3',
    node: 'v22.1.0',
    platform: 'linux arm64',
    cpu: 'Raspberry Pi 4 Model B Rev 1.4',
    cores: 4,
    isa: 'neon',
    architecture: 'ghostnetv2_100',
    task: 'classification',
    numClasses: 1000,
    precision: 'fp32',
    inputSize: [224, 192],
    macs: 143.2e6,
    seconds: 5,
    before,
  } as const;

  it('begins with the facts', () => {
    expect(headLines(facts)).toEqual([
      'ghostnet   1.2.3, Node v22.1.0, linux arm64',
      'machine    Raspberry Pi 4 Model B Rev 1.4; 4 usable cores, 4.0 GB',
      'system     Debian GNU/Linux 12 (bookworm), Linux 6.6.31+rpt-rpi-v8 aarch64',
      'load       0.30 in the minute before: what else ran here',
      'kernels    neon',
      'model      ghostnetv2_100, classification, 1000 classes, fp32',
      'input      1x3x224x192, 143.2 million MACs',
      'clock      cpu 0-3: ondemand, 600 to 1800 MHz',
      'measured   one image at a time, for 5 s after 1 s to warm up',
      '',
      'threads   runs    min ms    p50 ms    p90 ms    p99 ms    1/p50   at the end',
    ]);
  });

  it('has a row for each number of threads', () => {
    const row = { threads: 4, runs: 231, minMs: 20.123, p50Ms: 21.5, p90Ms: 24, p99Ms: 130.999 };
    expect(rowLine({ ...row, clocksMHz: [1500, 1800], hottestCelsius: 63.3 })).toBe(
      '      4    231     20.12     21.50     24.00    131.00   46.5/s   1500/1800 MHz, 63.3 °C',
    );
    expect(rowLine(row)).toMatch(/46\.5\/s {3}-$/);
  });

  it('says how often an image began', () => {
    expect(headLines({ ...facts, everyMs: 33 })).toContain(
      'measured   an image every 33 ms, for 5 s after 1 s to warm up',
    );
  });

  it('ends with heat, throttling and where to send it', () => {
    const throttled = { bits: '0x50005', now: ['under-voltage', 'throttled'], earlier: ['under-voltage', 'throttled'] };
    const after = { clocks, temperatures: [{ zone: 'cpu-thermal', celsius: 80.01 }], throttled };
    expect(endLines(before, after)).toEqual([
      '',
      'heat       cpu-thermal: 41.3 °C before, 80.0 °C after',
      'throttled  now: under-voltage, throttled; earlier: under-voltage, throttled (0x50005)',
      expect.stringMatching(/^Please send this in, with --json too, to .+\.$/),
    ]);
    expect(endLines(before, before)[2]).toBe('throttled  no (0x0)');
    expect(endLines({ clocks: [], temperatures: [] }, { clocks: [], temperatures: [] })).toEqual([
      '',
      expect.stringMatching(/^Please send this in, with --json too, to .+\.$/),
    ]);
  });
});

describe('ghostnet bench', () => {
  it('prints a table', async () => {
    const { stdout, stderr, code } = await bench('--threads', '1,2');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    await using model = await load();
    const { info, config } = model;
    expect(stdout).toMatch(
      new RegExp(`^ghostnet +\\S+, Node ${process.version}, ${process.platform} ${process.arch}$`, 'm'),
    );
    expect(stdout).toMatch(/^machine +.*; \d+ usable cores, \d+\.\d GB$/m);
    expect(stdout).toContain(info.cpu);
    expect(stdout).toMatch(new RegExp(`^kernels +${info.isa}$`, 'm'));
    expect(stdout).toMatch(
      new RegExp(`^model +${config.architecture}, classification, ${config.numClasses} classes, fp32$`, 'm'),
    );
    const [height, width] = config.preprocess.inputSize;
    expect(stdout).toMatch(
      new RegExp(`^input +1x3x${height}x${width}, ${(info.macs / 1e6).toFixed(1)} million MACs$`, 'm'),
    );
    const rows = stdout.split('\n').filter((line) => /^ +\d+ +\d+ +\d/.test(line));
    expect(rows.map((row) => Number(row.slice(0, 7)))).toEqual([1, 2]);
    for (const row of rows) expect(row).toMatch(/^ +\d+ +\d+( +\d+\.\d\d){4} +\d+\.\d\/s {3}(\S.*)$/);
    expect(stdout).toMatch(/Please send this in.*\n$/);
  });

  it('prints JSON of any model and size', async () => {
    const file = join(temporaryFolder(), 'model.safetensors');
    writeFileSync(file, savedTensors(syntheticStateDict(1, 0.5, 10)));
    const { stdout, stderr, code } = await bench('--json', '--model', file, '--size', '64x96', '--threads', '2');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const found = JSON.parse(stdout) as { rows: Record<string, number>[]; macs: number } & Record<string, unknown>;
    await using model = await load(file);
    expect(found).toMatchObject({
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      isa: model.info.isa,
      architecture: model.config.architecture,
      numClasses: 10,
      inputSize: [64, 96],
      seconds: 0.05,
      before: { clocks: expect.any(Array), temperatures: expect.any(Array) },
      after: { clocks: expect.any(Array), temperatures: expect.any(Array) },
    });
    expect(found.macs).toBe(model.plan([64, 96]).steps.reduce((sum, { macs }) => sum + macs, 0));
    expect(found.rows).toEqual([expect.objectContaining({ threads: 2 })]);
    const { runs, minMs, p50Ms, p90Ms, p99Ms } = found.rows[0] as Record<
      'runs' | 'minMs' | 'p50Ms' | 'p90Ms' | 'p99Ms',
      number
    >;
    expect(runs).toBeGreaterThanOrEqual(20);
    expect(minMs).toBeGreaterThan(0);
    expect([minMs, p50Ms, p90Ms, p99Ms]).toEqual([minMs, p50Ms, p90Ms, p99Ms].sort((a, b) => a - b));
  });

  it('begins an image every so many milliseconds', async () => {
    const { stdout } = await bench('--json', '--threads', '2', '--every', '12.5');
    expect(JSON.parse(stdout)).toMatchObject({ everyMs: 12.5, rows: [{ threads: 2 }] });
  });

  it('uses the kernels that are forced', async () => {
    const args = [builtCommand, 'bench', '--json', '--seconds', '0.01', '--threads', '1'];
    const { stdout } = await runNode(args, { GHOSTNET_ISA: 'plain' });
    expect((JSON.parse(stdout) as { isa: string }).isa).toBe('plain');
  });

  it.each<[string[], number, RegExp]>([
    [['--threads', '1,two'], 2, /--threads.*1,two/],
    [['--threads', '0'], 2, /--threads/],
    [['--size', '1x2x3'], 2, /--size/],
    [['--size', 'large'], 2, /--size/],
    [['--seconds', '-1'], 2, /--seconds/],
    [['--seconds', 'NaN'], 2, /--seconds/],
    [['--every', '0'], 2, /--every/],
    [['--size', '10'], 1, /10 x 10 pixels is too small/],
    [['--model', 'no-such-file'], 1, /no-such-file does not exist/],
  ])('refuses %s', async (args, expectedCode, words) => {
    const { stdout, stderr, code } = await bench(...args);
    expect({ stdout, code }).toEqual({ stdout: '', code: expectedCode });
    expect(stderr).toMatch(/^ghostnet: [^\n]*[^.\n]\.\n$/);
    expect(stderr).toMatch(words);
  });
});
