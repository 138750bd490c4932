import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, type GhostNet } from '../../lib/index.js';
import { countMacs } from '../../lib/graph/shapes.js';
import { describePlan } from '../../lib/native/native.js';
import { readCheckpoint } from '../../lib/checkpoints/index.js';
import { PartialNetworks } from '../../lib/engine/partial-networks.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { hasReference, referenceFolder, versions } from '../../testing/reference.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';

const folder = temporaryFolder();
const tensors = syntheticStateDict(2, 0.1, 10);
const file = join(folder, 'model.safetensors');
const image = { data: syntheticImage('input', [2, 3, 64, 96]).data, shape: [2, 3, 64, 96] as const };
let model: GhostNet;

function saved(version: 1 | 2 | 3): string {
  const path = join(folder, `v${version}.safetensors`);
  writeFileSync(path, savedTensors(syntheticStateDict(version, 0.1, 10)));
  return path;
}

async function stampOf(path: string): Promise<string> {
  const checkpoint = await readCheckpoint(path);
  await checkpoint.close();
  return checkpoint.stamp;
}

function expectClose(found: Float32Array, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const scale = Array.from(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const error = found.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i]!)), 0);
  expect(error / scale).toBeLessThan(1e-5);
}

beforeAll(async () => {
  writeFileSync(file, savedTensors(tensors));
  model = await load(file, { threads: 2 });
});
afterAll(() => model.dispose());

interface Case {
  readonly id: string;
  readonly architecture: keyof typeof versions;
  readonly width: number;
  readonly input: [number, number, number, number];
  readonly file: string;
  readonly results: readonly { readonly name: string; readonly shape: readonly number[]; readonly offset: number }[];
}

const cases = hasReference
  ? (JSON.parse(readFileSync(join(referenceFolder, 'results/index.json'), 'utf8')) as Case[])
  : [];

describe.skipIf(!hasReference)('features, embedding and attention are what PyTorch computes', () => {
  it.each(cases.filter(({ id }) => id.endsWith('-stages')))(
    '$id',
    async ({ id, architecture, width, input, file: results, results: expected }) => {
      const bytes = readFileSync(join(referenceFolder, 'results', results));
      const path = join(folder, `${id}.safetensors`);
      writeFileSync(path, savedTensors(syntheticStateDict(versions[architecture], width, 1000)));
      await using reference = await load(path);
      const tensor = { data: syntheticImage('input', input).data, shape: input };
      const stages = expected.flatMap(({ name }) => (/^blocks\.\d+$/.test(name) ? [name] : []));
      const features = await reference.features(tensor, { stages });
      const attention = (await reference.attention(tensor)).map((map) => ({ ...map, name: `${map.name}.ghost1.gate` }));
      const found = [...features, ...attention, { name: 'pre_logits', ...(await reference.embed(tensor)) }];
      expect(found.map(({ name }) => name).sort()).toEqual(
        expected
          .map(({ name }) => name)
          .filter((name) => name !== 'logits')
          .sort(),
      );
      for (const { name, data, shape } of found) {
        const { shape: wanted, offset } = expected.find((result) => result.name === name)!;
        expect(shape, name).toEqual(wanted);
        expectClose(
          data,
          Float32Array.from(data, (_, i) => bytes.readFloatLE(offset + 4 * i)),
        );
      }
    },
  );
});

