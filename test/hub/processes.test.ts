import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetchModel, type FetchedModel } from '../../lib/hub/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { runNode } from '../../testing/programs.js';
import {
  environmentFor,
  filesIn,
  freshCache,
  hashesOf,
  settingsFor,
  smallModel,
  snapshotOf,
} from '../../testing/hub-cache.js';
import { commitOf, gitBlobHash, HubServer, sha256, slowly, status } from '../../testing/hub-server.js';

const folder = temporaryFolder();
const repository = 'someone/their-model';
const files = smallModel();
const weights = files['model.safetensors']!;
const repositoryFolder = 'models--someone--their-model';
let server: HubServer;

beforeAll(async () => {
  server = await HubServer.start();
  server.add(repository, files);
});
afterEach(() => server.reset());
afterAll(() => server.stop());

const program = (name: string): string => fileURLToPath(new URL(`../../testing/programs/${name}`, import.meta.url));

const environment = (cache: string): Record<string, string> => environmentFor(server, cache);

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What a process of its own gets. `preload` changes what it finds. */
async function fetchedByProcess(
  cache: string,
  preload?: string,
  env: Record<string, string> = {},
): Promise<FetchedModel & Refusal> {
  const args = [...(preload ? ['--import', program(preload)] : []), program('fetch-model.mjs'), repository];
  const { stdout, stderr, code } = await runNode(args, { ...environment(cache), ...env });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as FetchedModel & Refusal;
}

/** Whatever happened: what has its name is whole. */
function expectSoundCache(cache: string): void {
  if (!existsSync(join(cache, repositoryFolder))) return;
  for (const file of filesIn(join(cache, repositoryFolder))) {
    if (file.endsWith('.incomplete')) continue;
    const content = readFileSync(join(cache, repositoryFolder, file));
    if (file.startsWith('blobs/')) expect([sha256(content), gitBlobHash(content)], file).toContain(basename(file));
    if (file.startsWith('snapshots/')) expect(sha256(content), file).toBe(sha256(files[basename(file)]!));
    if (file.startsWith('refs/')) expect(content.toString()).toBe(commitOf(repository));
  }
}

describe('several processes at once', () => {
  it('all get the model, and leave one', async () => {
    const cache = freshCache(folder);
    server.inject({ host: 'cdn', act: slowly(4, 100), times: 3 });
    const models = await Promise.all(Array.from({ length: 6 }, () => fetchedByProcess(cache)));
    for (const model of models) {
      expect(model).toEqual({
        repository,
        revision: 'main',
        commit: commitOf(repository),
        folder: join(cache, repositoryFolder, 'snapshots', commitOf(repository)),
      });
    }
    expect(snapshotOf(models[0]!.folder)).toEqual(hashesOf(files));
    expect(filesIn(cache)).toHaveLength(5);
  });
});

