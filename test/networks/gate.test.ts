import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { defaultGateConfig, gateRules, type GateConfig } from '../../lib/gate-config.js';
import { exportModel, load, type GhostNet, type LoadOptions } from '../../lib/index.js';
import { packedBytes } from '../../lib/native/native.js';
import { caseNames, referenceCase } from '../../testing/cases.js';
import { errorOf } from '../../testing/error-of.js';
import { evaluateOnnx } from '../../testing/evaluate-onnx.js';
import { readOnnx } from '../../testing/onnx.js';
import { pyramidWeights } from '../../testing/pyramid.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import type { Tensor } from '../../lib/formats/tensor.js';

const folder = temporaryFolder();

/** Weights with a config.json beside them. */
function written(tensors: ReadonlyMap<string, Tensor>, config: object = {}): string {
  const target = mkdtempSync(join(folder, 'model-'));
  writeFileSync(join(target, 'config.json'), JSON.stringify(config));
  writeFileSync(join(target, 'model.safetensors'), savedTensors(tensors));
  return join(target, 'model.safetensors');
}

const name = 'gate-hard_sigmoid-max-bilinear_aligned';
const { tensors, gate, input, outputs } = referenceCase(name);
const published = referenceCase('v2');

async function errorFrom(model: GhostNet, { logits }: { readonly logits: readonly number[] }): Promise<number> {
  const found = await model.infer({ data: syntheticImage('input', input).data, shape: input });
  return Math.max(...logits.map((value, i) => Math.abs(found.data[i]! - value)));
}

describe('the gate of attention', () => {
  it('is what the option says, else the config.json, else the default, setting by setting', async () => {
    const { activation, ...rest } = gate!;
    const told: [config: object, option: Partial<GateConfig>, from: string[]][] = [
      [gate!, {}, ['config', 'config', 'config']],
      [{ ...rest, activation: 'relu' }, { activation }, ['option', 'config', 'config']],
      [{ activation: 'relu', pooling: 'none', upsampling: 'nearest' }, gate!, ['option', 'option', 'option']],
    ];
    for (const [config, option, from] of told) {
      await using model = await load(written(tensors, { gate: config }), { gate: option });
      expect(await errorFrom(model, outputs)).toBeLessThan(2e-5);
      const { info } = model;
      expect(info.gate).toEqual({
        activation: { value: 'hard_sigmoid', from: from[0] },
        pooling: { value: 'max', from: from[1] },
        upsampling: { value: 'bilinear_aligned', from: from[2] },
      });
    }
    await using model = await load(written(published.tensors), { gate: { pooling: 'mean' } });
    expect(model.info.gate).toMatchObject({
      activation: { value: 'sigmoid', from: 'assumed' },
      pooling: { value: 'mean', from: 'option' },
      upsampling: { value: 'nearest', from: 'assumed' },
    });
  });

  it('differs between models of one file, which share its weights', async () => {
    const file = written(tensors);
    await sleep(50); // Long enough ago for its models to share what they pack.
    const before = packedBytes();
    await using other = await load(file, { gate: gate! });
    const once = packedBytes() - before;
    await using plain = await load(file);
    await using whole = await load(file, { gate: { pooling: 'none' } });
    // What is fused otherwise is packed otherwise.
    expect(packedBytes() - before).toBeLessThan(2 * once);
    expect(await errorFrom(other, outputs)).toBeLessThan(2e-5);
    expect(await errorFrom(plain, published.outputs)).toBeLessThan(2e-5);
    expect(await errorFrom(plain, outputs)).toBeGreaterThan(1e-4);
    expect(await errorFrom(whole, referenceCase('gate-sigmoid-none-nearest').outputs)).toBeLessThan(2e-5);
  });

  it('is handed out as it is computed', async () => {
    const image = { data: syntheticImage('input', input).data, shape: input };
    const file = written(tensors);
    const first = async (options: LoadOptions): Promise<{ shape: readonly number[]; stride: number; min: number }> => {
      await using model = await load(file, options);
      const [{ shape, stride, data }] = (await model.attention(image)) as [
        Awaited<ReturnType<GhostNet['attention']>>[0],
      ];
      return { shape, stride, min: Math.min(...data) };
    };
    const [half, full] = [await first({}), await first({ gate: { pooling: 'none', activation: 'relu' } })];
    expect(half).toMatchObject({ shape: [1, 37, 12, 8], stride: 8 });
    expect(half.min).toBeGreaterThan(0);
    expect(full).toMatchObject({ shape: [1, 37, 25, 17], stride: 4 });
    expect(full.min).toBe(0);
  });

  it('stands under a pyramid too', async () => {
    const image = { data: syntheticImage('input', [1, 3, 64, 64]).data, shape: [1, 3, 64, 64] } as const;
    const file = written(pyramidWeights({ version: 2, width: 0.1 }, 3, 8));
    const maps = async (options: LoadOptions): Promise<Float32Array> => {
      await using model = await load(file, options);
      expect(model.info.gate!.pooling.value).toBe(options.gate?.pooling ?? 'mean');
      return (await model.features(image)).at(-1)!.data;
    };
    expect(await maps({ gate: { pooling: 'max' } })).not.toEqual(await maps({}));
  });

  it.each(caseNames.filter((name) => name.startsWith('gate-')))('%s: ONNX computes it', async (name) => {
    const found = referenceCase(name);
    const target = join(folder, `${name}.onnx`);
    await exportModel(written(found.tensors), target, { gate: found.gate!, inputSize: [97, 65] });
    const logits = evaluateOnnx(readOnnx(readFileSync(target)), syntheticImage('input', found.input)).get('logits')!;
    expect(Math.max(...found.outputs.logits.map((value, i) => Math.abs(logits[i]! - value)))).toBeLessThan(1e-5);
  });
});