describe('features', () => {
  it('are the five levels of timm unless others are named', async () => {
    const maps = await model.features(image);
    expect(maps.map(({ name, stride }) => [name, stride])).toEqual([
      ['conv_stem', 2],
      ['blocks.1', 4],
      ['blocks.3', 8],
      ['blocks.5', 16],
      ['blocks.7', 32],
    ]);
    for (const { data, shape, stride } of maps) {
      expect([shape[0], shape[2], shape[3]]).toEqual([2, 64 / stride, 96 / stride]);
      expect(data.length).toBe(shape.reduce((product, side) => product * side, 1));
    }
  });

  it('begin with the first convolution as it is, before batch norm and activation', async () => {
    const [map] = await model.features(image, { stages: ['conv_stem'] });
    const { data: weight } = tensors.get('conv_stem.weight')!;
    const [, channels, height, width] = map!.shape;
    const expected = Array.from(map!.data, (_, i) => {
      const [x, y, o, n] = [
        i % width,
        Math.floor(i / width) % height,
        Math.floor(i / width / height) % channels,
        Math.floor(i / width / height / channels),
      ];
      let sum = 0;
      for (let tap = 0; tap < 27; tap++) {
        const [c, row, column] = [Math.floor(tap / 9), 2 * y - 1 + (Math.floor(tap / 3) % 3), 2 * x - 1 + (tap % 3)];
        if (row >= 0 && row < 64 && column >= 0 && column < 96)
          sum += weight[27 * o + tap]! * image.data[((3 * n + c) * 64 + row) * 96 + column]!;
      }
      return sum;
    });
    expectClose(map!.data, expected);
    expect(Math.min(...map!.data)).toBeLessThan(0);
  });

  it('come in the order in which they are named, and are the same whatever else is asked for', async () => {
    const [last, first] = await model.features(image, { stages: ['blocks.6', 'blocks.2'] });
    expect([last!.name, first!.name]).toEqual(['blocks.6', 'blocks.2']);
    const [alone] = await model.features(image, { stages: ['blocks.2'] });
    expect(first!.data).toEqual(alone!.data);
  });

  it('of a picture are those of its tensor', async () => {
    const pixels = {
      data: new Uint8Array(300 * 200 * 3).map((_, i) => (i * 7) % 256),
      width: 300,
      height: 200,
      channels: 3 as const,
    };
    const { preprocess } = await import('../../lib/index.js');
    const tensor = await preprocess(pixels, model.config.preprocess);
    expect(await model.features(pixels, { stages: ['blocks.4'] })).toEqual(
      await model.features(tensor, { stages: ['blocks.4'] }),
    );
  });

  it('take inputs that are too small for the whole network', async () => {
    const small = { data: syntheticImage('input', [1, 3, 16, 16]).data, shape: [1, 3, 16, 16] as const };
    await expect(model.infer(small)).rejects.toMatchObject({ code: 'ERR_GHOST_SHAPE' });
    const [map] = await model.features(small, { stages: ['blocks.3'] });
    expect(map!.shape.slice(2)).toEqual([2, 2]);
  });

  it.each([
    ['no stage', { stages: [] }, /one or more of conv_stem, blocks\.0, .*blocks\.9, found none/],
    ['an unknown one', { stages: ['blocks.10'] }, /found "blocks\.10"/],
    ['an output that is no stage', { stages: ['logits'] }, /found "logits"/],
    ['one twice', { stages: ['blocks.1', 'blocks.1'] }, /each of them once/],
    ['a name alone', { stages: 'blocks.1' as unknown as string[] }, /array of names/],
  ])('refuse %s', async (_, options, message) => {
    await expect(model.features(image, options)).rejects.toMatchObject({
      name: 'GhostNetError',
      code: 'ERR_GHOST_ARGUMENT',
      message: expect.stringMatching(message),
    });
  });
});

describe('only what is asked for', () => {
  it('is computed and kept: stride 8 without what comes behind it', async () => {
    const networks = new PartialNetworks({
      file: resolve(file),
      stamp: await stampOf(file),
      options: { threads: 1, isa: '', precision: 'fp32' },
    });
    const { native, graph } = await networks.find(['blocks.3'], undefined);
    const [plan, whole] = [describePlan(native, 64, 96, 0), model.plan([64, 96])];
    const macs = (steps: typeof plan.steps): number => steps.reduce((sum, step) => sum + step.macs, 0);
    expect(macs(plan.steps)).toBe(countMacs(graph, [64, 96]));
    expect(macs(plan.steps)).toBeLessThan(macs(whole.steps));
    const stages = plan.steps.flatMap((step) => step.stages).join();
    expect(stages).toContain('blocks.3.0.add');
    expect(stages).not.toMatch(/blocks\.[4-9]|conv_head|classifier|conv_stem\.raw/);
    expect(whole.steps.flatMap((step) => step.stages).join()).not.toContain('conv_stem.raw');
    expect(plan.weightBytes).toBeLessThan(whole.weightBytes / 4);
    await networks.close();
  });

  it('is made once for callers that come together', async () => {
    const networks = new PartialNetworks({
      file: resolve(file),
      stamp: await stampOf(file),
      options: { threads: 1, isa: '', precision: 'fp32' },
    });
    const [first, second] = await Promise.all([
      networks.find(['blocks.1'], undefined),
      networks.find(['blocks.1'], undefined),
    ]);
    expect(first).toBe(second);
    for (const stage of [2, 3, 4, 5]) await networks.find([`blocks.${stage}`], undefined);
    expect(await networks.find(['blocks.1'], undefined)).not.toBe(first); // four others were used since
    await networks.close();
  });
});

