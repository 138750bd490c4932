import { describe, expect, it } from 'vitest';
import { errorOf } from '../../testing/error-of.js';
import { readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bytesOf, pickle, tensor, torchFile, zipFile, type StoredTensor } from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();
const read = (bytes: Uint8Array) => readFrom(folder, bytes);

const counting = bytesOf(Float32Array.from({ length: 24 }, (_, i) => i));
const view = (shape: number[], rest: Partial<StoredTensor> = {}) =>
  tensor({ key: '0', storage: 'FloatStorage', length: 24, shape, ...rest });
const one = (key = '1') => tensor({ key, storage: 'FloatStorage', length: 1, shape: [1] });
const float = (value: number) => bytesOf(Float32Array.of(value));

async function readOne(piece: Buffer, storage: Uint8Array, options = {}): Promise<number[]> {
  const { tensors } = await read(torchFile(pickle.dict({ w: piece }), { 0: storage }, options));
  return [...tensors.get('w')!.data];
}

describe('views on storages', () => {
  it.each<[name: string, shape: number[], stride: number[], offset: number, values: number[]]>([
    ['contiguous', [2, 3], [3, 1], 0, [0, 1, 2, 3, 4, 5]],
    ['at an offset', [2, 2], [2, 1], 20, [20, 21, 22, 23]],
    ['transposed', [3, 2], [1, 3], 0, [0, 3, 1, 4, 2, 5]],
    ['every second', [2, 2], [8, 2], 1, [1, 3, 9, 11]],
    ['expanded', [2, 3], [0, 1], 4, [4, 5, 6, 4, 5, 6]],
    ['three dimensions permuted', [2, 2, 2], [1, 4, 2], 0, [0, 2, 4, 6, 1, 3, 5, 7]],
    ['a dimension of one with any stride', [1, 3], [99, 1], 0, [0, 1, 2]],
    ['a scalar', [], [], 7, [7]],
    ['nothing', [0, 3], [3, 1], 24, []],
  ])('%s', async (_, shape, stride, offset, values) => {
    const { tensors } = await read(torchFile(pickle.dict({ w: view(shape, { stride, offset }) }), { 0: counting }));
    expect(tensors.get('w')!.shape).toEqual(shape);
    expect([...tensors.get('w')!.data]).toEqual(values);
  });

  it('share what was read of the file where they are contiguous', async () => {
    const bytes = torchFile(pickle.dict({ a: view([24]), b: view([4], { offset: 4 }) }), { 0: counting });
    const { tensors } = await read(bytes);
    expect(tensors.get('a')!.data.buffer).toBe(tensors.get('b')!.data.buffer);
    expect(tensors.get('a')!.data.buffer.byteLength).toBeLessThan(bytes.length);
    expect([...tensors.get('b')!.data]).toEqual([4, 5, 6, 7]);
  });
});

