import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const pathOf = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

const program = ['build/ghostnet_bench', 'build/Release/ghostnet_bench.exe', 'build/Release/ghostnet_bench'].map(pathOf).find((path) => existsSync(path));
if (!program) console.warn('Skipped: the benchmark program, which is not built. Build it with: npm run build:test');

describe.skipIf(!program)('ghostnet_bench --ablation', () => {
  it('finds every variant right and prints one row for each', async () => {
    const { stdout } = await run(program!, ['--ablation', '--width', '0.35', '--size', '97x64', '--threads', '2', '--rounds', '1']);
    const rows = stdout.split('\n').filter((line) => line.startsWith('| ')).slice(1);
    const number = String.raw`\d+\.\d+`;
    const row = new RegExp(String.raw`^\| [a-z (]+[^|]* \| ${number} \| ${number} \| ${number} \.\.\. ${number} \| ${number} \| \d+ \| \d+ \|$`);
    for (const line of rows) expect(line).toMatch(row);
    expect(rows).toHaveLength(10);
    expect(rows[0]).toMatch(/^\| \(the whole engine\) \| \S+ \| 1\.00 \| 1\.00 \.\.\. 1\.00 \| 0\.000 \|/);
    const arenaKib = (without: string): number => Number(rows.find((line) => line.startsWith(`| ${without} `))!.split('|')[6]);
    for (const without of ['memory shared by lifetime', 'blocks of 4 and 8 lanes', 'row pipelines and channel groups']) {
      expect(arenaKib(without), without).toBeGreaterThan(arenaKib('(the whole engine)'));
    }
    // Only without fusion is anything left to the reference.
    for (const line of rows) expect(/\| 0\.000 \|/.test(line), line).toBe(!line.includes('(*)'));
  });

  it('takes one image at a time', async () => {
    await expect(run(program!, ['--ablation', '--batch', '2'])).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('usage:') });
  });
});
