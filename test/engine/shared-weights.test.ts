import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPackedModel, type BuildOptions } from '../../lib/engine/packing.js';
import type { Tensor } from '../../lib/formats/tensor.js';
import type { Graph } from '../../lib/graph/graph.js';
import { isConv2d } from '../../lib/graph/graph.js';
import { load } from '../../lib/index.js';
import { cpu, createBuilder, infer, packedBytes, type NativeModel } from '../../lib/native/native.js';
import { buildGhostNet } from '../../testing/ghostnet.js';
import { runProgram } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { input, sameBits } from '../../testing/tensors.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const tensors = syntheticStateDict(2, 0.5, 10);
const graph = buildGhostNet(tensors, { version: 2, width: 0.5, numClasses: 10 });
let files = 0;

function bytes(seed = ''): Buffer {
  return savedTensors(seed === '' ? tensors : syntheticStateDict(2, 0.5, 10, seed));
}

/** Long enough ago for its models to share what they pack. */
async function written(name = `model-${files++}.safetensors`, seed = ''): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, bytes(seed));
  await sleep(50);
  return file;
}

/** As one loads a file that nobody writes to. */
function optionsOf(stamp: string, unchanged = true): BuildOptions {
  return { threads: 1, isa: cpu().isas[0]!, file: { stamp, isUnchanged: () => Promise.resolve(unchanged) } };
}

/** The graph with its weights in a file, which fails after some readings, and how many there were. */
function counted(failsAfter = Infinity, failure?: Error): { graph: Graph; readings: () => number } {
  let readings = 0;
  const nodes = graph.nodes.map((node) => {
    if (!isConv2d(node)) return node;
    const { shape, data } = node.parameters.weight as Tensor;
    const read = async (elements: Float32Array, first: number): Promise<void> => {
      if (readings++ >= failsAfter) throw failure!;
      await new Promise(setImmediate);
      elements.set(data.subarray(first, first + elements.length));
    };
    return { ...node, parameters: { ...node.parameters, weight: { shape, read } } };
  });
  return { graph: { ...graph, nodes }, readings: () => readings };
}

function reasonOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

async function logitsOf(model: NativeModel): Promise<Float32Array> {
  const { data, shape } = input('shared', 1, 64, 64);
  const [logits] = await infer(model, graph, { data, shape, lent: true }, undefined);
  return logits!.data;
}

afterEach(() => void vi.useRealTimers());

