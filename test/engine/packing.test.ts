import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTensors } from '../../testing/checkpoints/whole.js';
import type { StoredTensor, Tensor } from '../../lib/formats/tensor.js';
import type { Conv2dNode, Graph } from '../../lib/graph/graph.js';
import { load } from '../../lib/index.js';
import { cpu, infer } from '../../lib/native/native.js';
import { createPackedModel } from '../../lib/engine/packing.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { input, sameBits } from '../../testing/tensors.js';
import { buildGhostNet } from '../../testing/ghostnet.js';

const folder = temporaryFolder();
const variant = { version: 2, width: 1, numClasses: 1000 } as const;
const tensors = syntheticStateDict(2, 1, 1000);
const graph = buildGhostNet(tensors, variant);
const options = { threads: 1, isa: cpu().isas[0]! };

/** The synthetic network with one tensor changed. */
function changed(name: string, change: (data: Float32Array) => void): Map<string, Tensor> {
  const { shape, data } = tensors.get(name)!;
  const copy = Float32Array.from(data);
  change(copy);
  return new Map([...tensors, [name, { shape, data: copy }]]);
}

function written(name: string, content: ReadonlyMap<string, Tensor>): string {
  const file = join(folder, name);
  writeFileSync(file, savedTensors(content));
  return file;
}

/** The graph with its weights behind `read`, as those in a file are. */
function stored(read: (data: Float32Array, ...args: Parameters<StoredTensor['read']>) => Promise<void>): Graph {
  const behind = (node: Conv2dNode): Conv2dNode => {
    const { shape, data } = node.parameters.weight as Tensor;
    return { ...node, parameters: { ...node.parameters, weight: { shape, read: (...args) => read(data, ...args) } } };
  };
  return { ...graph, nodes: graph.nodes.map((node) => (node.op === 'conv2d' ? behind(node) : node)) };
}

async function copyOut(data: Float32Array, elements: Float32Array, first: number): Promise<void> {
  await new Promise(setImmediate);
  elements.set(data.subarray(first, first + elements.length));
}

async function logitsOf(from: Graph): Promise<Float32Array> {
  const model = await createPackedModel(from, options);
  const { data, shape } = input('packing', 1, 64, 64);
  const [logits] = await infer(model, from, { data, shape, lent: true }, undefined);
  model.close();
  return logits!.data;
}

describe('weights', () => {
  it('are the same from memory and from a file, whose large ones are not read before they are packed', async () => {
    const expected = await logitsOf(graph);
    expect(sameBits(await logitsOf(stored(copyOut)), expected)).toBe(true);

    const checkpoint = await openTensors(written('whole', tensors));
    const left = [...checkpoint.tensors.values()].filter(({ data }) => !data);
    const elements = left.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
    expect(4 * elements).toBeGreaterThan(0.9 * checkpoint.sizeBytes);
    expect(sameBits(await logitsOf(buildGhostNet(checkpoint.tensors, variant)), expected)).toBe(true);
    await checkpoint.close();
  });

  it('of branches are merged piece by piece as they are read', async () => {
    const branched = syntheticStateDict(3, 0.5, 10);
    const network = { version: 3, width: 0.5, numClasses: 10 } as const;
    const expected = await logitsOf(buildGhostNet(branched, network));
    const checkpoint = await openTensors(written('branched', branched));
    expect(
      [...checkpoint.tensors].filter(([name, { data }]) => name.includes('_rpr_') && !data).length,
    ).toBeGreaterThan(10);
    expect(sameBits(await logitsOf(buildGhostNet(checkpoint.tensors, network)), expected)).toBe(true);
    await checkpoint.close();

    const name = 'blocks.8.2.ghost1.primary_rpr_conv.1.conv.weight';
    branched.get(name)!.data[5000] = NaN;
    const error = await errorOf(load(written('branched', branched), { threads: 1 }));
    expect(error.message).toBe(`The checkpoint is damaged: tensor ${name} holds NaN at index 5000.`);
  });

  it.each([
    ['conv_stem.weight', 0, NaN],
    ['blocks.0.0.ghost1.primary_conv.0.weight', 127, Infinity],
    ['conv_head.weight', 1280 * 960 - 1, -Infinity],
    ['classifier.weight', 900_000, NaN],
  ])('%s is refused where element %i is %f', async (name, index, value) => {
    const spoiled = changed(name, (data) => data.fill(value, index));
    const error = await errorOf(load(written('spoiled', spoiled), { threads: 1 }));
    expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(error.message).toBe(`The checkpoint is damaged: tensor ${name} holds ${value} at index ${index}.`);
    expect((await errorOf(createPackedModel(buildGhostNet(spoiled, variant), options))).message).toBe(error.message);
  });

  it('are refused with a variance that is none', async () => {
    const spoiled = changed('blocks.9.0.bn1.running_var', (data) => data.fill(-1, 500));
    const error = await errorOf(load(written('variance', spoiled), { threads: 1 }));
    expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(error.message).toMatch(/blocks\.9\.0\.bn1\.running_var holds -1, which is no variance/);
  });
});

describe('a file', () => {
  it('that becomes shorter after its header was read is refused', async () => {
    const file = written('shrinking', tensors);
    const checkpoint = await openTensors(file);
    truncateSync(file, checkpoint.sizeBytes / 2);
    const error = await errorOf(createPackedModel(buildGhostNet(checkpoint.tensors, variant), options));
    expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(error.message).toMatch(/shrinking is damaged: it ended after \d+ of \d+ bytes while it was read/);
    await checkpoint.close();
  });

  it('that fails at any place fails the model once, and nothing goes unhandled', async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): number => unhandled.push(reason);
    process.on('unhandledRejection', listener);
    const names = graph.nodes.filter((node) => node.op === 'conv2d').length;
    for (const failing of [0, 1, 2, names - 1]) {
      let reads = 0;
      const failure = new Error('the disk is gone');
      const from = stored(async (...args) => {
        if (reads++ >= failing) throw failure;
        await copyOut(...args);
      });
      await expect(createPackedModel(from, options)).rejects.toBe(failure);
    }
    // A weight is refused while the reads of the next batch fail.
    let floats = 0;
    const from = stored(async (data, elements, first) => {
      floats += elements.length;
      if (floats > 2 ** 18) throw new Error('the disk is gone');
      await copyOut(data, elements, first);
      if (data === graphWeight('conv_stem')) elements[3] = NaN;
    });
    expect((await errorOf(createPackedModel(from, options))).message).toMatch(/holds NaN at index 3/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });

  it('is read no further once the signal is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let reads = 0;
    const from = stored(async (...args) => {
      await copyOut(...args);
      if (++reads === 10) controller.abort(reason);
    });
    await expect(createPackedModel(from, options, controller.signal)).rejects.toBe(reason);
    expect(reads).toBeLessThan(13);
  });
});

function graphWeight(name: string): Float32Array | undefined {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  return node?.op === 'conv2d' ? node.parameters.weight.data : undefined;
}
