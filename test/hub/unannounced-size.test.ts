import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { maxConfigBytes } from '../../lib/checkpoints/config.js';
import { fetchModel } from '../../lib/hub/index.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { filesIn, freshCache, hashesOf, settingsFor, smallModel, snapshotOf } from '../../testing/hub-cache.js';
import { commitOf, gitBlobHash, HubServer, sha256, type Fault } from '../../testing/hub-server.js';

const folder = temporaryFolder();
const repository = 'org/unannounced';
const files = smallModel();
const wanted = { repository, revision: 'main' };

let server: HubServer;
beforeAll(async () => {
  server = await HubServer.start();
  server.add(repository, files);
});
afterEach(() => server.reset());
afterAll(() => server.stop());

/** Everything about the file but its size. */
const silentHead = (file: 'config.json' | 'model.safetensors'): Fault => ({
  host: 'hub',
  method: 'HEAD',
  file,
  act: (response) => {
    const content = files[file]!;
    const etag =
      file === 'config.json' ? { etag: `"${gitBlobHash(content)}"` } : { 'x-linked-etag': `"${sha256(content)}"` };
    response.writeHead(200, { 'x-repo-commit': commitOf(repository), ...etag }).end();
  },
});

let sentBytes = 0;

/** Sends `first`, and then `filling` until nobody listens any more, without saying how much it will be. */
const endless =
  (first: Buffer, filling: Buffer): Fault['act'] =>
  (response) => {
    sentBytes = 0;
    const send = (bytes: Buffer): void => {
      if (response.destroyed) return;
      sentBytes += bytes.length;
      response.write(bytes, () => setImmediate(send, filling));
    };
    response.writeHead(200);
    send(first);
  };

/** Sends a part and ends, as if that were all. */
const part =
  (share: number): Fault['act'] =>
  (response: ServerResponse, content) =>
    void response.writeHead(200).end(content.subarray(0, Math.floor(content.length * share)));

async function refusal(): Promise<string> {
  const cache = freshCache(folder);
  const error = await errorOf(fetchModel(wanted, {}, settingsFor(server, cache)));
  expect(error.code).toBe('ERR_GHOST_HUB');
  // Neither under its name nor as a part that the next attempt would take over.
  expect(
    filesIn(cache).filter((name) => !name.includes('config') && !name.includes(gitBlobHash(files['config.json']!))),
  ).toEqual([]);
  return error.message;
}

describe('a file whose size the hub does not say', () => {
  it('is fetched like any other', async () => {
    for (const file of ['config.json', 'model.safetensors'] as const) server.inject(silentHead(file));
    for (const host of ['hub', 'cdn'] as const)
      server.inject({ host, method: 'GET', act: (response, content) => void response.writeHead(200).end(content) });
    const { folder: snapshot } = await fetchModel(wanted, {}, settingsFor(server, freshCache(folder)));
    expect(snapshotOf(snapshot)).toEqual(hashesOf(files));
  });

  it('is held to the limit of its kind, and not kept: config.json', async () => {
    server.inject(silentHead('config.json'));
    server.inject({
      host: 'hub',
      method: 'GET',
      file: 'config.json',
      times: 9,
      act: endless(Buffer.from('{"a": "'), Buffer.alloc(65_536, 'x')),
    });
    expect(await refusal()).toMatch(
      /^config\.json has at least \d+ bytes, more than it can have \(4194304\)\. It was not kept\.$/,
    );
    expect(sentBytes).toBeLessThan(3 * maxConfigBytes);
    expect(server.asked.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  it('is held to what its header says, and not kept: weights', async () => {
    const weights = files['model.safetensors']!;
    server.inject(silentHead('model.safetensors'));
    server.inject({
      host: 'hub',
      method: 'GET',
      file: 'model.safetensors',
      times: 9,
      act: endless(weights, Buffer.alloc(65_536)),
    });
    expect(await refusal()).toMatch(
      new RegExp(`^model\\.safetensors has at least \\d+ bytes, more than it can have \\(${weights.length}\\)`),
    );
    expect(sentBytes).toBeLessThan(weights.length + 32 * 2 ** 20);
  });

  it('is fetched on where its header says that it has not ended', async () => {
    server.inject(silentHead('model.safetensors'));
    server.inject({ host: 'hub', method: 'GET', file: 'model.safetensors', act: part(0.6) });
    const { folder: snapshot } = await fetchModel(wanted, {}, settingsFor(server, freshCache(folder)));
    expect(snapshotOf(snapshot)).toEqual(hashesOf(files));
    expect(server.asked.filter(({ range }) => range !== undefined)).not.toEqual([]);
  });

  it('and without a header is what its hash says', async () => {
    server.inject(silentHead('model.safetensors'));
    server.inject({
      host: 'hub',
      method: 'GET',
      file: 'model.safetensors',
      times: 9,
      act: (response) => void response.writeHead(200).end('<!doctype html>'.repeat(9)),
    });
    expect(await refusal()).toMatch(/came twice with another content/);
  });
});
