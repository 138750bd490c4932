import { expect, it } from 'vitest';
import { GhostNetError, load } from '../../lib/index.js';
import { preprocessPixels } from '../../lib/native/pictures.js';
import { defaultPreprocessConfig } from '../../lib/preprocess-config.js';
import { input, sameBits } from '../../testing/tensors.js';

/** native/run/backlog.h */
const most = 16384;

it('more calls than may wait are refused, the others are answered, and then it goes on', async () => {
  await using model = await load(undefined, { threads: 1 });
  const tensor = input('busy', 1, 33, 33);
  const expected = (await model.infer(tensor)).data;
  const first = Array.from({ length: 8 }, () => model.infer(tensor));
  // Enough that the network cannot compute them as fast as they come.
  const controller = new AbortController();
  const calls = Array.from({ length: 30_000 }, () =>
    model.infer(tensor, { signal: controller.signal }).then(
      () => 'answered',
      (error: unknown) => error,
    ),
  );
  for (const { data } of await Promise.all(first)) expect(sameBits(data, expected)).toBe(true);
  // What still waits need not be computed.
  controller.abort('enough');
  const refused = (await Promise.all(calls)).filter((outcome) => outcome instanceof GhostNetError);
  expect(refused.length).toBeGreaterThan(0);
  for (const { code } of refused) expect(code).toBe('ERR_GHOST_BUSY');
  expect(refused[0]!.message).toMatch(
    new RegExp(
      `^${most} inputs wait for this model already, which keep \\d+ MiB \\(at most ${most}, or \\d+ MiB\\)\\. ` +
        'Call again when some of them have been answered\\.$',
    ),
  );
  expect(sameBits((await model.infer(tensor)).data, expected)).toBe(true);
}, 120_000);

it('small pictures that become large inputs are refused before these take the memory', async () => {
  const controller = new AbortController();
  const image = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 } as const;
  const config = { ...defaultPreprocessConfig, inputSize: [2048, 2048] } as const;
  // 48 MiB each: of these 2 GiB at most half may wait, beside the few that are computed.
  const calls = Array.from({ length: 42 }, () =>
    preprocessPixels(image, config, 'plain', { signal: controller.signal, spent: false }).catch(
      (error: unknown) => error,
    ),
  );
  await new Promise(setImmediate);
  controller.abort('enough');
  const refused = (await Promise.all(calls)).filter((outcome) => outcome instanceof GhostNetError);
  expect(refused.length).toBeGreaterThan(0);
  for (const { code } of refused) expect(code).toBe('ERR_GHOST_BUSY');
});
