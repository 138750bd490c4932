import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachedModels } from '../../lib/hub/cached-models.js';
import { fetchModel } from '../../lib/hub/index.js';
import { load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { hashesOf, filesIn } from '../../testing/hub-cache.js';
import { commitOf, type Files } from '../../testing/hub-server.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { fetched, files, prepare, repository, server, settings, wanted } from './fetching.js';

const commit = commitOf(repository);

/** The same network as `files`, in two files that an index names. */
function cutUp(): Files {
  const tensors = [...syntheticStateDict(2, 0.1, 4, '')];
  const cut = tensors.length >> 1;
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const weightMap = Object.fromEntries(tensors.map(([name], index) => [name, names[index < cut ? 0 : 1]]));
  return {
    'config.json': files['config.json']!,
    'model.safetensors.index.json': Buffer.from(JSON.stringify({ metadata: {}, weight_map: weightMap })),
    [names[0]]: savedTensors(new Map(tensors.slice(0, cut))),
    [names[1]]: savedTensors(new Map(tensors.slice(cut))),
  };
}

function prepareOther(other: Files): void {
  prepare();
  server.add(repository, other);
}

const asked = (): string[] =>
  server.asked.filter(({ host }) => host === 'hub').map(({ path }) => path.split('/').at(-1)!);

describe('a repository whose weights are cut up', () => {
  it('is fetched whole, and gives what one file gives', async () => {
    const parts = cutUp();
    prepareOther(parts);
    expect(await fetched()).toEqual(hashesOf(parts));
    server.reset();
    const { folder } = await fetchModel({ repository, revision: commit }, {}, settings);
    expect(server.asked).toEqual([]);
    const whole = join(settings.cacheFolder, 'whole');
    mkdirSync(whole);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(whole, name), content);
    await using one = await load(whole);
    await using several = await load(folder);
    const input = { data: new Float32Array(3 * 64 * 64).fill(0.3), shape: [1, 3, 64, 64] as const };
    expect((await several.infer(input)).data).toEqual((await one.infer(input)).data);
    expect(several.config).toEqual(one.config);
    const sizes = Object.entries(parts).filter(([name]) => name !== 'config.json');
    expect(await cachedModels(settings)).toMatchObject([
      { repository, sizeBytes: sizes.reduce((sum, [, { length }]) => sum + length, 0) },
    ]);
  });

  it('is not complete without one of its files, and is completed', async () => {
    const parts = cutUp();
    prepareOther(parts);
    await fetched();
    const { folder } = await fetchModel(wanted, {}, settings);
    rmSync(join(folder, 'model-00002-of-00002.safetensors'));
    expect(await errorOf(fetchModel(wanted, {}, { ...settings, offline: true }))).toMatchObject({
      code: 'ERR_GHOST_HUB',
    });
    expect(await cachedModels(settings)).toEqual([]);
    expect(await fetched()).toEqual(hashesOf(parts));
  });

  it('is refused where a file is missing, or is named outside of it', async () => {
    const rest = Object.fromEntries(Object.entries(cutUp()).filter(([name]) => !name.startsWith('model-00002')));
    prepareOther(rest);
    expect(await errorOf(fetched())).toMatchObject({
      code: 'ERR_GHOST_HUB',
      message: expect.stringContaining(
        'should hold "model-00002-of-00002.safetensors", which its model.safetensors.index.json names',
      ) as string,
    });
    prepareOther({ ...rest, 'model.safetensors.index.json': Buffer.from('{"weight_map":{"a":"../../x"}}') });
    expect(await errorOf(fetched())).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT' });
    expect(filesIn(settings.cacheFolder).filter((name) => name.endsWith('/x'))).toEqual([]);
  });
});

describe('a repository with a preprocessor_config.json', () => {
  const processor = { size: { height: 96, width: 64 }, resample: 0, image_mean: [0, 0, 0], image_std: [1, 1, 1] };
  const theirs: Files = {
    'config.json': Buffer.from(JSON.stringify({ model_type: 'ghostnet', num_labels: 4 })),
    'model.safetensors': files['model.safetensors']!,
    'preprocessor_config.json': Buffer.from(JSON.stringify(processor)),
  };

  it('is fetched with it where its config.json leaves something to say', async () => {
    prepareOther({ ...theirs, 'config.json': Buffer.from('{}') });
    const { folder } = await fetchModel(wanted, {}, settings);
    await using model = await load(folder);
    expect(model.config.preprocess).toMatchObject({
      inputSize: [96, 64],
      cropMode: 'squash',
      interpolation: 'nearest',
    });
    expect(model.info.origins.preprocess.mean).toBe('preprocessor_config.json');
    prepareOther({ ...files, 'preprocessor_config.json': theirs['preprocessor_config.json']! });
    expect(await fetched()).toEqual(hashesOf(files));
  });

  it('is asked for it where another program has fetched the rest, once', async () => {
    const without = { 'config.json': Buffer.from('{}'), 'model.safetensors': files['model.safetensors']! };
    prepareOther(without);
    await fetched();
    const mark = join(
      settings.cacheFolder,
      `models--${repository.replace('/', '--')}/.no_exist/${commit}/preprocessor_config.json`,
    );
    expect(readFileSync(mark, 'utf8')).toBe('');
    server.reset();
    await fetchModel({ repository, revision: commit }, {}, settings);
    expect(asked()).toEqual([]);
    rmSync(mark);
    await fetchModel({ repository, revision: commit }, {}, { ...settings, offline: true });
    expect(asked()).toEqual([]);
    await fetchModel({ repository, revision: commit }, {}, settings);
    expect(asked()).toContain('preprocessor_config.json');
  });
});
