import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { cpu } from '../../lib/native/native.js';
import { errorOf } from '../../testing/error-of.js';
import { onReference } from '../../testing/on-reference.js';
import { hasReference, referenceFolder } from '../../testing/reference.js';
import { syntheticImage } from '../../testing/synthetic.js';

const folder = join(referenceFolder, 'checkpoints');

interface Expected {
  readonly input: readonly [1, 3, number, number];
  readonly logits: readonly number[];
}

describe.skipIf(!hasReference)('from a file to logits', () => {
  const expected = (): Expected => JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;

  it.each(['', 'model.safetensors', 'plain.pth', 'legacy.pth', 'training.pth.tar'])('folder/%s', async (name) => {
    const { input, logits } = expected();
    await using model = await load(join(folder, name));
    const found = await model.infer({ data: syntheticImage('input', input).data, shape: input });
    expect(found.shape).toEqual([1, logits.length]);
    for (const [i, value] of logits.entries())
      expect(Math.abs(found.data[i]! - value), `logit ${i}`).toBeLessThan(1e-5);
    expect(onReference(model)).toEqual([]);
    expect(model.config).toMatchObject({ architecture: 'ghostnetv2_010', version: 2, width: 0.1, numClasses: 10 });
    expect(model.config.labels).toHaveLength(10);
    expect(model.info.fileBytes).toBe(readFileSync(model.info.file).length);
  });

  it('mindspore.ckpt, its gates upsampled as MindSpore does', async () => {
    const { input, logits } = JSON.parse(
      readFileSync(join(folder, 'mindspore.ckpt.expected.json'), 'utf8'),
    ) as Expected;
    const { data } = syntheticImage('input', input);
    for (const isa of cpu().isas) {
      process.env['GHOSTNET_ISA'] = isa;
      await using model = await load(join(folder, 'mindspore.ckpt'));
      delete process.env['GHOSTNET_ISA'];
      const found = await model.infer({ data, shape: input });
      for (const [i, value] of logits.entries())
        expect(Math.abs(found.data[i]! - value), `${isa}, logit ${i}`).toBeLessThan(1e-5);
      expect(model.config).toMatchObject({ architecture: 'ghostnetv2_010', version: 2, width: 0.1, numClasses: 10 });
      expect(model.info.isa).toBe(isa);
      expect(onReference(model)).toEqual([]);
    }
    // With PyTorch's gates the same weights give other logits.
    expect(Math.max(...logits.map((value, i) => Math.abs(value - expected().logits[i]!)))).toBeGreaterThan(1e-4);
  });

  it('takes a file: URL', async () => {
    await using model = await load(pathToFileURL(join(folder, 'plain.pth')));
    expect(model.config.numClasses).toBe(10);
  });

  it('refuses a pickle that would run a command, and names it', async () => {
    const error = await errorOf(load(join(folder, 'malicious.pth')));
    expect(error.code).toBe('ERR_GHOST_UNSAFE');
    expect(error.message).toContain('posix.system');
  });

  it('refuses a checkpoint that lacks a tensor, and names it', async () => {
    const error = await errorOf(load(join(folder, 'missing.pth')));
    expect(error.code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(error.message).toContain('blocks.3.0.ghost1.short_conv.0.weight');
  });
});
