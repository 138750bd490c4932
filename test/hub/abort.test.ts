import { getEventListeners } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchModel } from '../../lib/hub/index.js';
import { cutAfter, sha256, stallAfter, status, type Fault } from '../../testing/hub-server.js';
import { PartialFile } from '../../lib/hub/partial.js';
import { wanted, weights, server, settings, prepare } from './fetching.js';

afterEach(() => void vi.restoreAllMocks());

describe('AbortSignal', () => {
  it.each<[string, Fault]>([
    ['while the hub is asked', { host: 'hub', method: 'HEAD', act: () => undefined }],
    ['while the content is asked for', { host: 'cdn', act: () => undefined }],
    ['while the content comes', { host: 'cdn', act: stallAfter(0.5) }],
    ['while a second attempt is waited for', { host: 'cdn', act: status(429, { 'retry-after': '30' }), times: 9 }],
  ])('ends it %s', async (_, fault) => {
    prepare();
    const controller = new AbortController();
    const reason = { any: 'reason' };
    server.inject({
      ...fault,
      act: async (...rest) => {
        await fault.act(...rest);
        setTimeout(() => controller.abort(reason), 50);
      },
    });
    await expect(fetchModel(wanted, { signal: controller.signal }, settings)).rejects.toBe(reason);
    const blobs = join(settings.cacheFolder, 'models--someone--their-model/blobs');
    expect(existsSync(blobs) ? readdirSync(blobs).filter((name) => name === sha256(weights)) : []).toEqual([]);
  });

  it.each<[string, Fault[]]>([
    [
      'the content cannot be written',
      [
        { host: 'cdn', act: cutAfter(0.5) },
        { host: 'cdn', act: (response) => void response.writeHead(200).write(weights) },
      ],
    ],
    [
      'the hub leads to an address that is none',
      [
        {
          host: 'hub',
          method: 'GET',
          act: (response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).write('see there'),
        },
      ],
    ],
  ])('keeps nothing of a download that failed because %s', async (_, faults) => {
    prepare();
    faults.forEach((fault) => server.inject(fault));
    vi.spyOn(PartialFile.prototype, 'restart').mockRejectedValue(new Error('no place'));
    const { signal } = new AbortController();
    await expect(fetchModel(wanted, { signal }, settings)).rejects.toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does not fall back on the cache', async () => {
    prepare();
    await fetchModel(wanted, {}, settings);
    const controller = new AbortController();
    server.inject({ host: 'hub', act: () => controller.abort() });
    await expect(fetchModel(wanted, { signal: controller.signal }, settings)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
