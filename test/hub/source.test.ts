import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultPreprocessConfig } from '../../lib/index.js';
import { publishedModels } from '../../lib/hub/published.js';
import { hubSettings } from '../../lib/hub/settings.js';
import { modelSource } from '../../lib/hub/source.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

describe('a model given as a string is', () => {
  const start = process.cwd();
  beforeAll(() => {
    process.chdir(folder);
    mkdirSync('timm/ghostnetv2_100.in1k', { recursive: true });
    writeFileSync('ghostnet_100', '');
  });
  afterAll(() => process.chdir(start));

  it.each(['timm/ghostnetv2_100.in1k', 'ghostnet_100', 'timm', '.', join(folder, 'timm')])(
    'a path, as it exists: %s',
    async (path) => {
      expect(existsSync(path)).toBe(true);
      expect(await modelSource(path)).toEqual({ path });
    },
  );

  it.each([
    './someone/model',
    '../someone/model',
    '/someone/model',
    '~/model',
    'someone/model/',
    'a\\b',
    'C:\\models\\mine',
    'C:/models/mine',
    '..',
    './ghostnetv2_100.in1k',
    'model.safetensors',
    'someone/model.safetensors',
    'weights.pth',
    'a/b/c.pth.tar',
    'network.ckpt',
    'someone/pytorch_model.bin',
    'MODEL.PT',
  ])('a path, as it looks: %s', async (path) => expect(await modelSource(path)).toEqual({ path }));

  it.each([
    ['ghostnetv2_100.in1k', 'timm/ghostnetv2_100.in1k'],
    ['ghostnetv2_100', 'timm/ghostnetv2_100.in1k'],
    ['timm/ghostnetv2_160.in1k', 'timm/ghostnetv2_160.in1k'],
    ['ghostnetv3_100.in1k', 'timm/ghostnetv3_100.in1k'],
  ])('the name of a published model: %s', async (name, repository) => {
    const published = publishedModels().find((model) => model.repository === repository);
    expect(published).toBeDefined();
    expect(await modelSource(name)).toEqual({ repository, published });
  });

  it.each(['someone/their-model', 'someone/v1.0', 'a/b', 'timm/ghostnet_200.in1k'])(
    'a repository: %s',
    async (repository) => expect(await modelSource(repository)).toEqual({ repository }),
  );

  it.each([
    'nowhere',
    'a/b/c',
    'some one/model',
    'a--b/c',
    'a/b..c',
    '.hidden/x y',
    'https://huggingface.co/timm/ghostnet_100.in1k',
    '-a/b',
    `a/${'b'.repeat(99)}`,
  ])('neither: %s', async (given) => {
    const error = await errorOf(modelSource(given));
    expect(error.code).toBe('ERR_GHOST_FILE');
    for (const words of ['file or folder', 'Expected a path', 'ghostnetv2_100.in1k', 'org/name'])
      expect(error.message).toContain(words);
  });

  it('a name with a slip, which the error mends', async () => {
    expect((await errorOf(modelSource('ghostnetv2_10'))).message).toMatch(/Did you mean ghostnetv2_100\?$/);
    expect((await errorOf(modelSource('GhostNetV2_130'))).message).toMatch(/Did you mean ghostnetv2_130\?$/);
    expect((await errorOf(modelSource('resnet50'))).message).not.toMatch('Did you mean');
  });

  it('a file: URL is a path, whatever it looks like', async () => {
    expect(await modelSource(pathToFileURL('someone/model'))).toEqual({ path: resolve('someone/model') });
  });
});

describe('weights/manifest.json', () => {
  it('says what timm publishes', () => {
    expect(publishedModels().map(({ name, top1Percent, top5Percent }) => [name, top1Percent, top5Percent])).toEqual([
      ['ghostnet_100.in1k', 73.958, 91.542],
      ['ghostnetv2_100.in1k', 75.186, 92.334],
      ['ghostnetv2_130.in1k', 76.746, 93.364],
      ['ghostnetv2_160.in1k', 77.836, 93.948],
      ['ghostnetv3_100.in1k', 76.936, 93.124],
    ]);
    const { inputSize, interpolation, cropPct, cropMode, mean, std } = defaultPreprocessConfig;
    for (const model of publishedModels()) {
      expect(model).toMatchObject({
        repository: `timm/${model.name}`,
        architecture: model.name.replace('.in1k', ''),
        licence: 'Apache-2.0',
        preprocess: { inputSize, interpolation, cropPct, cropMode, mean, std },
      });
      expect(model.origin).toMatch(/^https:\/\/github\.com\/huawei-noah\//);
    }
  });

  it('is what docs/models.md shows', () => {
    const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');
    for (const { name, top1Percent, top5Percent, origin, licence } of publishedModels()) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
      for (const text of [top1Percent.toFixed(3), top5Percent.toFixed(3), origin, licence])
        expect(row, name).toContain(text);
    }
  });
});

