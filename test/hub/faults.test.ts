import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HubClient } from '../../lib/hub/client.js';
import type { LoadProgress } from '../../lib/hub/download.js';
import { fetchModel } from '../../lib/hub/index.js';
import type { HubSettings } from '../../lib/hub/settings.js';
import { errorOf } from '../../testing/error-of.js';
import { filesIn, freshCache, hashesOf, smallModel, snapshotOf } from '../../testing/hub-cache.js';
import {
  commitOf,
  cutAfter,
  garbled,
  loginPage,
  sha256,
  slowly,
  stallAfter,
  status,
  type Fault,
} from '../../testing/hub-server.js';
import {
  folder,
  repository,
  wanted,
  files,
  weights,
  server,
  settings,
  prepare,
  fetched,
  partials,
  ranges,
} from './fetching.js';

describe('a fault that passes', () => {
  const halfTime = { host: 'cdn', file: 'model.safetensors?signature=1' } as const;
  it.each<[name: string, fault: Omit<Fault, 'times'>, rest?: Partial<HubSettings>]>([
    ['the connection breaks in the middle', { ...halfTime, act: cutAfter(0.5) }],
    ['the connection breaks before the first byte', { ...halfTime, act: cutAfter(0) }],
    ['the connection breaks without an answer', { ...halfTime, act: (response) => void response.destroy() }],
    ['nothing comes any more', { ...halfTime, act: stallAfter(0.4) }, { stallTimeoutMs: 300 }],
    ['no answer comes', { ...halfTime, act: () => undefined }, { stallTimeoutMs: 300 }],
    ['the store answers 500', { ...halfTime, act: status(500) }],
    ['the store answers 503', { ...halfTime, act: status(503) }],
    ['the signed address has run out', { ...halfTime, act: status(403) }],
    ['the store answers 429', { ...halfTime, act: status(429, { 'retry-after': '0' }) }],
    ['the file has another content', { ...halfTime, act: garbled }],
    ['a login page comes in place of the file', { ...halfTime, act: loginPage }],
    [
      'the file is longer than announced',
      { ...halfTime, act: (response, content) => void response.end(Buffer.concat([content, content])) },
    ],
    ['the hub answers 502 when it is asked', { host: 'hub', method: 'HEAD', act: status(502) }],
    [
      'the hub answers 429 to the download',
      { host: 'hub', method: 'GET', act: status(429, { 'retry-after': new Date().toUTCString() }) },
    ],
    [
      'the hub does not answer when it is asked',
      { host: 'hub', method: 'HEAD', act: () => undefined },
      { answerTimeoutMs: 300 },
    ],
    ['the connection to the hub breaks', { host: 'hub', method: 'HEAD', act: (response) => void response.destroy() }],
    ['config.json comes by half', { host: 'hub', method: 'GET', file: 'config.json', act: cutAfter(0.5) }],
    ['config.json has another content', { host: 'hub', method: 'GET', file: 'config.json', act: garbled }],
  ])('%s', async (_, fault, rest) => {
    prepare(rest);
    server.inject({ ...fault, times: 1 });
    expect(await fetched()).toEqual(hashesOf(files));
    expect(partials()).toEqual([]);
  });

  it('happens again and again, as long as the download goes on', async () => {
    prepare();
    server.inject({ host: 'cdn', act: cutAfter(0.2), times: 12 });
    expect(await fetched()).toEqual(hashesOf(files));
  });

  it('costs only what had not come', async () => {
    prepare();
    const half = Math.floor(weights.length / 2);
    let cut = (): void => undefined;
    server.inject({
      host: 'cdn',
      act: (response, content) => {
        cut = () => void response.destroy();
        response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, half));
      },
    });
    const onProgress = ({ file, loadedBytes }: LoadProgress): void => {
      if (file === 'model.safetensors' && loadedBytes === half) cut();
    };
    expect(snapshotOf((await fetchModel(wanted, { onProgress }, settings)).folder)).toEqual(hashesOf(files));
    expect(ranges()).toEqual([undefined, `bytes=${half}-`]);
  });

  it('costs all of it where the server gives no ranges', async () => {
    prepare();
    server.inject({ host: 'cdn', act: cutAfter(0.5) });
    server.inject({ host: 'cdn', act: (response) => void response.end(weights) });
    expect(await fetched()).toEqual(hashesOf(files));
  });

  it('is waited out for as long as the server asks', async () => {
    prepare();
    server.inject({ host: 'hub', method: 'HEAD', act: status(429, { 'retry-after': '1' }) });
    const start = performance.now();
    await fetched();
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  it('is not a slow stream', async () => {
    prepare({ stallTimeoutMs: 1500 });
    server.inject({ host: 'cdn', act: slowly(8, 300) });
    await fetched();
    expect(ranges()).toEqual([undefined]);
  });
});

it('time that the reader takes for itself is no stall', async () => {
  prepare({ stallTimeoutMs: 500 });
  const content = weights.subarray(0, 200_000);
  const small = server.add('someone/small', { 'model.safetensors': content });
  const client = new HubClient({ repository: 'someone/small', revision: 'main' }, settings);
  const body = await client.content(
    { name: 'model.safetensors', commit: small.refs['main']!, etag: sha256(content) },
    0,
  );
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.chunks()) {
    if (chunks.length < 2) await delay(800);
    chunks.push(chunk);
  }
  expect(sha256(Buffer.concat(chunks))).toBe(sha256(content));
});