describe('element types', () => {
  const half = bytesOf(Uint16Array.of(0x3c00, 0xc000));
  const bfloat16 = bytesOf(Uint16Array.of(0x3f80, 0xc000));
  const double = bytesOf(Float64Array.of(1, -2));
  const single = bytesOf(Float32Array.of(1, -2));

  it.each<[storage: string, length: number, bytes: Buffer, dtype?: string]>([
    ['FloatStorage', 2, single],
    ['DoubleStorage', 2, double],
    ['HalfStorage', 2, half],
    ['BFloat16Storage', 2, bfloat16],
    ['torch.storage.UntypedStorage', 8, single, 'float32'],
    ['torch.storage.UntypedStorage', 16, double, 'float64'],
    ['torch.storage.UntypedStorage', 4, half, 'float16'],
    ['torch.storage.UntypedStorage', 4, bfloat16, 'bfloat16'],
    ['torch.storage.TypedStorage', 2, single, 'float32'],
  ])('%s of %i (%#)', async (storage, length, bytes, dtype) => {
    const piece = tensor({ key: '0', storage, length, shape: [2], ...(dtype && { dtype }) });
    expect(await readOne(piece, bytes)).toEqual([1, -2]);
  });

  it('are swapped where the file says so', async () => {
    const stored = (storage: string) => tensor({ key: '0', storage, length: 2, shape: [2] });
    const big = { byteorder: 'big' };
    expect(await readOne(stored('FloatStorage'), Buffer.from(single).swap32(), big)).toEqual([1, -2]);
    expect(await readOne(stored('DoubleStorage'), Buffer.from(double).swap64(), big)).toEqual([1, -2]);
    expect(await readOne(stored('HalfStorage'), Buffer.from(half).swap16(), big)).toEqual([1, -2]);
    expect(await readOne(stored('FloatStorage'), single, { byteorder: 'little' })).toEqual([1, -2]);
  });

  it('of whole numbers are left out', async () => {
    const counter = tensor({ key: '9', storage: 'LongStorage', length: 1, shape: [] });
    const { tensors } = await read(
      torchFile(pickle.dict({ w: one(), n: counter }), { 1: float(5), 9: Buffer.alloc(8) }),
    );
    expect([...tensors.keys()]).toEqual(['w']);
  });

  it('that are not read are named', async () => {
    const complex = tensor({ key: '0', storage: 'ComplexFloatStorage', length: 1, shape: [1] });
    const error = await errorOf(read(torchFile(pickle.dict({ w: complex }), { 0: Buffer.alloc(8) })));
    expect(error.message).toMatch(/tensor "w" as "torch\.ComplexFloatStorage"/);
    const quantized = pickle.reduce(pickle.global('torch._utils', '_rebuild_qtensor'));
    const other = await errorOf(read(torchFile(pickle.dict({ v: one(), w: quantized }), { 1: float(1) })));
    expect(other.message).toMatch(/tensor "w" made by "torch\._utils\._rebuild_qtensor"/);
  });
});

describe('what is around the weights', () => {
  const dict = (key: string) => pickle.dict({ w: one(key) });
  const storages = Object.fromEntries([0, 1, 2, 3, 4].map((key) => [key, float(key)]));

  it.each<[order: string, entries: Record<string, Buffer>, value: number]>([
    ['model alone', { model: dict('4'), optimizer: dict('1') }, 4],
    ['the dict itself', { w: one('3') }, 3],
    [
      'an OrderedDict of Python 2',
      {
        net: pickle.reduce(
          pickle.global('collections', 'OrderedDict'),
          pickle.list(pickle.list(pickle.text('w'), one('3'))),
        ),
      },
      3,
    ],
    ['an empty EMA is none', { state_dict_ema: pickle.none, state_dict: dict('2') }, 2],
    ['two levels down', { state: pickle.dict({ model: dict('2') }) }, 2],
    ['in a list', { weights: pickle.list(pickle.int(1), dict('2')) }, 2],
    ['under a number', { folds: Buffer.concat([Buffer.from('}('), pickle.int(0), dict('2'), Buffer.from('u')]) }, 2],
    [
      'an attribute of an object',
      { trainer: pickle.build(pickle.newObject(pickle.global('m', 'Trainer')), pickle.dict({ weights: dict('3') })) },
      3,
    ],
  ])('%s', async (_, entries, value) => {
    const { tensors } = await read(torchFile(pickle.dict(entries), storages));
    expect([...tensors.get('w')!.data]).toEqual([value]);
  });

  it('objects of unknown classes stay inert, wherever they are', async () => {
    const namespace = pickle.build(
      pickle.newObject(pickle.global('argparse', 'Namespace')),
      pickle.dict({ lr: pickle.float(0.1) }),
    );
    const path = pickle.reduce(pickle.global('pathlib', 'PosixPath'), pickle.text('data'));
    const counter = Buffer.concat([
      pickle.reduce(pickle.global('collections', 'Counter')),
      Buffer.from('('),
      pickle.text('k'),
      pickle.int(1),
      Buffer.from('u'),
    ]);
    const queue = Buffer.concat([
      pickle.reduce(pickle.global('collections', 'deque')),
      Buffer.from('('),
      pickle.int(1),
      Buffer.from('e'),
    ]);
    const called = pickle.reduce(
      pickle.reduce(pickle.global('my.project', 'factory'), pickle.text('x')),
      pickle.int(3),
    );
    const value = pickle.dict({
      args: pickle.list(namespace, path, counter, queue, called),
      state_dict: dict('2'),
      epoch: pickle.int(7),
    });
    const { tensors } = await read(torchFile(value, storages));
    expect([...tensors.keys()]).toEqual(['w']);
  });

  it('parameters, and tensors with attributes of their own, are tensors', async () => {
    const rebuild = pickle.global('torch._utils', '_rebuild_tensor');
    const id = pickle.tuple(
      pickle.text('storage'),
      pickle.global('torch', 'FloatStorage'),
      pickle.text('2'),
      pickle.text('cpu'),
      pickle.int(1),
    );
    const args = pickle.tuple(
      pickle.persistent(id),
      pickle.int(0),
      pickle.tuple(pickle.int(1)),
      pickle.tuple(pickle.int(1)),
    );
    const value = pickle.dict({
      parameter: pickle.reduce(
        pickle.global('torch._utils', '_rebuild_parameter'),
        one('3'),
        Buffer.from([0x88]),
        pickle.none,
      ),
      subclass: pickle.reduce(
        pickle.global('torch._tensor', '_rebuild_from_type_v2'),
        rebuild,
        pickle.global('torch', 'Tensor'),
        args,
        pickle.dict({}),
      ),
    });
    const { tensors } = await read(torchFile(value, storages));
    expect([...tensors.values()].map(({ data }) => data[0])).toEqual([3, 2]);
  });

  it.each<[kind: string, value: Buffer, sentence: RegExp]>([
    [
      'a whole model',
      pickle.newObject(pickle.global('models.ghost', 'GhostNet')),
      /object of class "models\.ghost\.GhostNet" without tensors; .*state_dict/,
    ],
    [
      'a whole model under a key, without its tensors',
      pickle.dict({ model: pickle.newObject(pickle.global('m', 'Net')) }),
      /its keys are "model"/,
    ],
    ['a class', pickle.global('m', 'Net'), /class "m\.Net"/],
    ['a number', pickle.int(3), /holds no dict of tensors/],
    ['no tensors', pickle.dict({ epoch: pickle.int(3) }), /its keys are "epoch"/],
  ])('%s is no state dict', async (_, value, sentence) => {
    const error = await errorOf(read(torchFile(value)));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringMatching(sentence) });
  });
});