describe('the environment says', () => {
  const home = homedir();
  const hub = join('.cache', 'huggingface', 'hub');

  it.each<[expected: string, env: Record<string, string>]>([
    [join(home, hub), {}],
    [join(home, hub), { HF_HOME: '', HF_HUB_CACHE: '', XDG_CACHE_HOME: '' }],
    ['/xdg/huggingface/hub', { XDG_CACHE_HOME: '/xdg' }],
    ['/home/hub', { XDG_CACHE_HOME: '/xdg', HF_HOME: '/home' }],
    ['/older', { XDG_CACHE_HOME: '/xdg', HF_HOME: '/home', HUGGINGFACE_HUB_CACHE: '/older' }],
    ['/cache', { XDG_CACHE_HOME: '/xdg', HF_HOME: '/home', HUGGINGFACE_HUB_CACHE: '/older', HF_HUB_CACHE: '/cache' }],
    [join(home, 'models'), { HF_HUB_CACHE: '~/models' }],
    [resolve('models'), { HF_HUB_CACHE: 'models' }],
    [join(home, 'hub'), { HF_HOME: '~' }],
  ])('that the cache is %s', async (expected, env) => expect((await hubSettings(env)).cacheFolder).toBe(expected));

  it.each<[expected: string, env: Record<string, string>]>([
    ['https://huggingface.co', {}],
    ['https://huggingface.co', { HF_ENDPOINT: '' }],
    ['https://hf-mirror.com', { HF_ENDPOINT: 'https://hf-mirror.com/' }],
    ['http://localhost:8080/hub', { HF_ENDPOINT: 'http://localhost:8080/hub//' }],
  ])('that the hub is %s', async (expected, env) => expect((await hubSettings(env)).endpoint).toBe(expected));

  it.each(['1', 'ON', 'yes', 'True'])('that it is offline: %s', async (value) => {
    expect((await hubSettings({ HF_HUB_OFFLINE: value })).offline).toBe(true);
    expect((await hubSettings({ TRANSFORMERS_OFFLINE: value })).offline).toBe(true);
    expect((await hubSettings({ HF_HUB_DISABLE_SYMLINKS: value })).symlinks).toBe(false);
  });

  it.each(['0', '', 'off', 'no', 'FALSE'])('that it is not offline: %j', async (value) => {
    expect(await hubSettings({ HF_HUB_OFFLINE: value })).toMatchObject({ offline: false, symlinks: true });
  });

  it('what the token is', async () => {
    const home = join(folder, 'logged-in');
    mkdirSync(home);
    writeFileSync(join(home, 'token'), 'hf_file\n');
    writeFileSync(join(folder, 'other-token'), '  hf_other ');
    const token = async (env: Record<string, string>): Promise<string | undefined> =>
      (await hubSettings({ HF_HOME: home, ...env })).token;
    expect(await token({})).toBe('hf_file');
    expect(await token({ HF_TOKEN_PATH: join(folder, 'other-token') })).toBe('hf_other');
    expect(await token({ HF_TOKEN: 'hf_mine\n' })).toBe('hf_mine');
    expect(await token({ HUGGING_FACE_HUB_TOKEN: 'hf_older' })).toBe('hf_older');
    expect(await token({ HF_TOKEN: 'hf_mine', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeUndefined();
    expect(await token({ HF_HOME: join(folder, 'nobody') })).toBeUndefined();
    expect(await token({ HF_TOKEN: ' ' })).toBeUndefined();
  });

  it('how long to wait, in seconds', async () => {
    expect(await hubSettings({})).toMatchObject({ answerTimeoutMs: 10_000, stallTimeoutMs: 10_000 });
    expect(await hubSettings({ HF_HUB_ETAG_TIMEOUT: '2.5', HF_HUB_DOWNLOAD_TIMEOUT: '60' })).toMatchObject({
      answerTimeoutMs: 2500,
      stallTimeoutMs: 60_000,
    });
  });

  it.each<[env: Record<string, string>, words: RegExp]>([
    [
      { HF_ENDPOINT: 'huggingface.co' },
      /HF_ENDPOINT should hold the http or https address of a hub.*found "huggingface\.co"/,
    ],
    [{ HF_ENDPOINT: 'ftp://huggingface.co' }, /HF_ENDPOINT/],
    [{ HF_ENDPOINT: 'https://hub.example/?x=1' }, /HF_ENDPOINT/],
    [{ HF_HUB_ETAG_TIMEOUT: 'soon' }, /HF_HUB_ETAG_TIMEOUT should hold a number of seconds/],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: '0' }, /HF_HUB_DOWNLOAD_TIMEOUT/],
    [{ HF_TOKEN: 'hf_se\ncret' }, /HF_TOKEN should hold a token of visible ASCII characters, found others/],
  ])('what makes no sense: %j', async (env, words) => {
    const error = await errorOf(hubSettings(env));
    expect(error.code).toBe('ERR_GHOST_HUB');
    expect(error.message).toMatch(words);
    expect(error.message).not.toMatch(/hf_se|cret/);
  });
});
