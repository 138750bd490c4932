import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openNetwork } from '../../lib/networks/checkpoint.js';
import { mainOutputs } from '../../lib/networks/network.js';
import { errorOf } from '../../testing/error-of.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const file = join(folder, 'model.safetensors');
const tensors = syntheticStateDict(1, 0.5, 10);
writeFileSync(file, savedTensors(tensors));

function isOpen(path: string): boolean {
  return readdirSync('/proc/self/fd').some((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
    } catch {
      return false;
    }
  });
}

describe('an open network', () => {
  it('gives graphs of its outputs with the weights of the file', async () => {
    const { checkpoint, network, graph } = await openNetwork(file);
    try {
      expect(network).toMatchObject({ architecture: 'ghostnet_050', numClasses: 10 });
      const { nodes, outputs } = await graph(mainOutputs(network));
      expect(outputs.map(({ name }) => name)).toEqual(['logits']);
      const { nodes: stem } = await graph(['conv_stem']);
      expect(stem.length).toBeLessThan(nodes.length);
      expect(stem[1]).toMatchObject({ parameters: { weight: checkpoint.tensors.get('conv_stem.weight') } });
    } finally {
      await checkpoint.close();
    }
  });

  it('without a classifier tells what lies beside it, which may have been a head', async () => {
    const other = join(folder, 'unknown-head.safetensors');
    const bare = [...tensors].flatMap(([name, tensor]) =>
      /^(?:conv_head|classifier|blocks\.9)\./.test(name) ? [] : [[`encoder.model.${name}`, tensor] as const],
    );
    const foreign = syntheticTensor('decoder.blocks.x_0_0.conv1.0.weight', [4, 4, 3, 3]);
    writeFileSync(other, savedTensors(new Map([...bare, ['decoder.blocks.x_0_0.conv1.0.weight', foreign]])));
    const { checkpoint, network } = await openNetwork(other);
    await checkpoint.close();
    expect(network.kind).toMatch(
      /without a head \(beside it lie tensors of no head that is known, as decoder\.blocks\.x_0_0\.conv1\.0\.weight\)$/,
    );
    writeFileSync(other, savedTensors(new Map(bare)));
    const alone = await openNetwork(other);
    await alone.checkpoint.close();
    expect(alone.network.kind).toMatch(/without a head$/);
  });

  it.skipIf(process.platform !== 'linux')('is closed where it is none, or not what it was', async () => {
    const { checkpoint } = await openNetwork(file);
    expect(isOpen(file)).toBe(true);
    await checkpoint.close();
    const other = join(folder, 'other.safetensors');
    const large = syntheticTensor('fc.weight', [256, 256]);
    writeFileSync(other, savedTensors(new Map([['fc.weight', large]])));
    expect((await errorOf(openNetwork(other))).code).toBe('ERR_GHOST_ARCHITECTURE');
    expect((await errorOf(openNetwork(file, { stamp: 'another' }))).code).toBe('ERR_GHOST_FILE');
    expect([isOpen(other), isOpen(file)]).toEqual([false, false]);
  });

  it('is not looked for once the signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(openNetwork(file, { signal })).rejects.toThrow('enough');
  });
});