describe('weights of one file', () => {
  it('are packed once, and neither read nor packed again', async () => {
    const before = packedBytes();
    const [first, second] = [counted(), counted()];
    const models = [await createPackedModel(first.graph, optionsOf('once'))];
    const one = packedBytes() - before;
    expect(one).toBe(models[0]!.info().weightBytes);
    models.push(await createPackedModel(second.graph, optionsOf('once')));
    expect(first.readings()).toBeGreaterThan(50);
    expect(second.readings()).toBe(0);
    expect(packedBytes() - before).toBe(one);
    expect(models[1]!.info().weightBytes).toBe(one);
    const expected = await logitsOf(models[0]!);
    models[0]!.close();
    expect(sameBits(await logitsOf(models[1]!), expected)).toBe(true);
    expect(packedBytes() - before).toBe(one);
    models[1]!.close();
    expect(packedBytes()).toBe(before);
  });

  it('are packed once by many loads at once, of which some are given up', async () => {
    const before = packedBytes();
    const controller = new AbortController();
    const loads = Array.from({ length: 20 }, (_, i) => {
      const own = counted();
      const model = createPackedModel(own.graph, optionsOf('many'), i % 4 === 1 ? controller.signal : undefined);
      return { ...own, model };
    });
    const reason = new Error('enough');
    const given = loads.filter((_, i) => i % 4 === 1).map(({ model }) => reasonOf(model));
    controller.abort(reason);
    expect(await Promise.all(given)).toEqual(given.map(() => reason));
    const rest = loads.filter((_, i) => i % 4 !== 1);
    const models = await Promise.all(rest.map(({ model }) => model));
    expect(rest.filter(({ readings }) => readings() > 0)).toHaveLength(1);
    expect(packedBytes() - before).toBe(models[0]!.info().weightBytes);
    for (const model of models) model.close();
    expect(packedBytes()).toBe(before);
  });

  it('are packed anew after a load that failed or was aborted in the middle', async () => {
    const before = packedBytes();
    const controller = new AbortController();
    const gone = new Error('the disk is gone');
    const failing = reasonOf(createPackedModel(counted(30, gone).graph, optionsOf('broken')));
    const enough = new Error('enough');
    const aborted = reasonOf(createPackedModel(counted().graph, optionsOf('broken'), controller.signal));
    const next = counted();
    const whole = createPackedModel(next.graph, optionsOf('broken'));
    expect(await failing).toBe(gone);
    controller.abort(enough);
    expect(await aborted).toBe(enough);
    const model = await whole;
    expect(next.readings()).toBeGreaterThan(50);
    expect(packedBytes() - before).toBe(model.info().weightBytes);
    model.close();
  });

  it('that was written to while it was read are not shared', async () => {
    const model = await createPackedModel(graph, optionsOf('changing', false));
    const next = counted();
    const other = await createPackedModel(next.graph, optionsOf('changing'));
    expect(next.readings()).toBeGreaterThan(50);
    for (const made of [model, other]) made.close();
  });

  it('do not wait for ever for a load that stands still', async () => {
    const { file, ...options } = optionsOf('stuck');
    const stuck = await createBuilder(graph, { precision: 'fp32', ...options, file: file!.stamp }, undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const waiting = createPackedModel(graph, optionsOf('stuck'));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    vi.advanceTimersByTime(10_000);
    const model = await waiting;
    expect(model.info().weightBytes).toBeGreaterThan(0);
    model.close();
    stuck.close();
  });
});

describe('models', () => {
  it('of one file share its weights, and so do their features, embeddings and attention', async () => {
    const file = await written();
    const before = packedBytes();
    const tensor = input('outputs', 1, 64, 64);
    const first = await load(file, { threads: 1 });
    const one = packedBytes() - before;
    const second = await load(file, { threads: 2 });
    expect(packedBytes() - before).toBe(one);
    await Promise.all([first, second].flatMap((model) => [model.embed(tensor), model.attention(tensor)]));
    await first.features(tensor);
    expect(packedBytes() - before).toBeLessThan(1.05 * one);
    const [expected, found] = [await first.features(tensor), await second.features(tensor)];
    await first.dispose();
    const again = await second.features(tensor);
    for (const [i, map] of expected.entries()) {
      expect(sameBits(found[i]!.data, map.data) && sameBits(again[i]!.data, map.data)).toBe(true);
    }
    await second.dispose();
    expect(packedBytes()).toBe(before);
  });

  it('of a file that was replaced or written to have weights of their own', async () => {
    const file = await written();
    const before = packedBytes();
    const first = await load(file, { threads: 1 });
    const one = packedBytes() - before;
    const expected = await first.infer(input('replaced', 1, 64, 64));
    renameSync(await written('other.safetensors', 'other '), file);
    const second = await load(file, { threads: 1 });
    expect(packedBytes() - before).toBe(2 * one);
    const other = await second.infer(input('replaced', 1, 64, 64));
    expect(sameBits(other.data, expected.data)).toBe(false);
    expect(sameBits((await first.infer(input('replaced', 1, 64, 64))).data, expected.data)).toBe(true);
    utimesSync(file, new Date(), new Date(Date.now() + 1000));
    const third = await load(file, { threads: 1 });
    expect(packedBytes() - before).toBe(3 * one);
    for (const model of [first, second, third]) await model.dispose();
  });

  it('of a file that was overwritten in place, with its old size and time, have weights of their own', async () => {
    const file = await written();
    utimesSync(file, 1, 1);
    await sleep(50);
    const first = await load(file, { threads: 1 });
    const expected = await first.infer(input('overwritten', 1, 64, 64));
    const { size } = statSync(file);
    writeFileSync(file, bytes('other '));
    utimesSync(file, 1, 1);
    expect(statSync(file)).toMatchObject({ size, mtimeMs: 1000 });
    const second = await load(file, { threads: 1 });
    const other = await second.infer(input('overwritten', 1, 64, 64));
    expect(sameBits(other.data, expected.data)).toBe(false);
    for (const model of [first, second]) await model.dispose();
  });

  it('tell V8 of their weights once', async () => {
    const file = await written();
    const before = process.memoryUsage().external;
    const models = [await load(file, { threads: 1 })];
    const { weightBytes } = models[0]!.info;
    for (let i = 0; i < 8; i++) models.push(await load(file, { threads: 1 }));
    expect(process.memoryUsage().external - before).toBeLessThan(weightBytes + 9 * 2 ** 21);
    for (const model of models) await model.dispose();
  });

  it('of worker threads share them, whoever of these ends first or in the middle', async () => {
    const { stdout } = await runProgram('shared-weights.mjs', [await written(), '20', '8']);
    expect(JSON.parse(stdout)).toEqual({ before: 0, together: 1, half: 1, after: 0, answers: 1 });
  });
});
