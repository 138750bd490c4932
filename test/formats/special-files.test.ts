import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maxConfigBytes } from '../../lib/checkpoints/config.js';
import { RepositoryCache } from '../../lib/hub/cache.js';
import { hubSettings } from '../../lib/hub/settings.js';
import { load, preprocess } from '../../lib/index.js';
import { readWholeFile } from '../../lib/formats/read-file.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';

const folder = temporaryFolder();
const weights = savedTensors(syntheticStateDict(1, 0.1, 10));
const large = 2 ** 30;

/** Ways to put at a path what must not be read to its end. */
const special: Record<string, (path: string) => void> = {
  'a pipe that nobody writes to': (path) => execFileSync('mkfifo', [path]),
  'a link to such a pipe': (path) => {
    execFileSync('mkfifo', [`${path}.pipe`]);
    symlinkSync(`${path}.pipe`, path);
  },
  'a link to a device without end': (path) => symlinkSync('/dev/zero', path),
  'a folder': (path) => mkdirSync(path),
  'a link to a folder': (path) => symlinkSync(folder, path),
  'a link in a circle': (path) => symlinkSync(path, path),
};
const places = Object.entries(special);

const freshFolder = (): string => mkdtempSync(join(folder, 'place-'));

describe.skipIf(process.platform === 'win32')('what is no regular file is refused at once', () => {
  it.each(places)('as config.json beside the weights: %s', async (_, put) => {
    const model = freshFolder();
    writeFileSync(join(model, 'model.safetensors'), weights);
    put(join(model, 'config.json'));
    for (const source of [model, join(model, 'model.safetensors')]) {
      expect(await errorOf(load(source))).toMatchObject({
        code: 'ERR_GHOST_FILE',
        message: expect.stringContaining('config.json') as unknown,
      });
    }
  });

  it.each(places)('as weights: %s', async (_, put) => {
    for (const name of ['model.safetensors', 'pytorch_model.bin', 'model.pth', 'model.ckpt']) {
      const model = freshFolder();
      put(join(model, name));
      const inFolder = ['model.safetensors', 'pytorch_model.bin'].includes(name);
      for (const source of [join(model, name), ...(inFolder ? [model] : [])])
        expect((await errorOf(load(source))).code).toBe('ERR_GHOST_FILE');
    }
  });

  it.each(places.filter(([name]) => !name.includes('pipe')))('as a picture: %s', async (_, put) => {
    const picture = join(freshFolder(), 'picture.png');
    put(picture);
    expect((await errorOf(preprocess(picture))).code).toBe('ERR_GHOST_FILE');
  });

  it.each(places)('as the token of a hub, or the commit of a branch: %s', async (_, put) => {
    const home = freshFolder();
    put(join(home, 'token'));
    const settings = await hubSettings({ HF_HOME: home });
    expect(settings.token).toBeUndefined();
    mkdirSync(join(home, 'hub/models--org--name/refs'), { recursive: true });
    put(join(home, 'hub/models--org--name/refs/main'));
    expect(await new RepositoryCache(settings, 'org/name').readRef('main')).toBeUndefined();
  });
});

describe('a file that is too large is refused by its size', () => {
  it('config.json', async () => {
    const model = freshFolder();
    writeFileSync(join(model, 'model.safetensors'), weights);
    const file = join(model, 'config.json');
    writeFileSync(file, '{}');
    truncateSync(file, large);
    expect(await errorOf(load(model))).toMatchObject({
      code: 'ERR_GHOST_CHECKPOINT',
      message: expect.stringMatching(
        /config\.json has 1073741824 bytes or more, and at most 4194304 are read\./,
      ) as unknown,
    });
  });

  it('a picture, or by its beginning', async () => {
    const file = join(freshFolder(), 'picture.png');
    writeFileSync(file, '\x89PNG\r\n\x1a\n', 'latin1');
    truncateSync(file, large + 1);
    expect(await errorOf(preprocess(file))).toMatchObject({
      code: 'ERR_GHOST_IMAGE',
      message: expect.stringMatching(/it has 1073741825 bytes or more/) as unknown,
    });
    writeFileSync(file, 'text');
    truncateSync(file, large);
    const before = process.memoryUsage().rss;
    expect(await errorOf(preprocess(file))).toMatchObject({
      code: 'ERR_GHOST_IMAGE',
      message: expect.stringMatching(/no picture of a known format/) as unknown,
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(large / 2);
  });

  it('a token or a commit', async () => {
    const home = freshFolder();
    writeFileSync(join(home, 'token'), 'x'.repeat(2 ** 17));
    const settings = await hubSettings({ HF_HOME: home });
    expect(settings.token).toBeUndefined();
  });
});

describe('a file is read whole', () => {
  it('whatever its size is, up to the limit', async () => {
    const file = join(folder, 'bytes');
    for (const size of [0, 1, 4095, 4096, maxConfigBytes]) {
      const bytes = Buffer.alloc(size, 'abc');
      writeFileSync(file, bytes);
      expect((await readWholeFile(file, maxConfigBytes)).equals(bytes)).toBe(true);
    }
    writeFileSync(file, Buffer.alloc(maxConfigBytes + 1));
    await expect(readWholeFile(file, maxConfigBytes)).rejects.toThrow(/has 4194305 bytes or more/);
  });

  it.skipIf(process.platform !== 'linux')('also one that has no size, and not beyond the limit', async () => {
    expect((await readWholeFile('/proc/self/status', 65_536)).toString()).toMatch(/^Name:.*\n/);
    await expect(readWholeFile('/proc/self/status', 100)).rejects.toThrow(/at most 100 are read/);
  });

  it('until it is aborted', async () => {
    const file = join(folder, 'aborted');
    writeFileSync(file, 'abc');
    await expect(readWholeFile(file, 100, AbortSignal.abort('enough'))).rejects.toBe('enough');
  });
});
