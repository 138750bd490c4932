import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isSettled, OpenFile } from '../../lib/formats/open-file.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

afterEach(() => void vi.useRealTimers());

/** As it is `ms` after the file's last change. */
async function openedAfter(ms: number, path: string): Promise<OpenFile> {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(statSync(path).ctimeMs) + ms });
  return OpenFile.open(path, 100);
}

describe('an open file', () => {
  it('has another stamp once it has been written to, even where its size and time are the old ones', async () => {
    const path = join(folder, 'overwritten');
    writeFileSync(path, 'before');
    utimesSync(path, 1, 1);
    const file = await openedAfter(100, path);
    expect(await file.isUnchanged()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(path, 'behind');
    utimesSync(path, 1, 1);
    expect(await file.isUnchanged()).toBe(false);
    const again = await OpenFile.open(path, 100);
    expect(again.stamp).not.toBe(file.stamp);
    for (const each of [file, again]) await each.close();
  });

  it('is not known to be unchanged where it was written to just before', async () => {
    const path = join(folder, 'young');
    writeFileSync(path, 'young');
    const file = await openedAfter(5, path);
    vi.useRealTimers();
    expect(await file.isUnchanged()).toBe(false);
    await file.close();
  });

  it.each([
    ['a clock of milliseconds', 1_000_000_004_000_000n, 1_000_000_020, false],
    ['a clock of milliseconds', 1_000_000_004_000_000n, 1_000_000_021, true],
    ['a clock of seconds', 1_000_000_000_000_000n, 1_000_002_000, false],
    ['a clock of seconds', 1_000_000_000_000_000n, 1_000_002_001, true],
    ["another machine's clock, which is ahead", 1_000_000_004_000_000n, 999_000_000, false],
  ])('is settled a tick after its last change: %s, %d ns, %d ms', (_, ctimeNs, nowMs, expected) => {
    expect(isSettled(ctimeNs, nowMs)).toBe(expected);
  });
});
