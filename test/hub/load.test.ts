import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { progressLine, withProgressBar } from '../../lib/cli/output/progress.js';
import { exportModel, load, type LoadProgress } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { environmentFor, freshCache, smallModel } from '../../testing/hub-cache.js';
import { commitOf, HubServer, stallAfter, status } from '../../testing/hub-server.js';

const folder = temporaryFolder();
const files = smallModel();
let server: HubServer;
let cache: string;

beforeAll(async () => {
  server = await HubServer.start();
});
beforeEach(() => {
  cache = freshCache(folder);
  server.add('someone/their-model', files);
  server.add('timm/ghostnetv2_100.in1k', files);
  for (const [name, value] of Object.entries(environmentFor(server, cache))) vi.stubEnv(name, value);
});
afterEach(() => {
  server.reset();
  vi.unstubAllEnvs();
});
afterAll(() => server.stop());

describe('load', () => {
  it('takes a repository, and then needs no network', async () => {
    await using model = await load('someone/their-model');
    expect(model.config).toMatchObject({
      architecture: 'ghostnetv2_010',
      labels: ['a', 'b', 'c', 'd'],
      preprocess: { inputSize: [64, 64] },
    });
    expect(model.info.file).toBe(
      join(cache, 'models--someone--their-model/snapshots', commitOf('someone/their-model'), 'model.safetensors'),
    );
    server.reset();
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await using again = await load('someone/their-model', { threads: 1 });
    expect(again.info.file).toBe(model.info.file);
    expect(server.asked).toEqual([]);
  });

  it('takes a published name, with its preprocessing where config.json has none', async () => {
    const { 'model.safetensors': weights } = files;
    server.add('timm/ghostnetv2_100.in1k', {
      'model.safetensors': weights!,
      'config.json': Buffer.from('{"pretrained_cfg": {"crop_pct": 1}}'),
    });
    await using model = await load('ghostnetv2_100');
    expect(model.info.file).toContain('models--timm--ghostnetv2_100.in1k');
    expect(model.config.preprocess).toMatchObject({ inputSize: [224, 224], interpolation: 'bicubic', cropPct: 1 });
  });

  it('knows the words of the classes of published weights, whose config.json has none', async () => {
    const weights = savedTensors(syntheticStateDict(2, 0.1, 1000));
    server.add('timm/ghostnetv2_100.in1k', {
      'model.safetensors': weights,
      'config.json': Buffer.from('{"num_classes": 1000}'),
    });
    await using published = await load('ghostnetv2_100.in1k');
    expect(published.config.labels).toHaveLength(1000);
    expect([0, 283, 950, 999].map((index) => published.config.labels[index])).toEqual([
      'tench, Tinca tinca',
      'Persian cat',
      'orange',
      'toilet tissue, toilet paper, bathroom tissue',
    ]);
    const exportFolder = join(cache, 'exported');
    mkdirSync(exportFolder);
    await exportModel('ghostnetv2_100.in1k', join(exportFolder, 'model.safetensors'));
    await using exported = await load(exportFolder);
    expect(exported.config.labels).toEqual(published.config.labels);
    server.add('someone/their-model', {
      'model.safetensors': weights,
      'config.json': Buffer.from('{"num_classes": 1000}'),
    });
    await using other = await load('someone/their-model');
    expect(other.config.labels[283]).toBe('class 283');
  });

  it('takes a revision', async () => {
    const repository = server.add('someone/their-model', files);
    const older = commitOf('older');
    repository.commits[older] = smallModel('older');
    repository.refs['v1'] = older;
    for (const revision of ['v1', older]) {
      await using model = await load('someone/their-model', { revision });
      expect(model.config.labels.at(-1)).toBe('dolder');
    }
  });

  it('tells its progress', async () => {
    const told: LoadProgress[] = [];
    await using model = await load('someone/their-model', { onProgress: (progress) => void told.push(progress) });
    expect(told.at(-1)).toEqual({
      file: 'model.safetensors',
      loadedBytes: model.info.fileBytes,
      totalBytes: model.info.fileBytes,
    });
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    server.inject({ host: 'cdn', act: stallAfter(0.5) });
    const onProgress = ({ loadedBytes, file }: LoadProgress): void => {
      if (file === 'model.safetensors' && loadedBytes > 0) controller.abort(reason);
    };
    await expect(load('someone/their-model', { signal: controller.signal, onProgress })).rejects.toBe(reason);
    await using model = await load('someone/their-model');
    expect(model.config.numClasses).toBe(4);
  });

  it('uses the cache when the hub is down, without a word', async () => {
    await (await load('someone/their-model')).dispose();
    server.inject({ host: 'hub', act: status(503), times: 9 });
    await using model = await load('someone/their-model');
    expect(model.config.numClasses).toBe(4);
  });

  it.each<[string, string | undefined, object, string, RegExp]>([
    [
      'a revision that leads out of the cache',
      'someone/their-model',
      { revision: '../../x' },
      'ERR_GHOST_ARGUMENT',
      /revision should be the name of a branch or tag, or a commit, found "\.\.\/\.\.\/x"/,
    ],
    ['an empty revision', 'someone/their-model', { revision: '' }, 'ERR_GHOST_ARGUMENT', /revision/],
    ['a revision with a hidden part', 'someone/their-model', { revision: 'a/.git' }, 'ERR_GHOST_ARGUMENT', /revision/],
    ['a number as revision', 'someone/their-model', { revision: 1 }, 'ERR_GHOST_ARGUMENT', /revision.*found 1/],
    [
      'a revision of a path',
      './weights',
      { revision: 'main' },
      'ERR_GHOST_ARGUMENT',
      /\.\/weights is a path\. Leave revision out/,
    ],
    ['a revision of the model in the box', undefined, { revision: 'main' }, 'ERR_GHOST_ARGUMENT', /is a path/],
    [
      'a string as onProgress',
      'someone/their-model',
      { onProgress: 'bar' },
      'ERR_GHOST_ARGUMENT',
      /onProgress should be a function, found "bar"/,
    ],
    ['an unknown name', 'ghostnetv9_100', {}, 'ERR_GHOST_FILE', /no model's name/],
    ['an unknown repository', 'someone/else', {}, 'ERR_GHOST_HUB', /someone\/else is no file or folder here/],
  ])('refuses %s', async (_, source, options, code, words) => {
    const error = await errorOf(load(source, options));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
  });
});

describe('the command', () => {
  const ghostnet = (...args: string[]): Promise<Ended> =>
    runNode([builtCommand, ...args], environmentFor(server, cache));
  const snapshot = (): string => join(cache, 'models--someone--their-model/snapshots', commitOf('someone/their-model'));

  it('pull fetches a model and prints where it is, and no bar where no terminal is', async () => {
    expect(await ghostnet('pull', 'someone/their-model')).toEqual({ stdout: `${snapshot()}\n`, stderr: '', code: 0 });
    const { stdout, code } = await ghostnet(
      'pull',
      'someone/their-model',
      '--revision',
      commitOf('someone/their-model'),
      '--json',
    );
    const commit = commitOf('someone/their-model');
    expect({ ...(JSON.parse(stdout) as object), code }).toEqual({
      repository: 'someone/their-model',
      revision: commit,
      commit,
      folder: snapshot(),
      code: 0,
    });
    server.reset();
    const { stdout: classes } = await runNode([builtCommand, 'info', '--json', '-m', 'someone/their-model'], {
      ...environmentFor(server, cache),
      HF_HUB_OFFLINE: '1',
    });
    expect(classes).toContain('"numClasses":4');
    expect(server.asked).toEqual([]);
  });

  it('pull fails where loading would do with an older commit', async () => {
    await ghostnet('pull', 'someone/their-model');
    server.inject({ host: 'hub', act: status(503, { 'retry-after': '0' }), times: 9 });
    const { stdout, stderr, code } = await ghostnet('pull', 'someone/their-model');
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(/^ghostnet: someone\/their-model cannot be fetched from .*status 503.*\n$/);
  });

  it.each<[string, string[], number, RegExp]>([
    ['an unknown repository', ['someone/else'], 1, /someone\/else is no file or folder here/],
    ['an unknown name', ['ghostnetv2_110'], 1, /Did you mean ghostnetv2_1[36]?00?\?/],
    ['a path', ['./weights'], 1, /\.\/weights is a path/],
    ['a bad revision', ['someone/their-model', '--revision', '..'], 1, /revision should be/],
    ['no name', [], 2, /missing required argument 'name'/],
  ])('pull ends with %s in one sentence', async (_, args, expected, words) => {
    const { stdout, stderr, code } = await ghostnet('pull', ...args);
    expect({ stdout, code }).toEqual({ stdout: '', code: expected });
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^ghostnet: [^\n]+\n$/);
  });

  it('classify takes a name and a revision', async () => {
    const image = join(folder, 'red.ppm');
    writeFileSync(image, 'no picture');
    const { stderr, code } = await ghostnet('classify', image, '-m', 'someone/their-model', '--revision', 'v9');
    expect(code).toBe(1);
    expect(stderr).toMatch(/someone\/their-model has no revision v9/);
  });
});

