import { afterEach, describe, expect, it, vi } from 'vitest';
import { GhostNetError, load } from '../../lib/index.js';
import type { Graph } from '../../lib/graph/graph.js';
import { cpu, type Cpu, type Input, type NativeModel } from '../../lib/native/native.js';
import { checkPrecision } from '../../lib/engine/options.js';
import { createPackedModel } from '../../lib/engine/packing.js';
import { checkPicture, createCheckedModel, relativeError } from '../../lib/engine/precision.js';
import { errorOf } from '../../testing/error-of.js';

vi.mock('../../lib/engine/packing.js', async (original) => {
  const real = await original<typeof import('../../lib/engine/packing.js')>();
  return { ...real, createPackedModel: vi.fn(real.createPackedModel) };
});

const create = vi.mocked(createPackedModel);

afterEach(() => {
  vi.unstubAllEnvs();
  create.mockClear();
});

const cpuWith = (fp16: boolean) => (): Cpu => ({ name: 'Some CPU', isas: ['neon', 'plain'], fp16, cores: 4 });

describe('precision', () => {
  it.each(['half', 'FP16', 16, null, true, {}])('%j is refused', async (precision) => {
    const error = await errorOf(load(undefined, { precision: precision as never }));
    expect(error.code).toBe('ERR_GHOST_ARGUMENT');
    expect(error.message).toContain('precision should be one of fp32, fp16, auto');
  });

  it.each([
    [undefined, '', true, 'fp32'],
    ['fp32', '', true, 'fp32'],
    ['fp16', '', true, 'fp16'],
    ['auto', '', true, 'auto'],
    ['auto', '', false, 'fp32'],
    ['auto', 'neon', true, 'fp32'],
  ])('%s with GHOSTNET_ISA=%s on a CPU with half precision: %s gives %s', (precision, isa, fp16, expected) => {
    expect(checkPrecision(precision, isa, cpuWith(fp16))).toBe(expected);
  });

  it.each([
    ['', false, 'Some CPU has none'],
    ['neon', true, 'GHOSTNET_ISA forces neon'],
  ])('fp16 with GHOSTNET_ISA=%s on a CPU with half precision: %s is refused', (isa, fp16, words) => {
    expect(() => checkPrecision('fp16', isa, cpuWith(fp16))).toThrow(
      expect.objectContaining({ code: 'ERR_GHOST_PRECISION', message: expect.stringContaining(words) }) as Error,
    );
  });

  it.skipIf(cpu().fp16)('fp16 is refused before a file is read where the CPU lacks it', async () => {
    vi.stubEnv('GHOSTNET_ISA', undefined);
    const error = await errorOf(load('/no/such/model', { precision: 'fp16' }));
    expect(error.code).toBe('ERR_GHOST_PRECISION');
    expect(error.message).toContain(cpu().name);
    expect(error.message).toContain("'auto' or 'fp32'");
  });

  it.skipIf(cpu().fp16)('auto is fp32 there, to the bit', async () => {
    await using single = await load();
    await using auto = await load(undefined, { precision: 'auto' });
    // How many threads compute depends on what else the machine does.
    const activeThreads: unknown = expect.any(Number);
    expect(auto.info).toEqual({ ...single.info, activeThreads });
    const tensor = { data: checkPicture(3, 64, 64), shape: [1, 3, 64, 64] as const };
    expect((await auto.infer(tensor)).data).toEqual((await single.infer(tensor)).data);
  });
});

