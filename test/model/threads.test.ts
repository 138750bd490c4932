import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cpu } from '../../lib/native/native.js';
import { runProgram } from '../../testing/programs.js';

const canSetCores = process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0;
if (!canSetCores) console.warn('Skipped: threads on changing cores, which needs Linux and taskset.');

interface Found {
  threads: number;
  active: [number, number, number];
  disposed: number;
  differences: number;
  all: string;
  masks: string[];
  listed: string[];
}

describe('threads that were asked for', () => {
  it.skipIf(!canSetCores)(
    'compute as far as there are cores, which may change, and leave all affinity masks alone',
    async () => {
      const { stdout } = await runProgram('active-threads.mjs');
      const found = JSON.parse(stdout) as Found;
      expect(found).toMatchObject({ threads: 8, disposed: 0, differences: 0, masks: [found.all] });
      expect(found.listed).toContain('activeThreads');
      const [before, onOne, after] = found.active;
      expect(onOne).toBe(1);
      // Fewer than there are cores only where other programs keep these busy.
      for (const active of [before, after]) {
        expect(active).toBeGreaterThanOrEqual(1);
        expect(active).toBeLessThanOrEqual(Math.min(8, cpu().cores));
      }
    },
  );
});