describe('the progress bar', () => {
  it('is a line', () => {
    expect(progressLine({ file: 'model.safetensors', loadedBytes: 6_225_000, totalBytes: 24_900_000 })).toBe(
      'model.safetensors  [######------------------]  25 %  6.2 MB of 24.9 MB',
    );
    expect(progressLine({ file: 'a', loadedBytes: 0, totalBytes: 0 })).toBe(
      'a  [########################] 100 %  0.0 MB of 0.0 MB',
    );
    expect(progressLine({ file: 'a', loadedBytes: 1e6 })).toBe('a  1.0 MB');
  });

  function drawnOn(terminal: { isTTY: boolean; columns?: number }, work: () => Promise<void>): Promise<string> {
    let drawn = '';
    const stream = { ...terminal, write: (text: string) => void (drawn += text) } as unknown as NodeJS.WriteStream & {
      fd: 2;
    };
    const show = async (onProgress: (progress: LoadProgress) => void): Promise<void> => {
      for (let loadedBytes = 0; loadedBytes <= 1000; loadedBytes++)
        onProgress({ file: 'model.safetensors', loadedBytes, totalBytes: 1000 });
      return work();
    };
    return withProgressBar(show, stream).then(
      () => drawn,
      (error: unknown) => `${drawn}${String(error)}`,
    );
  }

  /** From the cursor to the end of the line. */
  const wipe = '\x1b[K';

  it('is drawn now and then, within the width of the terminal, and wiped away', async () => {
    const drawn = await drawnOn({ isTTY: true, columns: 40 }, () => Promise.resolve());
    const [before, first, ...rest] = drawn.split('\r');
    expect(before).toBe('');
    expect(first).toBe(`model.safetensors  [${'-'.repeat(19)}${wipe}`);
    expect(rest.at(-1)).toBe(wipe);
    for (const line of rest) expect(line.replace(wipe, '').length).toBeLessThan(40);
    expect(rest.length).toBeLessThan(20);
  });

  it('is wiped away before an error is reported', async () => {
    expect(await drawnOn({ isTTY: true }, () => Promise.reject(new Error('full')))).toMatch(`\r${wipe}Error: full`);
  });

  it('is not drawn where no terminal is', async () => {
    expect(await drawnOn({ isTTY: false }, () => Promise.resolve())).toBe('');
  });
});