describe('a gate', () => {
  it('is written by an export where it was said, and makes timm refuse what is not its own', async () => {
    const from = written(syntheticStateDict(2, 0.1, 4));
    const tensor = { data: syntheticImage('input', input).data, shape: input };
    for (const gate of [{}, { pooling: 'mean' }, { activation: 'relu', pooling: 'max' }] as const) {
      const target = mkdtempSync(join(folder, 'export-'));
      await exportModel(from, join(target, 'model.safetensors'), { gate });
      const config = JSON.parse(readFileSync(join(target, 'config.json'), 'utf8')) as Record<string, unknown>;
      const whole = { ...defaultGateConfig, ...gate };
      expect(config['gate']).toEqual('pooling' in gate ? whole : undefined);
      expect(config['model_args']).toEqual('activation' in gate ? { gate: whole } : undefined);
      await using before = await load(from, { gate });
      await using after = await load(target);
      expect((await after.infer(tensor)).data).toEqual((await before.infer(tensor)).data);
    }
  });

  it.each(Object.keys(gateRules) as (keyof GateConfig)[])('has no other values of %s', async (setting) => {
    const error = await errorOf(load(undefined, { gate: { [setting]: 'other' } }));
    expect(error.code).toBe('ERR_GHOST_ARGUMENT');
    expect(error.message).toBe(`gate.${setting} should be ${gateRules[setting].expected}, found "other".`);
  });

  it('is refused beside weights where it means nothing', async () => {
    const plain = syntheticStateDict(1, 0.1, 4);
    const option = await errorOf(load(written(plain), { gate: { pooling: 'max' } }));
    expect(option.code).toBe('ERR_GHOST_ARGUMENT');
    expect(option.message).toMatch(
      /holds ghostnet_010, which has no attention, .* Leave out the option gate, or load a /,
    );
    const config = await errorOf(load(written(plain, { gate: { pooling: 'max' } })));
    expect(config.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(config.message).toMatch(/which has no attention.* the config\.json beside it has "gate"\. Remove it there/);
    await using silent = await load(written(plain, { gate: {} }), { gate: {} });
    expect(silent.info.gate).toBeUndefined();
  });
});