describe('the archive', () => {
  const value = pickle.dict({ w: view([3]) });

  it.each([
    ['compressed', { deflate: true }],
    ['zip64', { zip64: true }],
  ])('%s', async (_, options) => {
    expect(await readOne(view([3]), counting, options)).toEqual([0, 1, 2]);
  });

  it('without a folder', async () => {
    const entries = [
      { name: 'data.pkl', data: pickle.program(value) },
      { name: 'data/0', data: counting },
    ];
    expect((await read(zipFile(entries))).tensors.size).toBe(1);
  });

  it('reads no storage that the weights do not use', async () => {
    const optimizer = pickle.dict({ momentum: one('not there') });
    const { tensors } = await read(torchFile(pickle.dict({ state_dict: value, optimizer }), { 0: counting }));
    expect(tensors.size).toBe(1);
  });

  const program = { name: 'm/data.pkl', data: pickle.program(value) };
  it.each<[fault: string, bytes: Buffer, sentence: RegExp]>([
    ['a storage is missing', torchFile(value), /no entry "model\/data\/0"/],
    [
      'a storage is too short',
      torchFile(value, { 0: counting.subarray(4) }),
      /storage "0" should have 96 bytes and has 92/,
    ],
    ['an entry twice', zipFile([program, program]), /"m\/data\.pkl" is listed twice/],
    ['a .pth in a zip', zipFile([{ name: 'model.pth', data: counting }]), /archive around "model\.pth"; unpack it/],
    ['.npz', zipFile([{ name: 'conv_stem.weight.npy', data: counting }]), /\.npz archive of NumPy arrays/],
    ['.pt2', zipFile([{ name: 'm/archive_format', data: counting }]), /torch\.export \(\.pt2\)/],
    ['.keras', zipFile([{ name: 'model.weights.h5', data: counting }]), /model of Keras/],
    ['any other zip', zipFile([{ name: 'a.txt', data: counting }]), /without a data\.pkl/],
    ['two pickles', zipFile([program, { ...program, name: 'n/data.pkl' }]), /several data\.pkl/],
    [
      'TorchScript without tensors',
      torchFile(pickle.newObject(pickle.global('__torch__.m', 'Net'))),
      /is a TorchScript program without plain tensors/,
    ],
  ])('%s', async (_, bytes, sentence) => {
    const error = await errorOf(read(bytes));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringMatching(sentence) });
  });
});
