import { describe, expect, it } from 'vitest';
import type { StoredTensor, Tensor } from '../../lib/formats/tensor.js';
import type { BatchNorm, Parameters } from '../../lib/graph/graph.js';
import { mergeBranches, type Branch } from '../../lib/graph/branches.js';
import { errorOf } from '../../testing/error-of.js';
import { inTwoPieces } from '../../testing/checkpoints/whole.js';
import { syntheticImage, syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';
import { sameBits } from '../../testing/tensors.js';
import { evaluate } from '../../testing/evaluate.js';
import { buildGhostNet, expectedTensors, inspectGhostNet } from '../../testing/ghostnet.js';

const channels = 5;

function norm(name: string): BatchNorm {
  const part = (suffix: string): Float32Array => syntheticTensor(`${name}.${suffix}`, [channels]).data;
  return {
    name,
    weight: part('weight'),
    bias: part('bias'),
    mean: part('running_mean'),
    variance: part('running_var'),
    eps: 1e-5,
  };
}

type Normed = Branch & { batchNorm: BatchNorm };

function branch(name: string, shape: number[], change?: (data: Float32Array) => void): Normed & { weight: Tensor } {
  const weight = syntheticTensor(`${name}.weight`, shape);
  change?.(weight.data);
  return { weight, weightName: `${name}.weight`, batchNorm: norm(name) };
}

const stored = ({ shape, data }: Tensor): StoredTensor => ({
  shape,
  read: async (elements, first) => {
    await new Promise(setImmediate);
    elements.set(data.subarray(first, first + elements.length));
  },
});

const scaleOf = ({ batchNorm: { weight, variance } }: Normed, c: number): number =>
  weight[c]! / Math.sqrt(variance[c]! + 1e-5);

const kernel = [channels, 1, 3, 3];
const depthwise = [
  branch('a', kernel),
  branch('b', kernel),
  branch('scale', [channels, 1, 1, 1]),
  { batchNorm: norm('skip') },
];

const read = async ({ weight }: Parameters, length: number, first = 0): Promise<Float32Array> => {
  const elements = new Float32Array(length);
  await (weight as StoredTensor).read(elements, first);
  return elements;
};

describe('the sum of branches', () => {
  const [a, b, scale, skip] = depthwise as [Normed, Normed, Normed, Normed];
  const expected = Float32Array.from({ length: channels * 9 }, (_, i) => {
    const c = Math.floor(i / 9);
    const middle = i % 9 === 4 ? scaleOf(scale, c) * scale.weight!.data![c]! + scaleOf(skip, c) : 0;
    return scaleOf(a, c) * a.weight!.data![i]! + scaleOf(b, c) * b.weight!.data![i]! + middle;
  });

  it('is added in float64 and rounded once', async () => {
    const merged = mergeBranches('conv', depthwise, kernel);
    expect(merged.weight.shape).toEqual(kernel);
    expect(merged).not.toHaveProperty('batchNorm');
    const found = await read(merged, expected.length);
    for (const [i, value] of expected.entries()) expect(found[i], `element ${i}`).toBeCloseTo(value, 7);
    const bias = Array.from({ length: channels }, (_, c) =>
      depthwise.reduce((sum, each) => sum + each.batchNorm.bias[c]! - each.batchNorm.mean[c]! * scaleOf(each, c), 0),
    );
    expect([...merged.bias!]).toEqual([...Float32Array.from(bias)]);
  });

  it('is the same from memory and from a file, in whatever pieces it is read', async () => {
    const merged = mergeBranches('conv', depthwise, kernel);
    const whole = await read(merged, channels * 9);
    const lazy = depthwise.map((each) => ('weight' in each ? { ...each, weight: stored(each.weight) } : each));
    for (const parameters of [merged, mergeBranches('conv', lazy, kernel)]) {
      for (const [first, length] of [
        [0, 4],
        [0, 5],
        [4, 1],
        [4, 10],
        [5, 8],
        [14, 18],
        [40, 5],
        [41, 4],
        [45, 0],
      ] as const) {
        expect(await read(parameters, length, first), `${first} ${length}`).toEqual(
          whole.subarray(first, first + length),
        );
      }
    }
  });

  it('is the same where it is larger than what is merged at a time', async () => {
    const shape = [channels, 2 ** 14 + 3, 1, 1];
    const count = shape[0]! * shape[1]!;
    const dense = ['a', 'b', 'c'].map((name) => branch(name, shape));
    const expected = Float32Array.from({ length: count }, (_, i) => {
      const c = Math.floor(i / shape[1]!);
      return dense.reduce((sum, each) => sum + scaleOf(each, c) * each.weight.data[i]!, 0);
    });
    for (const branches of [dense, dense.map((each) => ({ ...each, weight: stored(each.weight) }))]) {
      const merged = mergeBranches('conv', branches, shape);
      expect(sameBits(await read(merged, count), expected)).toBe(true);
      expect(sameBits(await read(merged, 70_000, 5), expected.subarray(5, 70_005))).toBe(true);
    }
  });

  it('has the biases of branches: before a norm, or in place of one that is folded', () => {
    const bias = syntheticTensor('bias', [channels]).data;
    const plain = mergeBranches('conv', [a, b], kernel).bias!;
    const before = mergeBranches('conv', [{ ...a, bias }, b], kernel).bias!;
    const inPlace = mergeBranches('conv', [{ weight: a.weight!, bias }, b], kernel);
    for (let c = 0; c < channels; c++) {
      expect(before[c]! - plain[c]!).toBeCloseTo(scaleOf(a, c) * bias[c]!, 6);
      const ofB = b.batchNorm.bias[c]! - b.batchNorm.mean[c]! * scaleOf(b, c);
      expect(inPlace.bias![c]).toBeCloseTo(bias[c]! + ofB, 6);
    }
  });

  it('takes the weight of a branch whose norm is folded as it is', async () => {
    const found = await read(mergeBranches('conv', [{ weight: a.weight! }, b], kernel), channels * 9);
    for (const [i, value] of found.entries())
      expect(value).toBeCloseTo(a.weight!.data![i]! + scaleOf(b, Math.floor(i / 9)) * b.weight!.data![i]!, 6);
  });

  it('is the larger kernel that its branches have, 5x5 too', async () => {
    const five = [branch('five', [channels, 1, 5, 5]), branch('middle', [channels, 1, 1, 1])];
    const found = await read(mergeBranches('conv', five, [channels, 1, 5, 5]), channels * 25);
    const [whole, middle] = five as [Normed, Normed];
    for (let c = 0; c < channels; c++) {
      expect(found[c * 25]).toBeCloseTo(scaleOf(whole, c) * whole.weight!.data![c * 25]!, 7);
      const sum = scaleOf(whole, c) * whole.weight!.data![c * 25 + 12]! + scaleOf(middle, c) * middle.weight!.data![c]!;
      expect(found[c * 25 + 12]).toBeCloseTo(sum, 7);
    }
  });

  it.each([
    ['b', kernel, 20, NaN, 'b.weight holds NaN at index 20'],
    ['scale', [channels, 1, 1, 1], 3, -Infinity, 'scale.weight holds -Infinity at index 3'],
  ])('names the weight of branch %s that none can be', async (name, shape, index, value, sentence) => {
    const spoiled = branch(name, shape, (data) => (data[index] = value));
    const merged = mergeBranches('conv', [branch('a', kernel), spoiled], kernel);
    expect(await read(merged, 18)).toHaveLength(18);
    const error = await errorOf(read(merged, 27, 18));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringContaining(sentence) });
  });

  it('is refused where no float32 holds it, and with a variance that is none', async () => {
    const huge = (name: string): Branch => branch(name, kernel, (data) => data.fill(3e38));
    const error = await errorOf(read(mergeBranches('conv', ['a', 'b', 'c', 'd'].map(huge), kernel), 9));
    expect(error.message).toMatch(/the branches of conv add up to more than a float32 can hold/);
    const broken = { ...norm('bad'), variance: new Float32Array(channels).fill(-1) };
    expect(() => mergeBranches('conv', [{ batchNorm: broken }], kernel)).toThrow(/bad\.running_var holds -1/);
  });
});

