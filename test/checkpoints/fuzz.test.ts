import { expect, it } from 'vitest';
import { GhostNetError } from '../../lib/errors.js';
import { readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { legacy, mindSpore, safetensors, torch } from '../../testing/checkpoints/samples.js';

const folder = temporaryFolder();

it.each<[kind: string, original: Buffer]>([
  ['safetensors', safetensors],
  ['PyTorch', torch({})],
  ['compressed PyTorch', torch({ deflate: true })],
  ['zip64 PyTorch', torch({ zip64: true })],
  ['legacy PyTorch', legacy],
  ['MindSpore', mindSpore],
])(
  '2000 mutations of a %s file are read or refused, and soon',
  async (_, original) => {
    const random = generator(20261124);
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const bytes = mutate(original, random);
      const start = performance.now();
      try {
        const { tensors } = await readFrom(folder, bytes);
        for (const { shape, data } of tensors.values()) {
          expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
        }
      } catch (error) {
        if (!(error instanceof GhostNetError)) throw new Error(`round ${round}: ${String(error)}`, { cause: error });
        refused++;
      }
      expect(performance.now() - start, `round ${round}`).toBeLessThan(2000);
    }
    // Both ways must have been taken often, or the mutations say little.
    expect(refused).toBeGreaterThan(200);
    expect(refused).toBeLessThan(1950);
  },
  60_000,
);

type Random = (below: number) => number;

function mutate(original: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(original);
  for (let edits = 1 + random(3); edits > 0; edits--) {
    const at = random(bytes.length);
    const length = Math.min(1 + random(16), bytes.length - at);
    switch (random(6)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes[at]! ^= 1 << random(8);
        break;
      case 2:
        bytes.fill([0, 0x7f, 0x80, 0xff][random(4)]!, at, at + length);
        break;
      case 3:
        bytes.copy(bytes, at, random(bytes.length), bytes.length);
        break;
      case 4:
        bytes.writeUIntLE([0, 1, 2 ** 31, 2 ** 32 - 1][random(4)]!, Math.min(at, bytes.length - 4), 4);
        break;
      default:
        return bytes.subarray(0, 1 + at);
    }
  }
  return bytes;
}

/** The "minimal standard" generator of Park and Miller: the same mutations on every machine. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
}