describe('a fault that stays', () => {
  it.each<[name: string, fault: Omit<Fault, 'times'>, words: RegExp, rest?: Partial<HubSettings>]>([
    [
      'connections break',
      { host: 'cdn', act: (response) => void response.destroy() },
      /someone\/their-model cannot be fetched from .*did not answer \(\w+\).*HF_ENDPOINT.*ghostnet pull someone\/their-model/,
    ],
    ['nothing comes', { host: 'cdn', act: stallAfter(0.3) }, /nothing has come for 0\.3 s/, { stallTimeoutMs: 300 }],
    ['the hub answers 503', { host: 'hub', act: status(503) }, /answered with status 503/],
    [
      'the hub asks for an hour of patience',
      { host: 'hub', act: status(429, { 'retry-after': '3600' }) },
      /status 429 and asks to come back in 3600 s/,
    ],
    ['the content is another', { host: 'cdn', act: garbled }, /model\.safetensors came twice with another content/],
    [
      'a login page answers the question',
      { host: 'hub', method: 'HEAD', act: loginPage },
      /was not answered by a Hugging Face hub.*X-Repo-Commit.*HF_ENDPOINT.*login page/,
    ],
    ['a login page comes for the file', { host: 'cdn', act: loginPage }, /cannot be fetched|another content/],
    ['the hub has a status of its own', { host: 'hub', act: status(418) }, /status 418/],
    [
      'an address leads to itself',
      {
        host: 'hub',
        act: (response) =>
          void response.writeHead(307, { location: '/someone/their-model/resolve/main/config.json' }).end(),
      },
      /more than 10 redirections/,
    ],
    [
      'an address leads to a file',
      { host: 'hub', act: (response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end() },
      /leads to an address that is none/,
    ],
    [
      'the ETag would be a path',
      {
        host: 'hub',
        method: 'HEAD',
        act: (response) => void response.writeHead(200, { 'x-repo-commit': commitOf('x'), etag: '"../../evil"' }).end(),
      },
      /no ETag that can be used/,
    ],
    [
      'the commit would be a path',
      {
        host: 'hub',
        method: 'HEAD',
        act: (response) => void response.writeHead(200, { 'x-repo-commit': '../../evil', etag: '"abc"' }).end(),
      },
      /names no commit/,
    ],
    [
      'a file is too large',
      {
        host: 'hub',
        method: 'HEAD',
        file: 'model.safetensors',
        act: (response) =>
          void response
            .writeHead(200, {
              'x-repo-commit': commitOf(repository),
              'x-linked-etag': sha256(weights),
              'x-linked-size': String(2 ** 40),
            })
            .end(),
      },
      /1099511627776 bytes, more than/,
    ],
  ])('%s', async (_, fault, words, rest) => {
    prepare(rest);
    server.inject({ ...fault, times: 1000 });
    const error = await errorOf(fetchModel(wanted, {}, settings));
    expect(error.code).toBe('ERR_GHOST_HUB');
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/^[^\n]{20,700}[.?]$/);
    // Nothing that looks like a model.
    expect(filesIn(settings.cacheFolder).filter((name) => /snapshots\/.*\/model|refs/.test(name))).toEqual([]);
    // And it is over with the fault.
    server.reset();
    expect(await fetched()).toEqual(hashesOf(files));
    expect(partials()).toEqual([]);
  });

  it('leaves what was cached before in use, unless the newest is asked for', async () => {
    prepare();
    const first = await fetchModel(wanted, {}, settings);
    const repositoryNow = server.repositories.get(repository)!;
    const faults: [Fault['host'], Fault['act'], RegExp][] = [
      ['hub', status(503), /status 503/],
      ['hub', status(401, { 'x-error-code': 'RepoNotFound' }), /private/],
      ['hub', loginPage, /not answered by a Hugging Face hub/],
      ['cdn', garbled, /came twice with another content/],
    ];
    for (const [host, act, words] of faults) {
      const newer = commitOf(words.source);
      repositoryNow.commits[newer] = smallModel(words.source);
      repositoryNow.refs['main'] = newer;
      server.inject({ host, act, times: 1000 });
      expect(await fetchModel(wanted, {}, settings)).toEqual(first);
      expect(snapshotOf(first.folder)).toEqual(hashesOf(files));
      const { code, message } = await errorOf(fetchModel(wanted, { newest: true }, settings));
      expect(`${code} ${message}`).toMatch(new RegExp(`^ERR_GHOST_HUB .*${words.source}`));
      server.reset();
    }
    expect((await fetchModel(wanted, {}, settings)).commit).toBe(commitOf(faults[3]![2].source));
  });

  it('does so where the hub cannot be reached at all', async () => {
    prepare();
    const first = await fetchModel(wanted, {}, settings);
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
    await new Promise((resolve) => closed.close(resolve));
    expect(await fetchModel(wanted, {}, { ...settings, endpoint })).toEqual(first);
    const { message } = await errorOf(
      fetchModel(wanted, {}, { ...settings, endpoint, cacheFolder: freshCache(folder) }),
    );
    expect(message).toMatch(/cannot be fetched from http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });
});