describe('GhostNetV3', () => {
  const trained = syntheticStateDict(3, 0.1, 10);
  const image = syntheticImage('input', [1, 3, 40, 33]);

  it('computes the same in its deployed form', async () => {
    const variant = inspectGhostNet(trained);
    expect(variant).toMatchObject({ version: 3, width: 0.1, numClasses: 10 });
    const graph = buildGhostNet(trained, variant);
    const deployed = new Map<string, Tensor>();
    const merged = new Map(graph.nodes.flatMap((node) => (node.op === 'conv2d' ? [[node.name, node.parameters]] : [])));
    for (const { name, shape } of expectedTensors({ ...variant, deployed: true })) {
      const conv = merged.get(name.replace(/(\.0)?\.(weight|bias)$/, ''));
      const known = trained.get(name);
      if (known) deployed.set(name, known);
      else if (name.endsWith('.bias')) deployed.set(name, { shape, data: conv!.bias! });
      else deployed.set(name, await inTwoPieces(conv!.weight as StoredTensor));
    }
    const found = inspectGhostNet(deployed);
    expect(found).toMatchObject({ version: 3, deployed: true, width: 0.1 });
    const expected = (await evaluate(graph, image)).get('logits')!;
    const logits = (await evaluate(buildGhostNet(deployed, found), image)).get('logits')!;
    expect(logits).toEqual(expected);
  });
});
