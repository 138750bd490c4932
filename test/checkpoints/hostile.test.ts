import { describe, expect, it } from 'vitest';
import { errorOf } from '../../testing/error-of.js';
import { readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bytesOf, pickle, tensor, torchFile, type StoredTensor } from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();
const read = (bytes: Uint8Array) => readFrom(folder, bytes);

const counting = bytesOf(Float32Array.from({ length: 24 }, (_, i) => i));
const view = (shape: number[], rest: Partial<StoredTensor> = {}) =>
  tensor({ key: '0', storage: 'FloatStorage', length: 24, shape, ...rest });

/** Pieces in one pickle, of which earlier ones stay in the memo: `put(7)` after a value, `get(7)` for it. */
const put = (index: number) => Buffer.of(0x71, index);
const get = (index: number) => Buffer.of(0x68, index);

describe('files made to exhaust or mislead', () => {
  const huge = 2 ** 31 - 1;
  const id = pickle.tuple(
    pickle.text('storage'),
    pickle.global('torch', 'FloatStorage'),
    pickle.text('0'),
    pickle.text('cpu'),
    pickle.int(24),
  );
  const rebuild = pickle.global('torch._utils', '_rebuild_tensor');

  it('a shape that changes after it was checked', async () => {
    const shape = Buffer.concat([pickle.list(pickle.int(2)), put(7)]);
    const made = pickle.reduce(rebuild, pickle.persistent(id), pickle.int(0), shape, pickle.tuple(pickle.int(1)));
    const appended = Buffer.concat([get(7), pickle.text('x'), Buffer.from('a')]);
    const { tensors } = await read(torchFile(pickle.dict({ w: made, later: appended }), { 0: counting }));
    expect(tensors.get('w')).toEqual({ shape: [2], data: Float32Array.of(0, 1) });
  });

  it('a count that is no number, to switch the bounds off', async () => {
    const none = view([...new Array<number>(60).fill(huge), 0]);
    const bomb = view([huge], { stride: [0] });
    const error = await errorOf(read(torchFile(pickle.dict({ none, bomb }), { 0: counting })));
    expect(error.message).toMatch(/tensor "bomb" of shape \[2147483647\] repeats/);
  });

  it('one long shape for many tensors', async () => {
    const shape = Buffer.concat([pickle.tuple(...new Array<Buffer>(1e5).fill(pickle.int(1))), put(7)]);
    const made = Buffer.concat([rebuild, put(8), Buffer.from('0'), shape, Buffer.from('0')]);
    const one = Buffer.concat([get(8), pickle.tuple(get(9), pickle.int(0), get(7), get(7)), Buffer.from('R0')]);
    const many = Buffer.concat([pickle.persistent(id), put(9), Buffer.from('0'), ...new Array<Buffer>(1e5).fill(one)]);
    const value = Buffer.concat([made, many, pickle.dict({})]);
    expect((await errorOf(read(torchFile(value)))).message).toMatch(/holds no dict of tensors/);
  });

  it('keys that are deep or grow when they are printed', async () => {
    const deep = Buffer.from(`${'('.repeat(3e5)}${'t'.repeat(3e5)}`);
    const twice = Buffer.concat([put(7), get(7), Buffer.of(0x86)]);
    const wide = Buffer.concat([pickle.tuple(), ...new Array<Buffer>(60).fill(twice)]);
    for (const key of [deep, wide]) {
      const value = Buffer.concat([
        Buffer.from('}('),
        key,
        pickle.none,
        pickle.text('epoch'),
        pickle.none,
        Buffer.from('u'),
      ]);
      expect((await errorOf(read(torchFile(value)))).message).toMatch(/its keys are "epoch"/);
    }
  });

  it('entries that lie on each other', async () => {
    const keys = ['large', 'x', 'y', 'z'];
    const half = (key: string) => tensor({ key, storage: 'HalfStorage', length: 4096, shape: [4096] });
    const value = pickle.dict(Object.fromEntries(keys.map((key) => [key, half(key)])));
    const empty = Buffer.alloc(0);
    const bytes = torchFile(value, { large: Buffer.alloc(8192), x: empty, y: empty, z: empty });
    const [large, ...others] = keys.map((key) => bytes.lastIndexOf(`model/data/${key}`) - 46) as [number, ...number[]];
    for (const entry of others) {
      for (const field of [20, 24, 42]) bytes.copy(bytes, entry + field, large + field, large + field + 4);
    }
    expect((await errorOf(read(bytes))).message).toMatch(/entry "model\/data\/x" cannot be read \(it overlaps another/);
  });

  it.each<[name: string, piece: Buffer, sentence: RegExp]>([
    ['beyond the storage', view([25]), /shape \[25\] reaches beyond its end: its storage holds 24/],
    ['beyond it by the offset', view([2], { offset: 23 }), /reaches beyond/],
    ['beyond it by the stride', view([2, 2], { stride: [23, 1] }), /reaches beyond/],
    ['repeated without end', view([huge, huge], { stride: [0, 0] }), /repeats what is stored too often/],
    ['with many dimensions', view(new Array<number>(65).fill(1)), /made by "torch\._utils\._rebuild_tensor_v2"/],
    ['of negative size', view([-1]), /made by "torch\._utils\._rebuild_tensor_v2"/],
    ['of negative stride', view([2], { stride: [-1], offset: 4 }), /made by "torch\._utils\._rebuild_tensor_v2"/],
    ['with fewer strides than sizes', view([2, 2], { stride: [1] }), /made by "torch\._utils\._rebuild_tensor_v2"/],
  ])('%s', async (_, piece, sentence) => {
    const error = await errorOf(read(torchFile(pickle.dict({ v: view([1]), w: piece }), { 0: counting })));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringMatching(sentence) });
  });
});
