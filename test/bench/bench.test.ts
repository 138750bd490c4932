import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

const program = ['build/ghostnet_bench', 'build/Release/ghostnet_bench.exe', 'build/Release/ghostnet_bench']
  .map(pathOf)
  .find((path) => existsSync(path));
if (!program) console.warn('Skipped: the benchmark program, which is not built. Build it with: npm run build:test');

/** bench/ is no part of the type check. */
interface Figures {
  verdict: (found: number, expected: number, slackPercent: number) => { passed: boolean; text: string };
  collected: (output: string) => number;
  topFunctions: (annotation: string, count: number) => { name: string; instructions: number }[];
}
const { verdict, collected, topFunctions } = (await import(
  new URL('../../bench/native/figures.js', import.meta.url).href
)) as Figures;

describe('the instruction check', () => {
  it.each<[number, boolean, RegExp]>([
    [102_100, false, /^102,100 instructions, expected 100,000: \+2\.10 %, and 2 % more are allowed\..*-- --record$/],
    [102_000, true, /^102,000 instructions, expected 100,000: \+2\.00 %\.$/],
    [98_000, true, /: -2\.00 %\.$/],
    [97_900, true, /: -2\.10 %\. A gain: record it.*-- --record$/],
  ])('judges %d of 100000 instructions', (found, passed, words) => {
    const judged = verdict(found, 100_000, 2);
    expect(judged.passed).toBe(passed);
    expect(judged.text).toMatch(words);
  });

  it('finds the sum in what callgrind prints, and no sum where nothing was counted', () => {
    expect(collected('==7== Events    : Ir\n==7== Collected : 58552851\n')).toBe(58_552_851);
    expect(() => collected('==7== Collected : 0\n')).toThrow(/counted nothing/);
    expect(() => collected('valgrind: unrecognised instruction')).toThrow(/unrecognised instruction/);
  });

  it('names functions shortly and adds up copies of one', () => {
    const annotation = [
      '100 (100.0%)  PROGRAM TOTALS',
      ' 1,030 (30.0%)  ???:ghostnet::(anonymous namespace)::Ghost::run(ghostnet::Worker&) const [/build/ghostnet_bench]',
      '    40 ( 4.0%)  ???:void ghostnet::avx2::tile<5, 16>(float const*, int) [clone .constprop.0] [/build/ghostnet_bench]',
      '     2 ( 0.2%)  ???:void ghostnet::avx2::tile<5, 16>(float const*, int) [/build/ghostnet_bench]',
      '     1 ( 0.1%)  ./string/memset.S:__memset_avx2 [/usr/lib/libc.so.6]',
    ].join('\n');
    expect(topFunctions(annotation, 3)).toEqual([
      { name: 'Ghost::run', instructions: 1030 },
      { name: 'avx2::tile<5, 16>', instructions: 42 },
      { name: '__memset_avx2', instructions: 1 },
    ]);
  });

  it.skipIf(!program)(
    'counts no more than is recorded',
    async ({ skip }) => {
      const { stdout, stderr } = await run(process.execPath, [pathOf('bench/native/instructions.js')]).catch(
        (error: unknown) => error as { stdout: string; stderr: string },
      );
      if (stdout.startsWith('Skipped')) skip(stdout.trim());
      expect(stdout + stderr).toMatch(/^[\d,]+ instructions, expected [\d,]+: [+-]\d+\.\d\d %\.(?: A gain.*)?\n$/m);
      expect(stdout).toMatch(/ % {2}\w+::pointwise_tile/);
    },
    300_000,
  );
});

describe.skipIf(!program)('ghostnet_bench --ablation', () => {
  it('finds every variant right and prints one row for each', async () => {
    const { stdout } = await run(program!, [
      '--ablation',
      '--width',
      '0.35',
      '--size',
      '97x64',
      '--threads',
      '2',
      '--rounds',
      '1',
    ]);
    const rows = stdout
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(1);
    const number = String.raw`\d+\.\d+`;
    const row = new RegExp(
      String.raw`^\| [a-z (]+[^|]* \| ${number} \| ${number} \| ${number} \.\.\. ${number} \| \d+ \| \d+ \|$`,
    );
    for (const line of rows) expect(line).toMatch(row);
    expect(rows).toHaveLength(10);
    expect(rows[0]).toMatch(/^\| \(the whole engine\) \| \S+ \| 1\.00 \| 1\.00 \.\.\. 1\.00 \|/);
    const arenaKib = (without: string): number =>
      Number(rows.find((line) => line.startsWith(`| ${without} `))!.split('|')[5]);
    for (const without of [
      'memory shared by lifetime',
      'blocks of 4 and 8 lanes',
      'row pipelines and channel groups',
    ]) {
      expect(arenaKib(without), without).toBeGreaterThan(arenaKib('(the whole engine)'));
    }
  });

  it('takes one image at a time', async () => {
    await expect(run(program!, ['--ablation', '--batch', '2'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('usage:'),
    });
  });
});
