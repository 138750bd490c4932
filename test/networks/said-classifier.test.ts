import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { classifierRules, type ClassifierConfig } from '../../lib/classifier-config.js';
import { exportModel, load, type GhostNet, type LoadOptions } from '../../lib/index.js';
import type { Tensor } from '../../lib/formats/tensor.js';
import { identifyShapes } from '../../lib/networks/registry.js';
import { caseNames, referenceCase } from '../../testing/cases.js';
import { errorOf } from '../../testing/error-of.js';
import { expectedTensors } from '../../testing/ghostnet.js';
import { evaluateOnnx } from '../../testing/evaluate-onnx.js';
import { readOnnx } from '../../testing/onnx.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

/** Weights with a config.json beside them. */
function written(tensors: ReadonlyMap<string, Tensor>, config: object = {}): string {
  const target = mkdtempSync(join(folder, 'model-'));
  writeFileSync(join(target, 'config.json'), JSON.stringify(config));
  writeFileSync(join(target, 'model.safetensors'), savedTensors(tensors));
  return join(target, 'model.safetensors');
}

/** The same under other names. */
function renamed(tensors: ReadonlyMap<string, Tensor>, from: RegExp, to: string): Map<string, Tensor> {
  return new Map([...tensors].map(([name, tensor]) => [name.replace(from, to), tensor]));
}

const mean = referenceCase('v1');
const largest = referenceCase('pool-max');
const both = referenceCase('pool-catavgmax');
const layers = referenceCase('classifier-layers');
const norms = referenceCase('classifier-norms');
const neighbours = referenceCase('classifier-neighbours');

async function errorFrom(model: GhostNet, { input, outputs: { logits } }: typeof mean): Promise<number> {
  const found = await model.infer({ data: syntheticImage('input', input).data, shape: input });
  return Math.max(...logits.map((value, i) => Math.abs(found.data[i]! - value)));
}

async function faultOf(file: string, options: LoadOptions = {}): Promise<[code: string, message: string]> {
  const { code, message } = await errorOf(load(file, options));
  return [code, message];
}

