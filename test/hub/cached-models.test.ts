import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachedModels } from '../../lib/hub/cached-models.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const cacheFolder = join(temporaryFolder(), 'hub');

function put(path: string, content: string): void {
  mkdirSync(dirname(join(cacheFolder, path)), { recursive: true });
  writeFileSync(join(cacheFolder, path), content);
}

describe('what the cache has', () => {
  it('is nothing where there is no cache', async () => {
    expect(await cachedModels({ cacheFolder: join(cacheFolder, 'nowhere') })).toEqual([]);
  });

  it('is each repository whose weights are there, of its newest snapshot', async () => {
    const zoo = 'models--zoo--net--v2/snapshots';
    put(`${zoo}/old/model.safetensors`, 'four');
    put(`${zoo}/new/pytorch_model.bin`, 'twelve bytes');
    put(`${zoo}/new/config.json`, '{"architecture": "ghostnetv2_100"}');
    put(`${zoo}/newest/config.json`, '{}');
    const long = new Date(1e12);
    utimesSync(join(cacheFolder, zoo, 'old'), long, long);
    put('models--a--linked/blobs/etag', 'abc');
    mkdirSync(join(cacheFolder, 'models--a--linked/snapshots/commit'), { recursive: true });
    symlinkSync('../../blobs/etag', join(cacheFolder, 'models--a--linked/snapshots/commit/model.safetensors'));
    put('models--a--broken/snapshots/commit/model.safetensors', '');
    put('models--a--broken/snapshots/commit/config.json', 'no JSON');
    put('models--b--no-weights/snapshots/commit/config.json', '{}');
    put('datasets--c--d/snapshots/commit/model.safetensors', 'no model');
    put('version.txt', '1');
    expect(await cachedModels({ cacheFolder })).toEqual([
      {
        repository: 'a/broken',
        folder: join(cacheFolder, 'models--a--broken/snapshots/commit'),
        sizeBytes: 0,
        architecture: undefined,
      },
      {
        repository: 'a/linked',
        folder: join(cacheFolder, 'models--a--linked/snapshots/commit'),
        sizeBytes: 3,
        architecture: undefined,
      },
      {
        repository: 'zoo/net--v2',
        folder: join(cacheFolder, zoo, 'new'),
        sizeBytes: 12,
        architecture: 'ghostnetv2_100',
      },
    ]);
  });
});
