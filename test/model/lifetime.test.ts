import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GhostNetError, load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { runProgram } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { input } from '../../testing/tensors.js';

describe('dispose', () => {
  it('waits for what is running', async () => {
    const model = await load();
    let ended = 0;
    const running = Array.from({ length: 5 }, () => model.infer(input('dispose', 2, 256, 256)).then(() => ended++));
    const image = { data: new Uint8Array(3 * 64 * 64), width: 64, height: 64, channels: 3 } as const;
    const classified = model.classify([image, image]).then(() => ended++);
    await model.dispose();
    expect(ended).toBe(6);
    await Promise.all([...running, classified]);
  });

  it('may be called again, also at once', async () => {
    const model = await load();
    await Promise.all([model.dispose(), model.dispose()]);
    await model.dispose();
  });

  it('makes every later call fail', async () => {
    const model = await load();
    const disposed = model.dispose();
    const calls = [
      () => model.infer(input('dispose', 1, 64, 64)),
      () => model.classify({ data: new Uint8Array(3), width: 1, height: 1, channels: 3 }),
      // eslint-disable-next-line @typescript-eslint/require-await -- it throws at once
      async () => model.plan(),
    ];
    for (const call of calls) expect((await errorOf(call())).code).toBe('ERR_GHOST_DISPOSED');
    await disposed;
    for (const call of calls) {
      const error = await errorOf(call());
      expect(error.code).toBe('ERR_GHOST_DISPOSED');
      expect(error.message).toMatch(/^The model has been disposed of\. Load it again to use it\.$/);
    }
    expect(model.config.numClasses).toBeGreaterThan(0);
    expect(model.info.isa).not.toBe('');
  });

  it('is what `await using` calls', async () => {
    const model = await load();
    await model[Symbol.asyncDispose]();
    expect(await errorOf(model.infer(input('dispose', 1, 64, 64)))).toBeInstanceOf(GhostNetError);
  });
});

describe('a process', () => {
  it('ends by itself although a model is loaded, and nothing was printed', async () => {
    expect(await runProgram('undisposed.mjs')).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  it('does not end before what it was asked for', async () => {
    expect(await runProgram('unawaited.mjs')).toEqual({ stdout: 'inferred loaded preprocessed', stderr: '', code: 0 });
  });

  it('gets one answer for each picture that is refused', async () => {
    const { stdout, stderr } = await runProgram('refused.mjs');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ codes: { ERR_GHOST_IMAGE: 40 }, shape: [1, 3, 224, 224] });
  });

  it('does not grow by models that it has disposed of or forgotten', async () => {
    // 22 MB of weights each.
    const file = join(temporaryFolder(), 'model.safetensors');
    writeFileSync(file, savedTensors(syntheticStateDict(2, 1, 1000)));
    const { stdout } = await runProgram('memory.mjs', [file, '30']);
    const { disposedMB, forgottenMB } = JSON.parse(stdout) as { disposedMB: number; forgottenMB: number };
    expect(disposedMB).toBeLessThan(80);
    expect(forgottenMB).toBeLessThan(80);
  });
});