describe('kill -9', () => {
  /** Starts a process, which is killed as soon as the server says so. */
  async function killedProcess(cache: string, until: (kill: () => void) => void): Promise<void> {
    const child = spawn(process.execPath, [program('fetch-model.mjs'), repository], {
      env: { ...process.env, ...environment(cache) },
      stdio: 'ignore',
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    until(() => child.kill('SIGKILL'));
    expect(await ended).toBe('SIGKILL');
  }

  it.each([
    ['as it asks for config.json', 'hub', 'HEAD', 'config.json', 0],
    ['as config.json comes', 'hub', 'GET', 'config.json', 0.5],
    ['as it asks for the weights', 'hub', 'HEAD', 'model.safetensors', 0],
    ['before the first byte of the weights', 'cdn', 'GET', '', 0],
    ['after a tenth of the weights', 'cdn', 'GET', '', 0.1],
    ['with a byte of the weights missing', 'cdn', 'GET', '', 1 - 1 / weights.length],
  ] as const)('%s leaves nothing wrong', async (_, host, method, file, share) => {
    const cache = freshCache(folder);
    await killedProcess(cache, (kill) => {
      server.inject({
        host,
        method,
        ...(file && { file }),
        act: (response, content) => {
          response.writeHead(200, { 'content-length': content.length });
          response.write(content.subarray(0, Math.floor(content.length * share)), () => setTimeout(kill, 30));
        },
      });
    });
    expectSoundCache(cache);
    expect(
      snapshotOf((await fetchModel({ repository, revision: 'main' }, {}, settingsFor(server, cache))).folder),
    ).toEqual(hashesOf(files));
    expectSoundCache(cache);
  });

  it('at any moment after the last byte leaves nothing wrong', async () => {
    for (const delayMs of [0, 1, 2, 4, 7]) {
      const cache = freshCache(folder);
      const ended = killedProcess(cache, (kill) => {
        server.inject({
          host: 'cdn',
          act: (response, content) => {
            response.writeHead(200, { 'content-length': content.length });
            // The last byte on its own: then all that is left is to check, to rename and to link.
            response.write(content.subarray(0, -1), () =>
              setTimeout(() => response.end(content.subarray(-1), () => setTimeout(kill, delayMs)), 50),
            );
          },
        });
      });
      // A process that was quicker than the signal has ended well, which is no less sound.
      await ended.catch(() => undefined);
      expectSoundCache(cache);
      expect(
        snapshotOf((await fetchModel({ repository, revision: 'main' }, {}, settingsFor(server, cache))).folder),
      ).toEqual(hashesOf(files));
    }
  });
});

describe('a disk', () => {
  it('that is full is named, and nothing is left on it', async () => {
    const cache = freshCache(folder);
    const { code, message } = await fetchedByProcess(cache, 'faulty-disk.mjs', { DISK_FAULT: 'write ENOSPC 100000' });
    expect(code).toBe('ERR_GHOST_HUB');
    expect(message).toBe(
      `The cache ${cache} cannot take the model: the disk is full. Make room there, or set HF_HUB_CACHE to another folder.`,
    );
    expectSoundCache(cache);
    expect(filesIn(cache).filter((name) => name.includes(sha256(weights)))).toEqual([]);
    expect(snapshotOf((await fetchedByProcess(cache)).folder)).toEqual(hashesOf(files));
  });

  it('that is full indeed', async ({ skip }) => {
    const mountPoint = freshCache(folder);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mountPoint], { stdio: 'ignore' });
    } catch {
      skip('A small file system to fill up can be mounted by root on Linux alone');
    }
    try {
      const { message } = await fetchedByProcess(mountPoint);
      expect(message).toContain('the disk is full');
      expectSoundCache(mountPoint);
      expect(filesIn(mountPoint).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
    } finally {
      execFileSync('umount', [mountPoint]);
    }
  });

  it.each([
    ['read-only', 'mkdir EROFS', /the file system is read-only\. Make it writable, or set HF_HUB_CACHE/],
    ["another user's", 'mkdir EACCES', /permission is denied\. Make it writable, or set HF_HUB_CACHE/],
    ['out of quota', 'open EDQUOT', /the quota of disk space is used up/],
    ['broken', 'rename EIO', /EIO: simulated, rename\. Make it a folder that can be written/],
  ])('that is %s', async (_, fault, words) => {
    const cache = freshCache(folder);
    const { code, message } = await fetchedByProcess(cache, 'faulty-disk.mjs', { DISK_FAULT: fault });
    expect(code).toBe('ERR_GHOST_HUB');
    expect(message).toMatch(words);
    expect(message).toContain(cache);
  });

  it('of which the cache is a file', async () => {
    const cache = join(folder, 'a file');
    writeFileSync(cache, '');
    expect((await fetchedByProcess(cache)).message).toMatch(/a file cannot take the model: (ENOTDIR|EEXIST)/);
  });

  it('that refuses links gets copies', async () => {
    const cache = freshCache(folder);
    const model = await fetchedByProcess(cache, 'faulty-disk.mjs', { DISK_FAULT: 'symlink EPERM' });
    expect(snapshotOf(model.folder)).toEqual(hashesOf(files));
    expect(filesIn(cache).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  });

  it('that is read-only gives what is in the cache, of the newest commit and of an older one', async () => {
    const cache = freshCache(folder);
    const model = await fetchedByProcess(cache);
    for (const call of ['mkdir', 'open', 'writeFile', 'rename']) {
      expect(await fetchedByProcess(cache, 'faulty-disk.mjs', { DISK_FAULT: `${call} EROFS` }), call).toEqual(model);
    }
    const moving = server.repositories.get(repository)!;
    const newer = commitOf('newer');
    moving.commits[newer] = smallModel('newer');
    moving.refs['main'] = newer;
    try {
      expect(await fetchedByProcess(cache, 'faulty-disk.mjs', { DISK_FAULT: 'mkdir EROFS' })).toEqual(model);
    } finally {
      moving.refs['main'] = commitOf(repository);
    }
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'that is read-only indeed (root could write all the same)',
    async () => {
      const cache = join(freshCache(folder), 'hub');
      mkdirSync(cache);
      chmodSync(cache, 0o555);
      expect((await fetchedByProcess(cache)).message).toMatch(/permission is denied/);
      chmodSync(cache, 0o755);
    },
  );
});

describe('offline', () => {
  it('connects to nobody', async () => {
    const cache = freshCache(folder);
    const model = await fetchedByProcess(cache);
    server.reset();
    server.inject({ host: 'hub', act: status(500), times: 99 });
    // The preload would end the process at the first attempt, as it does without HF_HUB_OFFLINE.
    for (const name of ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
      expect(await fetchedByProcess(cache, 'no-sockets.mjs', { [name]: '1' })).toEqual(model);
    }
    const { code, message } = await fetchedByProcess(freshCache(folder), 'no-sockets.mjs', { HF_HUB_OFFLINE: 'yes' });
    expect(`${code} ${message}`).toMatch(
      /^ERR_GHOST_HUB someone\/their-model \(revision main\) is not in the cache .*HF_HUB_OFFLINE is set/,
    );
    const online = await runNode(
      ['--import', program('no-sockets.mjs'), program('fetch-model.mjs'), repository],
      environment(cache),
    );
    expect(online.code).toBe(9);
    expect(server.asked).toEqual([]);
  });
});
