import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchModel } from '../../lib/hub/index.js';
import { sha256, stallAfter, status, type Fault } from '../../testing/hub-server.js';
import { wanted, weights, server, settings, prepare } from './fetching.js';

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
