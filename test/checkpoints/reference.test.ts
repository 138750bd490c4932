import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasReference, referenceFolder } from '../../testing/reference.js';
import { syntheticTensor } from '../../testing/synthetic.js';
import { errorOf } from '../../testing/error-of.js';
import { readWhole } from '../../testing/checkpoints/whole.js';
import { expectedTensors, inspectGhostNet } from '../../testing/ghostnet.js';

const folder = join(referenceFolder, 'checkpoints');

describe.skipIf(!hasReference)('files as PyTorch and timm write them', () => {
  const expected = expectedTensors({ version: 2, width: 0.1, numClasses: 10 });

  for (const name of ['plain.pth', 'legacy.pth', 'training.pth.tar', 'model.safetensors', 'mindspore.ckpt', '']) {
    it(`reads every weight of ${name || 'the folder'}, and nothing else`, async () => {
      const { tensors, sizeBytes, file } = await readWhole(join(folder, name));
      expect(new Set(tensors.keys())).toEqual(new Set(expected.map((spec) => spec.name)));
      for (const { name, shape } of expected) {
        const { data } = syntheticTensor(name, shape);
        expect(tensors.get(name)!.shape, name).toEqual(shape);
        expect(Buffer.from(bytesOf(tensors.get(name)!.data)).equals(bytesOf(data)), name).toBe(true);
      }
      expect(sizeBytes).toBe(readFileSync(file).length);
    });
  }

  it('reads the config.json of a folder, and beside a .safetensors file', async () => {
    for (const name of ['', 'model.safetensors']) {
      const { config } = await readWhole(join(folder, name));
      expect(config).toMatchObject({ architecture: 'ghostnetv2_010' });
      expect(config!.labels![9]).toBe('class 9');
      expect(config!.preprocess).toMatchObject({ inputSize: [224, 224], cropPct: 0.875 });
    }
    expect((await readWhole(join(folder, 'plain.pth'))).config).toBeUndefined();
  });

  it('refuses a pickle that would run a command, and names it', async () => {
    const error = await errorOf(readWhole(join(folder, 'malicious.pth')));
    expect(error.code).toBe('ERR_GHOST_UNSAFE');
    expect(error.message).toContain('posix.system');
  });

  it('says which tensor a checkpoint lacks', async () => {
    const { tensors } = await readWhole(join(folder, 'missing.pth'));
    expect(() => inspectGhostNet(tensors)).toThrow(
      expect.objectContaining({
        code: 'ERR_GHOST_ARCHITECTURE',
        message: expect.stringMatching(
          /lacks 1 of 642 tensors, the first is blocks\.3\.0\.ghost1\.short_conv\.0\.weight/,
        ),
      }),
    );
  });
});

function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
