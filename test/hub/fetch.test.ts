import { mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetchModel } from '../../lib/hub/index.js';
import type { LoadProgress } from '../../lib/hub/download.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { filesIn, freshCache, hashesOf, settingsFor, smallModel, snapshotOf } from '../../testing/hub-cache.js';
import { commitOf, gitBlobHash, HubServer, sha256 } from '../../testing/hub-server.js';

const folder = temporaryFolder();
const repository = 'someone/their-model';
const wanted = { repository, revision: 'main' };
const files = smallModel();
const commit = commitOf(repository);
let server: HubServer;

beforeAll(async () => {
  server = await HubServer.start();
  server.add(repository, files);
});
afterEach(() => server.reset());
afterAll(() => server.stop());

const askedFor = (): string[] =>
  server.asked.map(({ host, method, path }) => `${host} ${method} ${path.split('/').at(-1)!.replace(/\?.*/, '')}`);

describe('fetchModel', () => {
  it("writes the layout of Hugging Face's libraries", async () => {
    const cache = freshCache(folder);
    const fetched = await fetchModel(wanted, {}, settingsFor(server, cache));
    const base = 'models--someone--their-model';
    expect(fetched).toEqual({ ...wanted, commit, folder: join(cache, base, 'snapshots', commit) });
    const [config, weights] = [gitBlobHash(files['config.json']!), sha256(files['model.safetensors']!)];
    expect(filesIn(cache)).toEqual(
      [
        `${base}/blobs/${config}`,
        `${base}/blobs/${weights}`,
        `${base}/refs/main`,
        `${base}/snapshots/${commit}/config.json`,
        `${base}/snapshots/${commit}/model.safetensors`,
      ].sort(),
    );
    expect(readFileSync(join(cache, base, 'refs/main'), 'utf8')).toBe(commit);
    expect(readlinkSync(join(fetched.folder, 'model.safetensors'))).toBe(join('../../blobs', weights));
    expect(snapshotOf(fetched.folder)).toEqual(hashesOf(files));
  });

  it('asks once when the commit is in the cache, and not at all for a commit or when it is offline', async () => {
    const settings = settingsFor(server, freshCache(folder));
    const fetched = await fetchModel(wanted, {}, settings);
    server.reset();
    expect(await fetchModel(wanted, {}, settings)).toEqual(fetched);
    // Once, and where the redirection leads.
    expect(askedFor()).toEqual(['hub HEAD config.json', 'hub HEAD config.json']);
    server.reset();
    expect(await fetchModel({ ...wanted, revision: commit }, {}, settings)).toEqual({ ...fetched, revision: commit });
    expect(await fetchModel(wanted, {}, { ...settings, offline: true })).toEqual(fetched);
    expect(server.asked).toEqual([]);
  });

  it('fetches a new commit, of which it downloads what is new', async () => {
    const name = 'someone/moving';
    const settings = settingsFor(server, freshCache(folder));
    const moving = server.add(name, files);
    const first = await fetchModel({ repository: name, revision: 'main' }, {}, settings);
    const next = commitOf('next');
    moving.commits[next] = { ...files, 'config.json': smallModel('new')['config.json']! };
    moving.refs['main'] = next;
    server.reset();
    const second = await fetchModel({ repository: name, revision: 'main' }, {}, settings);
    expect(second.commit).toBe(next);
    expect(snapshotOf(second.folder)).toEqual(hashesOf(moving.commits[next]));
    expect(snapshotOf(first.folder)).toEqual(hashesOf(files));
    expect(askedFor().filter((line) => line.includes('GET') && line.includes('model'))).toEqual([]);
    expect((await fetchModel({ repository: name, revision: 'main' }, {}, { ...settings, offline: true })).commit).toBe(
      next,
    );
  });

  it.each(['v1.0', 'refs/pr/7', 'a-branch'])('takes revision %s', async (revision) => {
    const name = 'someone/tagged';
    const settings = settingsFor(server, freshCache(folder));
    const older = commitOf('older');
    server.add(name, files, {
      commits: { [commit]: files, [older]: smallModel(revision) },
      refs: { main: commit, [revision]: older },
    });
    const fetched = await fetchModel({ repository: name, revision }, {}, settings);
    expect(fetched.commit).toBe(older);
    expect(snapshotOf(fetched.folder)).toEqual(hashesOf(smallModel(revision)));
    expect((await fetchModel({ repository: name, revision }, {}, { ...settings, offline: true })).commit).toBe(older);
  });

  it('takes pytorch_model.bin where there is no model.safetensors, and does without config.json', async () => {
    const bin = { 'pytorch_model.bin': Buffer.from('a pickle') };
    server.add('someone/old', bin);
    const settings = settingsFor(server, freshCache(folder));
    const fetched = await fetchModel({ repository: 'someone/old', revision: 'main' }, {}, settings);
    expect(snapshotOf(fetched.folder)).toEqual(hashesOf(bin));
    // That there is no config.json is remembered.
    expect(
      await fetchModel({ repository: 'someone/old', revision: 'main' }, {}, { ...settings, offline: true }),
    ).toEqual(fetched);
    expect(filesIn(settings.cacheFolder)).toContain(`models--someone--old/.no_exist/${fetched.commit}/config.json`);
  });

  it('prefers model.safetensors', async () => {
    server.add('someone/both', {
      ...files,
      'pytorch_model.bin': Buffer.from('a pickle'),
      'README.md': Buffer.from('#'),
    });
    const fetched = await fetchModel(
      { repository: 'someone/both', revision: 'main' },
      {},
      settingsFor(server, freshCache(folder)),
    );
    expect(Object.keys(snapshotOf(fetched.folder))).toEqual(['config.json', 'model.safetensors']);
  });

  it('tells its progress, up to the last byte, and nothing of what is in the cache', async () => {
    const settings = settingsFor(server, freshCache(folder));
    const told: LoadProgress[] = [];
    await fetchModel(wanted, { onProgress: (progress) => void told.push(progress) }, settings);
    for (const [file, content] of Object.entries(files)) {
      const own = told.filter((progress) => progress.file === file);
      expect(own[0]).toEqual({ file, loadedBytes: 0, totalBytes: content.length });
      expect(own.at(-1)).toEqual({ file, loadedBytes: content.length, totalBytes: content.length });
      expect(own.map(({ loadedBytes }) => loadedBytes)).toEqual(
        own.map(({ loadedBytes }) => loadedBytes).sort((a, b) => a - b),
      );
    }
    told.length = 0;
    await fetchModel(wanted, { onProgress: (progress) => void told.push(progress) }, settings);
    expect(told).toEqual([]);
  });

  it('hands on what onProgress throws', async () => {
    const settings = settingsFor(server, freshCache(folder));
    const own = new Error('no more');
    const onProgress = (): never => {
      throw own;
    };
    await expect(fetchModel(wanted, { onProgress }, settings)).rejects.toBe(own);
  });

  it('copies where links are refused', async () => {
    const settings = settingsFor(server, freshCache(folder), { symlinks: false });
    const { folder: snapshot } = await fetchModel(wanted, {}, settings);
    expect(() => readlinkSync(join(snapshot, 'config.json'))).toThrow('EINVAL');
    expect(snapshotOf(snapshot)).toEqual(hashesOf(files));
  });

  it('reads and mends a cache that others have written to', async () => {
    const settings = settingsFor(server, freshCache(folder));
    const { folder: snapshot } = await fetchModel(wanted, {}, settings);
    const offline = { ...settings, offline: true };
    // A blob that is gone leaves a link that leads nowhere.
    const blob = join(snapshot, '../../blobs', sha256(files['model.safetensors']!));
    rmSync(blob);
    expect((await errorOf(fetchModel(wanted, {}, offline))).message).toMatch('not all of it');
    await fetchModel(wanted, {}, settings);
    expect(snapshotOf(snapshot)).toEqual(hashesOf(files));
    // Half a blob, of a program that was less careful, under a link to another place.
    rmSync(join(snapshot, 'model.safetensors'));
    symlinkSync('nowhere', join(snapshot, 'model.safetensors'));
    writeFileSync(blob, 'half');
    await fetchModel(wanted, {}, settings);
    expect(snapshotOf(snapshot)).toEqual(hashesOf(files));
    // A ref that makes no sense.
    writeFileSync(join(snapshot, '../../refs/main'), 'what?');
    expect((await errorOf(fetchModel(wanted, {}, offline))).code).toBe('ERR_GHOST_HUB');
    await fetchModel(wanted, {}, settings);
    await fetchModel(wanted, {}, offline);
  });

  it('does not take the weights of a snapshot that lacks its config.json', async () => {
    const settings = settingsFor(server, freshCache(folder));
    const snapshot = join(settings.cacheFolder, 'models--someone--their-model/snapshots', commit);
    mkdirSync(snapshot, { recursive: true });
    writeFileSync(join(snapshot, 'model.safetensors'), files['model.safetensors']!);
    const { message } = await errorOf(fetchModel({ ...wanted, revision: commit }, {}, { ...settings, offline: true }));
    expect(message).toMatch(/someone\/their-model .*HF_HUB_OFFLINE is set.*ghostnet pull/);
    await fetchModel({ ...wanted, revision: commit }, {}, settings);
    expect(snapshotOf(snapshot)).toEqual(hashesOf(files));
  });
});