describe('the pooling before the classifier', () => {
  it.each<[from: string, config: object, options: LoadOptions]>([
    ['option', { global_pool: 'avg' }, { globalPool: 'max' }],
    ['config', { global_pool: 'max' }, {}],
    ['config', { global_pool: 'avg', pretrained_cfg: { global_pool: 'fastmax' } }, {}],
    ['config', { global_pool: 'avg', model_args: { global_pool: 'Max' } }, {}],
  ])('is what the %s says: %j', async (from, config, options) => {
    await using model = await load(written(largest.tensors, config), options);
    expect(await errorFrom(model, largest)).toBeLessThan(2e-5);
    expect(model.info.classifier).toEqual({ globalPool: { value: 'max', from }, classifierActivation: undefined });
    // What is made later for its embedding is pooled so too.
    const { input, outputs } = largest;
    const { data } = await model.embed({ data: syntheticImage('input', input).data, shape: input });
    expect(Math.max(...outputs.embedding.map((value, i) => Math.abs(data[i]! - value)))).toBeLessThan(2e-5);
  });

  it('is the mean where nobody says another, or both where the tensors do', async () => {
    await using plain = await load(written(mean.tensors, { global_pool: 'fast' }));
    await using silent = await load(written(mean.tensors));
    await using twice = await load(written(both.tensors));
    expect(plain.info.classifier!.globalPool).toEqual({ value: 'avg', from: 'config' });
    expect(silent.info.classifier!.globalPool).toEqual({ value: 'avg', from: 'assumed' });
    expect(twice.info.classifier!.globalPool).toEqual({ value: 'catavgmax', from: 'network' });
    for (const [model, found] of [
      [plain, mean],
      [silent, mean],
      [twice, both],
    ] as const)
      expect(await errorFrom(model, found)).toBeLessThan(2e-5);
  });

  it.each<[config: object, options: LoadOptions, code: string, message: RegExp]>([
    [
      { global_pool: 'token' },
      {},
      'ARCHITECTURE',
      /config\.json beside it has global_pool "token", which is not known/,
    ],
    [{ global_pool: '' }, {}, 'ARCHITECTURE', /has global_pool "", which is not known/],
    [
      { global_pool: 'catavgmax' },
      {},
      'ARCHITECTURE',
      /global_pool "catavgmax", and tensor conv_head\.weight has shape/,
    ],
    [{}, { globalPool: 'catavgmax' }, 'ARGUMENT', /the option globalPool has global_pool "catavgmax", and tensor/],
    [
      {},
      { globalPool: 'token' as 'max' },
      'ARGUMENT',
      /globalPool should be one of avg, max, avgmax, catavgmax, found/,
    ],
    [
      {},
      { classifierActivation: 'relu' },
      'ARGUMENT',
      /classifier of one layer.* Leave out the option classifierActiv/,
    ],
    [{ classifier_activation: 'relu' }, {}, 'CHECKPOINT', /has "classifier_activation"\. Remove it there/],
  ])('is refused as %j, %j', async (config, options, code, message) => {
    const [found, text] = await faultOf(written(mean.tensors, config), options);
    expect([found, text]).toEqual([`ERR_GHOST_${code}`, expect.stringMatching(message)]);
  });

  it('is none of a backbone by itself', async () => {
    const bare = new Map([...mean.tensors].filter(([name]) => !/^(?:conv_head|classifier|blocks\.5)\./.test(name)));
    await using model = await load(written(bare, { global_pool: 'max' }));
    expect(model.info.classifier).toBeUndefined();
    const { input } = mean;
    const asked = model.embed({ data: syntheticImage('input', input).data, shape: input });
    expect((await errorOf(asked)).message).toMatch(
      /without a head: it has no conv_head.* What it answers is features\(\);/,
    );
    expect(await faultOf(written(bare), { globalPool: 'max' })).toEqual([
      'ERR_GHOST_ARGUMENT',
      expect.stringMatching(/without conv_head and classifier: nothing is pooled/),
    ]);
  });

  it('goes with an exported model', async () => {
    for (const [found, pool] of [
      [mean, 'avg'],
      [largest, 'max'],
    ] as const) {
      // A network of timm's table, so that it can be written for timm.
      const target = mkdtempSync(join(folder, 'export-'));
      const onnx = join(target, 'model.onnx');
      await exportModel(written(found.tensors), onnx, { globalPool: pool, inputSize: [97, 65] });
      const logits = evaluateOnnx(readOnnx(readFileSync(onnx)), syntheticImage('input', found.input)).get('logits')!;
      expect(Math.max(...found.outputs.logits.map((value, i) => Math.abs(logits[i]! - value)))).toBeLessThan(1e-5);
    }
    const timms = referenceCase('pool-avgmax-mobilenetv3_small_050');
    const target = mkdtempSync(join(folder, 'export-'));
    await exportModel(written(timms.tensors), join(target, 'model.safetensors'), timms.classifier);
    const config = JSON.parse(readFileSync(join(target, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ global_pool: 'avgmax', model_args: { global_pool: 'avgmax' } });
    await using model = await load(target);
    expect(await errorFrom(model, timms)).toBeLessThan(2e-5);
    const variant = { version: 1, width: 0.1, numClasses: 3, globalPool: 'catavgmax' } as const;
    const { classifier, unlikeTimm } = identifyShapes(
      new Map(expectedTensors(variant).map(({ name, shape }) => [name, { shape }])),
      'pytorch',
    );
    expect([classifier!.globalPool, unlikeTimm]).toEqual([
      'catavgmax',
      expect.stringMatching(/catavgmax, which timm does not/),
    ]);
  });
});

describe('a classifier of several layers', () => {
  it.each<[from: string, config: object, options: LoadOptions]>([
    ['option', { classifier_activation: 'silu' }, { classifierActivation: 'relu' }],
    ['config', { classifier_activation: 'relu' }, {}],
  ])('has the activation that the %s says: %j', async (from, config, options) => {
    await using model = await load(written(layers.tensors, config), options);
    expect(await errorFrom(model, layers)).toBeLessThan(2e-5);
    expect(model.info.classifier!.classifierActivation).toEqual({ value: 'relu', from });
    expect(model.config.layout.at(-1)).toBe('classifier: linear to 9, relu, linear to 6, relu, linear to 7');
  });

  it.each<[name: string, found: typeof mean, tensors: ReadonlyMap<string, Tensor>]>([
    ['behind a dropout', norms, moved(norms.tensors, 1)],
    ['under another word', layers, renamed(layers.tensors, /^classifier\./, 'head.')],
    ['in blocks', norms, renamed(norms.tensors, /^classifier\.([678])\./, 'head.1.$1.')],
    ['with names', layers, renamed(renamed(layers.tensors, /^classifier\.0/, 'fc1'), /^classifier\.(\d)/, 'fc$1')],
  ])('computes the same %s', async (_, found, tensors) => {
    const renamedAll = [...tensors.keys()].some((name) => name.startsWith('head.1.'))
      ? renamed(tensors, /^classifier\./, 'head.0.')
      : tensors;
    await using model = await load(written(renamedAll), found.classifier);
    expect(await errorFrom(model, found)).toBeLessThan(2e-5);
  });

  it('is refused where nobody says what is between its layers', async () => {
    expect(await faultOf(written(layers.tensors))).toEqual([
      'ERR_GHOST_ARCHITECTURE',
      expect.stringMatching(
        /whose classifier has several layers \(classifier: linear to 9, linear to 6, linear to 7\), and no tensor .* --classifier-activation relu/,
      ),
    ]);
    const error = await errorOf(
      load(written(layers.tensors, { architecture: 'ghostnet_100', classifier_activation: 'x' })),
    );
    expect(error.message).toMatch(/classifier_activation should be one of none, relu/);
    const option = await faultOf(written(layers.tensors), { classifierActivation: 'gelu' as 'relu' });
    expect(option[1]).toBe(
      `classifierActivation should be ${classifierRules.classifierActivation.expected}, found "gelu".`,
    );
  });

  it('needs no word where it has no place for an activation, and takes none', async () => {
    await using model = await load(written(neighbours.tensors));
    expect(model.info.classifier!.classifierActivation).toBeUndefined();
    expect(model.config.layout.at(-1)).toBe('classifier: norm, linear to 9, norm, linear to 7');
    const [code, message] = await faultOf(written(neighbours.tensors), { classifierActivation: 'relu' });
    expect([code, message]).toEqual(['ERR_GHOST_ARGUMENT', expect.stringMatching(/nothing between several/)]);
  });

  it('of a norm and one linear layer has its activation between these', async () => {
    const kept = [...norms.tensors].filter(([name]) => !/^classifier\.[24678]\./.test(name));
    const tensors = renamed(new Map(kept), /^classifier\.1\./, 'classifier.2.');
    const file = written(tensors);
    expect((await faultOf(file))[1]).toContain('(classifier: norm, linear to 9)');
    const layoutOf = async (classifierActivation: ClassifierConfig['classifierActivation']): Promise<string> => {
      await using model = await load(file, { classifierActivation });
      return model.config.layout.at(-1)!;
    };
    expect(await layoutOf('silu')).toBe('classifier: norm, silu, linear to 9');
    expect(await layoutOf('none')).toBe('classifier: norm, linear to 9');
  });

  it.each(caseNames.filter((name) => name.startsWith('classifier-')))('%s: ONNX computes it', async (name) => {
    const found = referenceCase(name);
    const target = join(folder, `${name}.onnx`);
    const options = { ...found.classifier, inputSize: [97, 65] } as const;
    await exportModel(written(found.tensors), target, options);
    const logits = evaluateOnnx(readOnnx(readFileSync(target)), syntheticImage('input', found.input)).get('logits')!;
    expect(Math.max(...found.outputs.logits.map((value, i) => Math.abs(logits[i]! - value)))).toBeLessThan(1e-5);
    const error = await errorOf(
      exportModel(written(found.tensors), target.replace('onnx', 'safetensors'), found.classifier),
    );
    expect(error.message).toMatch(/blocks of its own|classifier has several layers/);
  });
});

/** A layer more before the others. */
function moved(tensors: ReadonlyMap<string, Tensor>, by: number): Map<string, Tensor> {
  return new Map(
    [...tensors].map(([name, tensor]) => [
      name.replace(/^classifier\.(\d)/, (_, number: string) => `classifier.${Number(number) + by}`),
      tensor,
    ]),
  );
}
