import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchModel } from '../../lib/hub/index.js';
import type { HubSettings } from '../../lib/hub/settings.js';
import { errorOf } from '../../testing/error-of.js';
import { freshCache, hashesOf, settingsFor, snapshotOf } from '../../testing/hub-cache.js';
import { HubServer } from '../../testing/hub-server.js';
import { folder, repository, wanted, files, server, settings, prepare, fetched } from './fetching.js';

describe('the hub refuses', () => {
  const refusal = async (name: string, revision = 'main', rest: Partial<HubSettings> = {}): Promise<string> => {
    prepare(rest);
    const error = await errorOf(fetchModel({ repository: name, revision }, {}, settings));
    expect(error.code).toBe('ERR_GHOST_HUB');
    expect(error.message).toMatch(/^[^\n]{20,500}[.?]$/);
    expect(existsSync(join(settings.cacheFolder, `models--${name.replace('/', '--')}`, 'refs'))).toBe(false);
    return error.message;
  };

  it('a name that it does not know', async () => {
    expect(await refusal('someone/nothing')).toMatch(/no file or folder here.*no model.*token in HF_TOKEN/);
    expect(await refusal('someone/nothing', 'main', { token: 'hf_abc' })).toMatch(/the token in use may not read it/);
    expect(await refusal('tim/ghostnetv2_10.in1k')).toMatch(/Did you mean timm\/ghostnetv2_100\.in1k\?$/);
    expect(server.asked).toHaveLength(3);
  });

  it('a revision that it does not know, even with another in the cache', async () => {
    server.add(repository, files);
    expect(await refusal(repository, 'v9')).toMatch(/someone\/their-model has no revision v9.*commits\/main/);
    await fetchModel(wanted, {}, settings);
    const main = server.repositories.get(repository)!.refs['main']!;
    delete server.repositories.get(repository)!.refs['main'];
    expect((await errorOf(fetchModel(wanted, {}, settings))).message).toMatch('no revision main');
    await fetchModel({ repository, revision: main }, {}, settings);
  });

  it('a gated model', async () => {
    server.add('someone/gated', files, { gated: true });
    expect(await refusal('someone/gated')).toMatch(/Accept them at http.*\/someone\/gated and set HF_TOKEN/);
    expect(await refusal('someone/gated', 'main', { token: 'hf_abc' })).toMatch(/with the account of the token/);
  });

  it('a private model to others than its owner', async () => {
    server.add('someone/private', files, { token: 'hf_right' });
    expect(await refusal('someone/private')).toMatch('HF_TOKEN');
    expect(await refusal('someone/private', 'main', { token: 'hf_wrong' })).toMatch('the token in use');
    const own = settingsFor(server, freshCache(folder), { token: 'hf_right' });
    const model = await fetchModel({ repository: 'someone/private', revision: 'main' }, {}, own);
    expect(snapshotOf(model.folder)).toEqual(hashesOf(files));
  });

  it('what holds no weights', async () => {
    server.add('someone/text', { 'README.md': Buffer.from('#'), 'config.json': Buffer.from('{}') });
    expect(await refusal('someone/text')).toMatch(
      /should hold model\.safetensors or pytorch_model\.bin, or the index of either, and does not/,
    );
  });
});

describe('the token', () => {
  it('goes to the hub and to no other host', async () => {
    server.add('someone/private', files, { token: 'hf_right' });
    await fetchModel(
      { repository: 'someone/private', revision: 'main' },
      {},
      settingsFor(server, freshCache(folder), { token: 'hf_right' }),
    );
    expect(new Set(server.asked.map(({ host, authorization }) => `${host} ${authorization ?? 'none'}`))).toEqual(
      new Set(['hub Bearer hf_right', 'cdn none']),
    );
  });

  it('stays behind when the hub leads elsewhere before it has told what the file is', async () => {
    const other = await HubServer.start();
    try {
      prepare({ token: 'hf_secret' });
      other.add(repository, files);
      for (const method of ['HEAD', 'GET'] as const) {
        for (const file of Object.keys(files)) {
          server.inject({
            host: 'hub',
            method,
            file,
            act: (response) =>
              void response.writeHead(308, { location: `${other.endpoint}/${repository}/resolve/main/${file}` }).end(),
            times: 9,
          });
        }
      }
      expect(await fetched()).toEqual(hashesOf(files));
      expect(other.asked.length).toBeGreaterThan(0);
      expect(other.asked.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
