import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { classNames, classNamesIn, classNamesWithin } from '../../lib/checkpoints/class-names.js';
import { exportModel, inputRules, load, type ClassifyOptions, type LoadOptions } from '../../lib/index.js';
import { defaultPreprocessConfig } from '../../lib/preprocess-config.js';
import { errorOf } from '../../testing/error-of.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const weights = savedTensors(syntheticStateDict(2, 0.1, 3));
let count = 0;

/** A folder with weights of three classes and these files. */
function modelWith(files: Readonly<Record<string, string>>): string {
  const model = join(folder, `model-${count++}`);
  mkdirSync(model);
  writeFileSync(join(model, 'model.safetensors'), weights);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(model, name), text);
  return model;
}

async function known(source: string, options: LoadOptions = {}) {
  await using model = await load(source, options);
  return { ...model.config, origins: model.info.origins };
}

const config = (more: object): string => JSON.stringify({ architecture: 'ghostnetv2_010', ...more });

describe('the colours of classes', () => {
  it('are those of config.json, one for each, or none', async () => {
    const colors = [
      [1, 2, 3],
      [4, 5, 6],
      [0, 0, 255],
    ];
    const said = await known(modelWith({ 'config.json': config({ colors }) }));
    expect([said.colors, said.origins.colors]).toEqual([colors, 'config']);
    const none = await known(modelWith({ 'config.json': config({}) }));
    expect([none.colors, none.origins.colors]).toEqual([undefined, 'assumed']);
    for (const [wrong, message] of [
      [colors.slice(1), /has 3 classes, but the config\.json beside it has 2 colors/],
      [[[1, 2, 256]], /colors should be for each class \[red, green, blue\]/],
    ] as const) {
      const error = await errorOf(load(modelWith({ 'config.json': config({ colors: wrong }) })));
      expect([error.code, error.message]).toEqual(['ERR_GHOST_CHECKPOINT', expect.stringMatching(message)]);
    }
  });
});

