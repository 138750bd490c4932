import { afterEach, describe, expect, it, vi } from 'vitest';
import { load } from '../lib/index.js';
import { cpu } from '../lib/native.js';
import { errorOf } from './checkpoints/folder.js';
import { runProgram } from './programs.js';

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

  it('answers an unknown name with the names that can be used', async () => {
    vi.stubEnv('GHOSTNET_ISA', 'sse9');
    const error = await errorOf(load());
    expect(error.code).toBe('ERR_GHOST_ARGUMENT');
    expect(error.message).toContain(isas.join(', '));
    expect(error.message).toContain('"sse9"');
  });
});
