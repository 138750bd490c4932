import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';

const folder = temporaryFolder();
const boxed = fileURLToPath(new URL('../../weights/ghostnetv2-tiny/', import.meta.url));

describe('a config.json that belongs to another network', () => {
  /** The model in the box under a name of its own, or of another network. */
  function named(architecture: string): string {
    const path = join(folder, architecture);
    mkdirSync(path);
    copyFileSync(join(boxed, 'model.safetensors'), join(path, 'model.safetensors'));
    const config = JSON.parse(readFileSync(join(boxed, 'config.json'), 'utf8')) as object;
    writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, architecture }));
    return path;
  }

  it('is refused with the right name', async () => {
    const { architecture } = JSON.parse(readFileSync(join(boxed, 'config.json'), 'utf8')) as { architecture: string };
    const error = await errorOf(load(named('ghostnetv2_100'), { threads: 1 }));
    expect(error.code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(error.message).toContain(
      `holds the weights of ${architecture}, but the config.json beside it names ghostnetv2_100`,
    );
    expect(error.message).toMatch(
      /conv_stem\.weight has shape \[8, 3, 3, 3\], where ghostnetv2_100 needs \[16, 3, 3, 3\]\. Correct or remove/,
    );
  });

  it('may call the network as it likes', async () => {
    await using model = await load(named('my-network'), { threads: 1 });
    expect(model.config.architecture).toBe('my-network');
  });
});

it('a tensor of another shape is named with both shapes and the most similar network', async () => {
  const name = 'blocks.4.0.se.conv_reduce.weight';
  const tensors = syntheticStateDict(3, 0.1, 10).set(name, syntheticTensor(name, [8, 12, 1, 1]));
  const file = join(folder, 'changed.safetensors');
  writeFileSync(file, savedTensors(tensors));
  const error = await errorOf(load(file, { threads: 1 }));
  expect(error.message).toBe(
    `Tensor ${name} has shape [8, 12, 1, 1], where ghostnetv3_010, the most similar network, needs [4, 12, 1, 1].`,
  );
});

it('GhostNetV3 loads from a file in training form under its name', async () => {
  const file = join(folder, 'v3.safetensors');
  writeFileSync(file, savedTensors(syntheticStateDict(3, 0.1, 10)));
  await using model = await load(file, { threads: 1 });
  expect(model.config).toMatchObject({ architecture: 'ghostnetv3_010', version: 3, width: 0.1, numClasses: 10 });
});
