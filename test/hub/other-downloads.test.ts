import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchModel } from '../../lib/hub/index.js';
import { errorOf } from '../../testing/error-of.js';
import { hashesOf } from '../../testing/hub-cache.js';
import { sha256, stallAfter, status } from '../../testing/hub-server.js';
import { wanted, files, weights, server, settings, prepare, fetched, partials, ranges } from './fetching.js';

describe('a download that somebody else began', () => {
  const left = (content: Buffer, ageMs: number): string => {
    const blobs = join(settings.cacheFolder, 'models--someone--their-model/blobs');
    const file = join(blobs, `${sha256(weights)}.ghostnet-1-abcdef.incomplete`);
    writeFileSync(file, content);
    const then = new Date(Date.now() - ageMs);
    utimesSync(file, then, then);
    return file;
  };
  /** A cache in which the weights are missing. */
  const begun = async (): Promise<void> => {
    prepare();
    server.inject({ host: 'cdn', act: status(503), times: 1000 });
    await errorOf(fetchModel(wanted, {}, settings));
    server.reset();
  };

  it('goes on where it was left', async () => {
    await begun();
    left(weights.subarray(0, 5000), 3_600_000);
    expect(await fetched()).toEqual(hashesOf(files));
    expect(ranges()).toEqual(['bytes=5000-']);
    expect(partials()).toEqual([]);
  });

  it('is left alone while somebody may work on it', async () => {
    await begun();
    const file = left(weights.subarray(0, 5000), 20_000);
    expect(await fetched()).toEqual(hashesOf(files));
    expect(ranges()).toEqual([undefined]);
    expect(readFileSync(file)).toHaveLength(5000);
  });

  it.each<[string, Buffer]>([
    ['has another content', Buffer.alloc(5000, 'x')],
    ['is longer than the file', Buffer.concat([weights, weights])],
    ['is as long and not the same', Buffer.alloc(weights.length)],
  ])('begins again where it %s', async (_, content) => {
    await begun();
    left(content, 3_600_000);
    expect(await fetched()).toEqual(hashesOf(files));
    expect(ranges().at(-1)).toBeUndefined();
    expect(partials()).toEqual([]);
  });

  it('is not fetched again where all of it is there', async () => {
    await begun();
    left(weights, 3_600_000);
    expect(await fetched()).toEqual(hashesOf(files));
    expect(ranges()).toEqual([]);
  });

  it('goes on at once where it was given up in order', async () => {
    prepare();
    const half = Math.floor(weights.length / 2);
    const controller = new AbortController();
    const reason = new Error('enough');
    server.inject({ host: 'cdn', act: stallAfter(0.5), times: 9 });
    const onProgress = ({ loadedBytes }: { loadedBytes: number }): void => {
      if (loadedBytes === half) controller.abort(reason);
    };
    await expect(fetchModel(wanted, { signal: controller.signal, onProgress }, settings)).rejects.toBe(reason);
    expect(partials()).toHaveLength(1);
    expect(statSync(join(settings.cacheFolder, partials()[0]!)).size).toBe(half);
    server.reset();
    expect(await fetched()).toEqual(hashesOf(files));
    expect(ranges()).toEqual([`bytes=${half}-`]);
    expect(partials()).toEqual([]);
  });
});
