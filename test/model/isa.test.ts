import { afterEach, describe, expect, it, vi } from 'vitest';
import { load, preprocess } from '../../lib/index.js';
import { cpu } from '../../lib/native/native.js';
import { errorOf } from '../../testing/error-of.js';
import { runProgram } from '../../testing/programs.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('GHOSTNET_ISA', () => {
  const isas = cpu().isas;

  it('is not needed: the best instruction set runs', async () => {
    vi.stubEnv('GHOSTNET_ISA', undefined);
    await using model = await load();
    expect(model.info.isa).toBe(isas[0]);
    expect(isas.at(-1)).toBe('plain');
  });

  it.each(isas)('forces %s', async (isa) => {
    vi.stubEnv('GHOSTNET_ISA', isa);
    await using model = await load();
    expect(model.info.isa).toBe(isa);
    const { data } = await model.infer({ data: new Float32Array(3 * 64 * 64).fill(0.5), shape: [1, 3, 64, 64] });
    expect(data.every(Number.isFinite)).toBe(true);
  });

  it.each(isas)('forces %s for a whole process', async (isa) => {
    const { stdout } = await runProgram('print-isa.mjs', [], { GHOSTNET_ISA: isa });
    expect(stdout).toBe(isa);
  });

  it('is for preprocessing too, and every one gives the same', async () => {
    const data = Uint8Array.from({ length: 3 * 331 * 257 }, (_, i) => (i * i) >> 3);
    const tensors = [];
    for (const isa of isas) {
      vi.stubEnv('GHOSTNET_ISA', isa);
      tensors.push(await preprocess({ data, width: 331, height: 257, channels: 3 }));
    }
    for (const tensor of tensors) expect(tensor).toEqual(tensors[0]);
    vi.stubEnv('GHOSTNET_ISA', 'sse9');
    expect((await errorOf(preprocess({ data, width: 331, height: 257, channels: 3 }))).message).toContain('"sse9"');
  });

  it('answers an unknown name with the names that can be used', async () => {
    vi.stubEnv('GHOSTNET_ISA', 'sse9');
    const error = await errorOf(load());
    expect(error.code).toBe('ERR_GHOST_ARGUMENT');
    expect(error.message).toContain(isas.join(', '));
    expect(error.message).toContain('"sse9"');
  });
});
