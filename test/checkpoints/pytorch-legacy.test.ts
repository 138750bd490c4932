import { describe, expect, it } from 'vitest';
import { errorOf } from '../../testing/error-of.js';
import { readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import {
  bytesOf,
  legacyTorchFile,
  pickle,
  tensor,
  type LegacyStorage,
  type StoredTensor,
} from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();
const read = (bytes: Uint8Array) => readFrom(folder, bytes);

const counting = bytesOf(Float32Array.from({ length: 24 }, (_, i) => i));
const storage = (key: string, bytes: Uint8Array, elements: number): LegacyStorage => ({ key, bytes, elements });
const view = (shape: number[], rest: Partial<StoredTensor> = {}) =>
  tensor({ key: '0', storage: 'FloatStorage', length: 24, shape, view: null, ...rest });
const numbers = storage('0', counting, 24);

async function readOne(piece: Buffer, stored: LegacyStorage, options = {}): Promise<number[]> {
  const { tensors } = await read(legacyTorchFile(pickle.dict({ w: piece }), [stored], options));
  return [...tensors.get('w')!.data];
}

describe('tensors', () => {
  it.each([2, 3, 4, 5])('of pickles of protocol %i', async (protocol) => {
    expect(await readOne(view([2, 2], { offset: 3 }), numbers, { protocol })).toEqual([3, 4, 5, 6]);
  });

  it('that are strided, and parts of larger storages', async () => {
    expect(await readOne(view([2, 2], { stride: [1, 8], offset: 1 }), numbers)).toEqual([1, 9, 2, 10]);
    expect(await readOne(view([3], { view: ['part', 20, 4] }), numbers)).toEqual([20, 21, 22]);
    expect(await readOne(view([2], { view: ['part', 20, 4], offset: 2 }), numbers)).toEqual([22, 23]);
  });

  it.each<[type: string, elements: number, bytes: Buffer]>([
    ['FloatStorage', 2, bytesOf(Float32Array.of(1, -2))],
    ['DoubleStorage', 2, bytesOf(Float64Array.of(1, -2))],
    ['HalfStorage', 2, bytesOf(Uint16Array.of(0x3c00, 0xc000))],
    ['BFloat16Storage', 2, bytesOf(Uint16Array.of(0x3f80, 0xc000))],
  ])('of %s', async (type, elements, bytes) => {
    const piece = tensor({ key: 'k', storage: type, length: elements, shape: [elements], view: null });
    expect(await readOne(piece, storage('k', bytes, elements))).toEqual([1, -2]);
  });

  it('behind storages of every size, whole numbers left out', async () => {
    const of = (key: string, type: string, length: number, shape = [length]) =>
      tensor({ key, storage: type, length, shape, view: null });
    const value = pickle.dict({
      state_dict: pickle.dict({
        counter: of('a', 'LongStorage', 1, []),
        half: of('b', 'HalfStorage', 1),
        w: view([3]),
      }),
      mask: of('c', 'BoolStorage', 3),
      spectrum: of('d', 'ComplexDoubleStorage', 1),
    });
    const others = [
      storage('a', Buffer.alloc(8), 1),
      storage('b', bytesOf(Uint16Array.of(0x3c00)), 1),
      storage('c', Buffer.alloc(3), 3),
      storage('d', Buffer.alloc(16), 1),
    ];
    const { tensors } = await read(legacyTorchFile(value, [...others, numbers]));
    expect([...tensors.keys()]).toEqual(['half', 'w']);
    expect([...tensors.get('half')!.data, ...tensors.get('w')!.data]).toEqual([1, 0, 1, 2]);
  });

  it('share what was read of the file, aligned wherever they lie', async () => {
    const bytes = legacyTorchFile(pickle.dict({ a: view([24]), b: view([4], { offset: 4 }) }), [numbers]);
    for (const file of [
      bytes,
      legacyTorchFile(pickle.dict({ a: view([24]), b: view([4]), longer: pickle.none }), [numbers]),
    ]) {
      const { tensors } = await read(file);
      expect(tensors.get('a')!.data.buffer).toBe(tensors.get('b')!.data.buffer);
      expect(tensors.get('a')!.data.buffer.byteLength).toBe(8 + counting.length);
    }
  });
});

describe('what is refused', () => {
  const value = pickle.dict({ w: view([3]) });
  const unknown = tensor({ key: 'x', storage: 'OddStorage', length: 1, shape: [1], view: null });

  it.each<[fault: string, bytes: Buffer, sentence: RegExp]>([
    ['a pickle of something else', pickle.program(value), /is a pickle that torch\.save did not write/],
    ['another protocol', legacyTorchFile(value, [numbers], { version: 1002 }), /protocol should be 1001/],
    ['no list of storages', legacyTorchFile(value, [numbers], { keys: pickle.none }), /has no list of storages/],
    [
      'a storage that nobody has',
      legacyTorchFile(value, [numbers, storage('9', counting, 24)]),
      /belongs to no tensor/,
    ],
    ['a key that is no text', legacyTorchFile(value, [], { keys: pickle.list(pickle.int(0)) }), /belongs to no tensor/],
    ['a storage that is not listed', legacyTorchFile(value, []), /storage "0" is not among those that it lists/],
    [
      'another count',
      legacyTorchFile(value, [storage('0', counting, 25)]),
      /storage "0" should have 24 elements and has 25/,
    ],
    [
      'a negative count',
      legacyTorchFile(value, [storage('0', counting, 2 ** 63)]),
      /should have 24 elements and has -9/,
    ],
    [
      'an end within a storage',
      legacyTorchFile(value, [numbers]).subarray(0, -5),
      /storage "0" should have 96 bytes and has 91/,
    ],
    ['an end within a count', legacyTorchFile(value, [numbers]).subarray(0, -100), /it ends before storage "0"/],
    [
      'a view beyond its storage',
      legacyTorchFile(pickle.dict({ w: view([3], { view: ['p', 22, 2] }) }), [numbers]),
      /reaches beyond its end/,
    ],
    [
      'an unknown class',
      legacyTorchFile(pickle.dict({ w: unknown }), [storage('x', counting, 1)]),
      /storage "x" of class "torch\.OddStorage"/,
    ],
    ['an end within the pickles', legacyTorchFile(value, [numbers]).subarray(0, 60), /in its pickle, /],
  ])('%s', async (_, bytes, sentence) => {
    const error = await errorOf(read(bytes));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringMatching(sentence) });
  });

  it('a whole model, by the name of its class', async () => {
    const id = pickle.tuple(
      pickle.text('module'),
      pickle.global('models', 'GhostNet'),
      pickle.text('m.py'),
      pickle.text('class…'),
    );
    const model = pickle.newObject(pickle.persistent(id));
    expect((await errorOf(read(legacyTorchFile(model, [])))).message).toMatch(
      /object of class "models\.GhostNet" without tensors/,
    );
  });

  it.each([0, 1, 2, 3, 4])('code, in pickle %i', async (index) => {
    const evil = pickle.program(pickle.reduce(pickle.global('os', 'system'), pickle.text('echo')));
    const good = legacyTorchFile(value, [numbers]);
    let start = 0;
    for (let before = 0; before < index; before++) start = good.indexOf(Buffer.of(0x80, 2), start + 1);
    const error = await errorOf(read(Buffer.concat([good.subarray(0, start), evil, good])));
    expect(error).toMatchObject({ code: 'ERR_GHOST_UNSAFE', message: expect.stringContaining('os.system') });
  });
});