describe('the choice of auto', () => {
  const nodes: Graph['nodes'] = [
    { op: 'input', name: 'input', inputs: [], channels: 3 },
    { op: 'global_avg_pool', name: 'logits', inputs: [0] },
  ];
  const graph: Graph = { nodes, outputs: [{ name: 'logits', node: 1 }] };
  const pictures: Input[] = [];
  const fp32 = [1, -4, 2];

  /** Models that answer every picture so; of each, whether it was closed. */
  function answering(
    single: readonly number[],
    half: readonly number[] | Error,
  ): { single: NativeModel; half: NativeModel; closed: string[] } {
    const closed: string[] = [];
    const model = (name: string, logits: readonly number[]): NativeModel =>
      ({
        infer: (call: Input & { outputs: Float32Array[] }, callback: (failure: null) => void) => {
          pictures.push(call);
          for (const [i, output] of call.outputs.entries()) output.set(logits.slice(3 * i, 3 * i + 3));
          callback(null);
          return undefined;
        },
        close: () => closed.push(name),
      }) as unknown as NativeModel;
    const models = { single: model('single', single), half: model('half', half instanceof Error ? [] : half), closed };
    create.mockImplementation((_, { precision }) =>
      precision === 'fp32'
        ? Promise.resolve(models.single)
        : half instanceof Error
          ? Promise.reject(half)
          : Promise.resolve(models.half),
    );
    return models;
  }
  const choose = (signal?: AbortSignal, made = graph): Promise<NativeModel> =>
    createCheckedModel(made, { threads: 1, isa: '' }, [33, 40], signal);

  it('is half precision where the logits are close', async () => {
    const models = answering(fp32, [1.03, -3.97, 2]);
    expect(await choose()).toBe(models.half);
    expect(models.closed).toEqual(['single']);
  });

  it('is made by a picture of as many channels as the network takes', async () => {
    answering([1, 2], [1, 2]);
    const input: Graph['nodes'][number] = { op: 'input', name: 'input', inputs: [], channels: 2 };
    await choose(undefined, { ...graph, nodes: [input, nodes[1]!] });
    const { data, shape } = pictures.at(-1)!;
    expect([shape, data.length]).toEqual([[1, 2, 33, 40], 2 * 33 * 40]);
  });

  it.each([
    ['differ by more than 1 % of the largest', [1.05, -4, 2]],
    ['are infinite', [1, -Infinity, 2]],
    ['are no numbers', [1, NaN, 2]],
  ])('is fp32 where they %s', async (_, logits) => {
    const models = answering(fp32, logits);
    expect(await choose()).toBe(models.single);
    expect(models.closed).toEqual(['half']);
  });

  it('is fp32 where an output behind the first differs', async () => {
    const twice: Graph = { nodes, outputs: [...graph.outputs, { name: 'again', node: 1 }] };
    const models = answering([...fp32, ...fp32], [...fp32, 1.05, -4, 2]);
    expect(await choose(undefined, twice)).toBe(models.single);
    const same = answering([...fp32, ...fp32], [...fp32, ...fp32]);
    expect(await choose(undefined, twice)).toBe(same.half);
  });

  it('is fp32 where a weight is too large', async () => {
    const models = answering(fp32, new GhostNetError('ERR_GHOST_PRECISION', 'Too large.'));
    expect(await choose()).toBe(models.single);
    expect(models.closed).toEqual([]);
  });

  it('fails, and leaves nothing, where the second model fails otherwise', async () => {
    const failure = new GhostNetError('ERR_GHOST_NATIVE', 'No memory.');
    const { closed } = answering(fp32, failure);
    await expect(choose()).rejects.toBe(failure);
    expect(closed).toEqual(['single']);
  });

  it('can be aborted', async () => {
    const { closed } = answering(fp32, fp32);
    await expect(choose(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(closed).toEqual(['single', 'half']);
  });
});

describe('the picture that is compared', () => {
  it('is the same each time, of the size of the input and in its range', () => {
    const picture = checkPicture(3, 33, 40);
    expect(picture).toEqual(checkPicture(3, 33, 40));
    expect(picture).toHaveLength(3 * 33 * 40);
    expect(picture.every((value) => Math.abs(value) <= 2.5)).toBe(true);
    const channels = [0, 1, 2].map((c) => picture.subarray(c * 33 * 40, (c + 1) * 33 * 40));
    for (const channel of channels) expect(new Set(channel).size).toBeGreaterThan(1000);
  });

  it('gives an error relative to the largest logit', () => {
    expect(relativeError(Float32Array.of(1, -4.25, 2), Float32Array.of(1, -4, 2.125))).toBe(0.0625);
    expect(relativeError(Float32Array.of(NaN, 1), Float32Array.of(1, 1))).toBeNaN();
    expect(relativeError(Float32Array.of(0), Float32Array.of(0))).toBeNaN();
  });
});
