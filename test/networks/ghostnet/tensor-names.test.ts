import { describe, expect, it } from 'vitest';
import { errorOf } from '../../../testing/error-of.js';
import { readFrom } from '../../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';
import { bytesOf, safetensorsFile } from '../../../testing/checkpoints/writers.js';

const folder = temporaryFolder();

async function namesOf(...names: string[]): Promise<string[]> {
  const header = Object.fromEntries(
    names.map((name, i) => [name, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }]),
  );
  const { tensors } = await readFrom(folder, safetensorsFile(header, bytesOf(new Float32Array(names.length))));
  return [...tensors.keys()];
}

describe('names are those of timm', () => {
  it.each<[what: string, names: string[], expected: string[]]>([
    [
      'with the prefix of a wrapper',
      ['module.conv_stem.weight', 'module._orig_mod.bn1.weight'],
      ['conv_stem.weight', 'bn1.weight'],
    ],
    [
      'with a prefix that all share',
      ['model.conv_stem.weight', 'model.bn1.weight', 'total_ops'],
      ['conv_stem.weight', 'bn1.weight'],
    ],
    [
      'with two of them',
      ['module.net.inner.conv_stem.weight', 'module.net.inner.bn1.weight'],
      ['conv_stem.weight', 'bn1.weight'],
    ],
    [
      'of a part of a larger network, without the rest',
      ['backbone.conv_stem.weight', 'neck.weight'],
      ['conv_stem.weight'],
    ],
    ['without counters', ['bn1.num_batches_tracked', 'a.total_params', 'w'], ['w']],
    [
      "of the authors' GhostNetV3",
      [
        'blocks.0.0.ghost1.primary_rpr_conv.2.bn.weight',
        'blocks.1.0.dw_rpr_scale.bn.bias',
        'blocks.9.0.bn1.weight',
        'x.bn.weight',
      ],
      [
        'blocks.0.0.ghost1.primary_rpr_conv.2.bn1.weight',
        'blocks.1.0.dw_rpr_scale.bn1.bias',
        'blocks.9.0.bn1.weight',
        'x.bn.weight',
      ],
    ],
  ])('%s', async (_, names, expected) => {
    expect(await namesOf(...names)).toEqual(expected);
  });
});

it('a name of half a million characters is read as soon as others', async () => {
  for (const part of ['_rpr_a', '.shortcut.1', '.primary_conv', 'module.', 'blocks.1']) {
    const name = part.repeat(1e5);
    expect((await namesOf(name))[0]).toHaveLength(part === 'module.' ? 0 : name.length);
  }
});

it('the same parameter twice is refused', async () => {
  expect((await errorOf(namesOf('bn1.weight', 'module.bn1.weight'))).message).toMatch(
    /holds tensor "bn1\.weight" twice, under two names/,
  );
});
