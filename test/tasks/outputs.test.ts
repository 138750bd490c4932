import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { countMacs } from '../../lib/graph/shapes.js';
import { describePlan } from '../../lib/native/native.js';
import { readCheckpoint } from '../../lib/checkpoints/index.js';
import { PartialNetworks, type PartialNetwork } from '../../lib/engine/partial-networks.js';
import { hasReference, referenceFolder, versions } from '../../testing/reference.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticImage, syntheticStateDict } from '../../testing/synthetic.js';
import { folder, file, image, model, saved, expectClose, cases } from './small-model.js';

/** What computes parts of the small model, and the native threads of each part, 0 once it is closed. */
async function singleThreaded() {
  const options = { threads: 1, isa: '', precision: 'fp32' } as const;
  const networks = new PartialNetworks({
    file: resolve(file),
    stamp: await stampOf(file),
    part: '.',
    said: {},
    options,
  });
  return {
    networks,
    threads: ({ native }: PartialNetwork): number => native.info().activeThreads ?? 0,
    found: (output: string): Promise<PartialNetwork> => networks.use([output], undefined, (network) => network),
  };
}

async function stampOf(path: string): Promise<string> {
  const checkpoint = await readCheckpoint(path);
  await checkpoint.close();
  return checkpoint.stamp;
}

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

describe('only what is asked for', () => {
  it('is computed and kept: stride 8 without what comes behind it', async () => {
    const { networks, found } = await singleThreaded();
    const { native, graph } = await found('blocks.3');
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
    const { networks, threads, found } = await singleThreaded();
    const [first, second] = await Promise.all([found('blocks.1'), found('blocks.1')]);
    expect(first).toBe(second);
    for (const stage of [2, 3, 4, 5]) await found(`blocks.${stage}`);
    expect(threads(first)).toBe(0);
    expect(await found('blocks.1')).not.toBe(first); // four others were used since
    await networks.close();
  });

  it('keeps its threads for whoever still computes, and no longer', async () => {
    const { networks, threads, found } = await singleThreaded();
    let used: PartialNetwork | undefined;
    let end = (): void => undefined;
    const using = networks.use(['blocks.1'], undefined, async (network) => {
      used = network;
      await new Promise<void>((resolve) => (end = resolve));
      expect(threads(network)).toBe(1);
    });
    for (const stage of [2, 3, 4, 5]) await found(`blocks.${stage}`);
    expect(threads(used!)).toBe(1);
    end();
    await using;
    await new Promise(setImmediate);
    expect(threads(used!)).toBe(0);
    await networks.close();
  });

  it('and forgotten while it is made is closed with the others', async () => {
    const { networks, threads, found } = await singleThreaded();
    const all = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((stage) => found(`blocks.${stage}`)));
    await networks.close();
    expect(all.map(threads)).toEqual(all.map(() => 0));
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