describe('embeddings', () => {
  it('are the pooled features through the head', async () => {
    const [features] = await model.features(image, { stages: ['blocks.9'] });
    const { data, shape } = await model.embed(image);
    expect(shape).toEqual([2, 1280]);
    const [, channels, height, width] = features!.shape;
    const [weight, bias] = [tensors.get('conv_head.weight')!.data, tensors.get('conv_head.bias')!.data];
    const mean = (map: number): number =>
      features!.data.subarray(map * height * width, (map + 1) * height * width).reduce((sum, value) => sum + value, 0) /
      (height * width);
    const expected = Array.from(data, (_, i) => {
      const [n, o] = [Math.floor(i / 1280), i % 1280];
      let sum = bias[o]!;
      for (let c = 0; c < channels; c++) sum += weight[o * channels + c]! * mean(n * channels + c);
      return Math.max(sum, 0);
    });
    expectClose(data, expected);
  });

  it('have the length 1 on request, and keep their direction', async () => {
    const [plain, unit] = [await model.embed(image), await model.embed(image, { normalize: true })];
    for (const i of [0, 1]) {
      const of = ({ data }: typeof plain): Float32Array => data.subarray(1280 * i, 1280 * (i + 1));
      const length = Math.hypot(...of(plain));
      expect(Math.hypot(...of(unit))).toBeCloseTo(1, 6);
      expectClose(
        of(unit),
        of(plain).map((value) => value / length),
      );
    }
    await expect(model.embed(image, { normalize: 1 as unknown as boolean })).rejects.toMatchObject({
      code: 'ERR_GHOST_ARGUMENT',
    });
  });
});

describe('attention', () => {
  it.each([2, 3] as const)('is a gate from 0 to 1 for each of the 14 blocks of a V%i', async (version) => {
    await using other = await load(saved(version));
    const maps = await other.attention(image);
    expect(maps.map(({ name, stride }) => `${name} ${stride}`)).toEqual([
      ...[
        'blocks.2.0 8',
        'blocks.3.0 8',
        'blocks.4.0 16',
        'blocks.5.0 16',
        'blocks.6.0 32',
        'blocks.6.1 32',
        'blocks.6.2 32',
      ],
      ...[
        'blocks.6.3 32',
        'blocks.6.4 32',
        'blocks.7.0 32',
        'blocks.8.0 64',
        'blocks.8.1 64',
        'blocks.8.2 64',
        'blocks.8.3 64',
      ],
    ]);
    for (const { data, shape, stride } of maps) {
      expect([shape[0], shape[2], shape[3]]).toEqual([2, Math.floor(64 / stride), Math.floor(96 / stride)]);
      expect(data.every((value) => value > 0 && value < 1)).toBe(true);
    }
  });

  it('is not to be had of a V1', async () => {
    await using first = await load(saved(1));
    await expect(first.attention(image)).rejects.toMatchObject({
      code: 'ERR_GHOST_ARCHITECTURE',
      message: expect.stringMatching(/ghostnet_010 is a GhostNet V1, which has no DFC attention/),
    });
    expect((await first.embed(image)).shape).toEqual([2, 1280]);
  });
});

describe('the file behind them', () => {
  it('must still be the one that was loaded', async () => {
    const path = saved(2);
    await using other = await load(path);
    utimesSync(path, 1, 1);
    await expect(other.embed(image)).rejects.toMatchObject({
      code: 'ERR_GHOST_FILE',
      message: expect.stringMatching(/has changed since/),
    });
    rmSync(path);
    await expect(other.embed(image)).rejects.toMatchObject({ code: 'ERR_GHOST_FILE' });
    expect((await other.infer(image)).shape).toEqual([2, 10]);
  });

  it('is not read for a call that was aborted or comes too late', async () => {
    const other = await load(saved(2));
    const stop = new AbortController();
    const pending = other.embed(image, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await expect(other.features(image, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    const last = other.attention(image);
    await other.dispose();
    expect(await last).toHaveLength(14);
    await expect(other.embed(image)).rejects.toMatchObject({ code: 'ERR_GHOST_DISPOSED' });
  });
});