describe('the names of classes', () => {
  it('are those of the option, else of config.json, else of a file beside it, and info says whose', async () => {
    const all = modelWith({ 'config.json': config({ label_names: ['a', 'b', 'c'] }), 'labels.txt': 'x\ny\nz\n' });
    const labelled = await known(all, { labels: ['p', 'q', 'r'] });
    expect([labelled.labels, labelled.origins.labels]).toEqual([['p', 'q', 'r'], 'option']);
    const configured = await known(all);
    expect([configured.labels, configured.origins.labels]).toEqual([['a', 'b', 'c'], 'config']);
    const beside = await known(modelWith({ 'config.json': config({}), 'labels.txt': '\ufeffx\r\ny\r\nz, z\r\n' }));
    expect([beside.labels, beside.origins.labels]).toEqual([['x', 'y', 'z, z'], 'labels.txt']);
    const classes = await known(modelWith({ 'labels.txt': 'only\ntwo\n', 'classes.txt': '0 x\n1 y\n2 z z\n' }));
    expect([classes.labels, classes.origins.labels]).toEqual([['x', 'y', 'z z'], 'classes.txt']);
    const none = await known(modelWith({ 'labels.txt': 'x\n\ny\nz\n' }));
    expect([none.labels, none.origins.labels]).toEqual([['class 0', 'class 1', 'class 2'], 'assumed']);
  });

  it('may be said as a file, of lines or of JSON', async () => {
    const model = modelWith({});
    const file = join(folder, 'names');
    for (const text of [
      'x\ny\nz',
      '["x", "y", "z"]',
      '{ "2": "z", "0": "x", "1": "y" }',
      '{ "x": 0, "y": 1, "z": 2 }',
    ]) {
      writeFileSync(file, text);
      expect((await known(model, { labels: file })).labels).toEqual(['x', 'y', 'z']);
    }
    expect((await known(model, { labels: pathToFileURL(file) })).labels).toEqual(['x', 'y', 'z']);
  });

  it.each<[labels: unknown, code: string, message: RegExp]>([
    [
      ['a', 'b'],
      'ERR_GHOST_ARGUMENT',
      /labels should be as many as there are classes: .* has 3 classes, and 2 were given/,
    ],
    [['a', 'b', 1], 'ERR_GHOST_ARGUMENT', /labels should be an array of strings, or the path/],
    ['', 'ERR_GHOST_ARGUMENT', /labels should be an array/],
    [join(folder, 'missing.txt'), 'ERR_GHOST_FILE', /missing\.txt does not exist/],
    [folder, 'ERR_GHOST_FILE', /is a folder/],
  ])('that are said as %j are refused', async (labels, code, message) => {
    const error = await errorOf(load(modelWith({}), { labels: labels as string }));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it('of a checkpoint are found at its top and among its settings, if there are as many as classes', () => {
    const map = (entries: Readonly<Record<string, unknown>>): Map<string, unknown> => new Map(Object.entries(entries));
    expect(classNamesWithin(map({ class_to_idx: map({ b: 1, a: 0 }), epoch: 3 }))).toEqual([['a', 'b']]);
    expect(classNamesWithin(map({ meta: map({ CLASSES: ['x'] }), classes: ['a', 'b'] }))).toEqual([['a', 'b'], ['x']]);
    expect(classNamesWithin(map({ args: map({ a: map({ b: map({ classes: ['deep'] }) }) }) }))).toEqual([]);
    const shared = map({ classes: ['a'] });
    shared.set('itself', shared);
    expect(classNamesWithin(map({ one: shared, two: shared }))).toEqual([['a']]);
    expect(classNamesWithin(['a'])).toEqual([]);
  });

  it('have an index each, and are all there', () => {
    expect(
      classNames(
        new Map<unknown, unknown>([
          [0, 'a'],
          [1, 'b'],
        ]),
      ),
    ).toEqual(['a', 'b']);
    expect(classNames({ a: 0, b: 2 })).toBeUndefined();
    expect(classNames({ a: 0, b: 0.5 })).toBeUndefined();
    expect(classNames({ '-1': 'a' })).toBeUndefined();
    expect(classNames([])).toBeUndefined();
    expect(classNamesIn('1 a\n0 b')).toEqual(['1 a', '0 b']);
    expect(classNamesIn('')).toBeUndefined();
    expect(classNamesIn('{ "a": ')).toBeUndefined();
  });

  it('of a text stand there as tools and people write them', () => {
    expect(classNamesIn('1 a\n2 b')).toEqual(['a', 'b']);
    expect(classNamesIn('a 0\nb 1')).toEqual(['a', 'b']);
    expect(classNamesIn('type 0\ntype 1')).toEqual(['type 0', 'type 1']);
    expect(classNamesIn('n01440764 tench, Tinca tinca\nn01443537 goldfish')).toEqual([
      'tench, Tinca tinca',
      'goldfish',
    ]);
    expect(classNamesIn('n01440764\nn01443537')).toEqual(['n01440764', 'n01443537']);
    expect(classNamesIn(`{0: 'tench, Tinca tinca',\n 1: "jack-o'-lantern"}`)).toEqual([
      'tench, Tinca tinca',
      "jack-o'-lantern",
    ]);
    expect(classNamesIn("{0: 'a', 2: 'b'}")).toBeUndefined();
  });
});

describe('preprocessing', () => {
  it('is setting by setting what the option says, else config.json, else the default', async () => {
    const model = modelWith({
      'config.json': config({ crop_pct: 0.9, interpolation: 'bilinear', mean: [0.1, 0.2, 0.3] }),
    });
    const { preprocess, origins } = await known(model, {
      preprocess: { inputSize: [64, 96], mean: [0.5], cropPct: 1.05 },
    });
    expect(preprocess).toEqual({
      ...defaultPreprocessConfig,
      inputSize: [64, 96],
      interpolation: 'bilinear',
      cropPct: 1.05,
      mean: [0.5, 0.5, 0.5],
    });
    expect(origins.preprocess).toMatchObject({
      inputSize: 'option',
      interpolation: 'config',
      cropPct: 'option',
      cropMode: 'assumed',
      mean: 'option',
      std: 'assumed',
      resize: 'assumed',
    });
  });

  it.each<[preprocess: object, message: RegExp]>([
    [
      { inputSize: [8, 8] },
      /cannot be used at the inputSize 8x8 of the option preprocess\. An input of 8 x 8 pixels is too small/,
    ],
    [{ inputSize: [16384, 16384] }, /cannot be used at the inputSize/],
    [{ input_size: [3, 48, 48] }, /preprocess: there is no option "input_size"\. Did you mean inputSize/],
    [{ mean: [0.5, 0.5] }, /mean should be three numbers/],
    [{ std: [0] }, /std should be three numbers above 0/],
    [{ antialias: false }, /preprocess: without antialiasing there is interpolation bilinear, not bicubic\./],
    [{ interpolation: 'warp' }, /preprocess: interpolation warp goes with resize stretch or fit, not crop\./],
    [{ ...inputRules.nanodet, resize: 'fit', padValue: 'mean' }, /padValue should be 0, not mean\./],
  ])('that is said as %j is refused', async (preprocess, message) => {
    const error = await errorOf(load(modelWith({}), { preprocess }));
    expect([error.code, error.message]).toEqual(['ERR_GHOST_ARGUMENT', expect.stringMatching(message)]);
  });

  it('is all of it as a framework has it, but for what is said beside it', async () => {
    const { preprocess, origins } = await known(modelWith({ 'config.json': config({ input_rule: 'ultralytics' }) }), {
      preprocess: { padMultiple: 32, inputSize: [64, 64] },
    });
    const rule = { ...inputRules.ultralytics, padMultiple: 32, inputSize: [64, 64] };
    expect(preprocess).toEqual({ ...defaultPreprocessConfig, ...rule });
    expect(origins.preprocess).toMatchObject({
      pad: 'config',
      padMultiple: 'option',
      mean: 'config',
      cropPct: 'assumed',
    });
  });

  it('of a config.json that contradicts itself is refused', async () => {
    const model = modelWith({
      'config.json': config({ input_rule: 'mmdetection', pretrained_cfg: { resize: 'crop', interpolation: 'warp' } }),
    });
    const error = await errorOf(load(model));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT' });
    expect(error.message).toContain(
      'as the files beside it say: interpolation warp goes with resize stretch or fit, not crop.',
    );
    expect((await known(model, { preprocess: { resize: 'stretch' } })).preprocess.interpolation).toBe('warp');
  });

  it('and labels go with an exported model', async () => {
    const file = join(folder, 'exported', 'model.safetensors');
    mkdirSync(join(folder, 'exported'));
    const source = modelWith({ 'config.json': config({ problem_type: 'multi_label_classification' }) });
    await exportModel(source, file, { labels: ['a', 'b', 'c'], preprocess: { mean: [0.5], cropPct: 1 } });
    const exported = await known(file);
    expect(exported).toMatchObject({ labels: ['a', 'b', 'c'], activation: 'sigmoid' });
    expect(exported.preprocess).toMatchObject({ mean: [0.5, 0.5, 0.5], cropPct: 1 });
    const written = () => readFileSync(join(folder, 'exported', 'config.json'), 'utf8');
    expect(written()).toMatch(/"problem_type": "multi_label/);
    expect(written()).not.toMatch(/resize|pad|antialias|channel_order/);
    // Beside timm's own section, in which it knows each key.
    const said = { ...inputRules.yolox, padMultiple: 1, inputSize: [64, 96] } as const;
    await exportModel(source, file, { preprocess: said, overwrite: true });
    expect((await known(file)).preprocess).toEqual({ ...defaultPreprocessConfig, ...said });
    expect(JSON.parse(written())).toMatchObject({
      pad_value: 114,
      pad_multiple: 1,
      channel_order: 'bgr',
      antialias: false,
    });
  });
});

describe("a config.json's pooling before the classifier", () => {
  it.each(['catavgmax', 'map', ''])('is refused by name unless it is one of the tensors: %j', async (pool) => {
    const error = await errorOf(load(modelWith({ 'config.json': config({ global_pool: pool }) })));
    expect(error).toMatchObject({ code: 'ERR_GHOST_ARCHITECTURE' });
    expect(error.message).toContain(`has global_pool "${pool}"`);
  });

  it.each(['avg', 'fast', 'fastavg'])('may be called %s', async (pool) => {
    expect((await known(modelWith({ 'config.json': config({ global_pool: pool }) }))).numClasses).toBe(3);
  });
});

describe('what the logits become', () => {
  const single = savedTensors(syntheticStateDict(2, 0.1, 1));
  const pixels = { data: new Uint8Array(48 * 48 * 3).fill(90), width: 48, height: 48, channels: 3 } as const;

  it('is of one class alone a sigmoid', async () => {
    const file = join(folder, 'single.safetensors');
    writeFileSync(file, single);
    await using model = await load(file);
    expect([model.config.activation, model.info.origins.activation]).toEqual(['sigmoid', 'assumed']);
    const first = async (options?: ClassifyOptions) => (await model.classify(pixels, options))[0]!.probability;
    const [logit, probability] = [await first({ activation: 'none' }), await first()];
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-logit)), 12);
    expect(Math.abs(probability - 0.5)).toBeLessThan(0.5);
  });

  it("is what transformers' problem_type says", async () => {
    const model = modelWith({ 'config.json': config({ problem_type: 'multi_label_classification' }) });
    await using several = await load(model);
    expect([several.config.activation, several.info.origins.activation]).toEqual(['sigmoid', 'config']);
    const found = await several.classify(pixels);
    expect(found).toEqual(await several.classify(pixels, { activation: 'sigmoid' }));
    expect(found).not.toEqual(await several.classify(pixels, { activation: 'softmax' }));
  });
});
