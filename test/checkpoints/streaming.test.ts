import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../../lib/checkpoints/index.js';
import { OpenFile } from '../../lib/formats/open-file.js';
import type { StoredTensor } from '../../lib/formats/tensor.js';
import { errorOf } from '../../testing/error-of.js';
import { openTensors, readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import {
  bytesOf,
  legacyTorchFile,
  mindSporeValue,
  pickle,
  protobuf,
  safetensorsFile,
  tensor,
  torchFile,
  zipFile,
} from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();

afterEach(() => void vi.restoreAllMocks());

const side = 512;
const large = Float32Array.from({ length: side * side }, (_, i) => i);
const vectors = Array.from({ length: 60 }, (_, i) => Float32Array.of(i, i + 0.5));

/** In the order of the file: something that no network has, vectors around a large matrix, and what a trainer keeps. */
const parts: readonly (readonly [name: string, data: Float32Array, shape: number[]])[] = [
  ...vectors.slice(0, 30).map((data, i) => [`v${i}`, data, [2]] as const),
  ['w', large, [side, side]],
  ...vectors.slice(30).map((data, i) => [`v${i + 30}`, data, [2]] as const),
].map(([name, data, shape]) => [name as string, data as Float32Array, shape as number[]]);
const momentum = bytesOf(new Float32Array(2 ** 18).fill(7));

const pieces = (legacy: boolean) => {
  const view = legacy ? { view: null } : {};
  const stored = (key: number, length: number, shape: readonly number[]) =>
    tensor({ key: String(key), storage: 'FloatStorage', length, shape, ...view });
  const weights = parts.map(([name, { length }, shape], i) => [name, stored(i, length, shape)] as const);
  return pickle.dict({
    state_dict: pickle.dict(Object.fromEntries(weights)),
    optimizer: pickle.list(stored(parts.length, 2 ** 18, [2 ** 18])),
  });
};
const storages = [...parts.map(([, data]) => bytesOf(data)), momentum];
const tensorBytes = Buffer.concat(parts.map(([, data]) => bytesOf(data)));

function safetensors(): Buffer {
  let begin = 0;
  const entries = parts.map(([name, data, shape]) => {
    const offsets = [begin, (begin += data.byteLength)];
    return [name, { dtype: 'F32', shape, data_offsets: offsets }] as const;
  });
  return safetensorsFile(Object.fromEntries(entries), tensorBytes);
}

const files = {
  'zip of torch.save': () => torchFile(pieces(false), Object.fromEntries(storages.entries())),
  'file of torch.save before 1.6': () =>
    legacyTorchFile(
      pieces(true),
      storages.map((bytes, i) => ({ key: String(i), bytes, elements: bytes.length / 4 })),
    ),
  MindSpore: () =>
    Buffer.concat([
      ...parts.map(([name, data, shape]) => mindSporeValue(name, 'Float32', shape, bytesOf(data))),
      mindSporeValue('moments.w', 'Float32', [2 ** 18], momentum),
    ]),
  '.safetensors': safetensors,
};

interface ReadOfFile {
  readonly start: number;
  readonly end: number;
}

/** Tells every read of a file from now on. */
function watched(): () => ReadOfFile[] {
  const fill = vi.spyOn(OpenFile.prototype, 'fill');
  return () => fill.mock.calls.map(([bytes, start]) => ({ start, end: start + bytes.length }));
}

describe.each(Object.entries(files))('of a %s', (name, make) => {
  const bytes = make();
  const path = join(folder, name.replaceAll(/\W/g, ''));
  writeFileSync(path, bytes);
  const own = parts.map(([part]) => part);
  const open = async () => {
    const checkpoint = await readCheckpoint(path);
    const tensors = await checkpoint.dicts[0]!.read(own);
    return { tensors, close: checkpoint.close };
  };

  it('large matrices and what no weight uses stay in the file, and neighbours come with one read', async () => {
    const readsOf = watched();
    const { tensors, close } = await open();
    const reads = readsOf();
    expect(reads.length).toBeLessThanOrEqual(8);
    expect(reads.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(bytes.length / 4);
    const [first, last] = [bytes.indexOf(bytesOf(large.subarray(1000, 1010))), bytes.indexOf(momentum.subarray(0, 64))];
    for (const place of [first, last].filter((found) => found >= 0))
      expect(reads.filter(({ start, end }) => start <= place + 2 ** 19 && end > place + 2 ** 19)).toEqual([]);
    for (const [part, data] of parts.filter(([part]) => part !== 'w')) expect(tensors.get(part)!.data).toEqual(data);
    const w = tensors.get('w') as StoredTensor;
    expect(w.data).toBeUndefined();
    const piece = new Float32Array(1000);
    await w.read(piece, 700);
    expect(piece).toEqual(large.subarray(700, 1700));
    expect(readsOf()).toHaveLength(reads.length + 1);
    await close();
  });

  it('what is cut off while it is read is damaged', async () => {
    const cut = join(folder, 'cut');
    writeFileSync(cut, bytes);
    const checkpoint = await readCheckpoint(cut);
    const w = (await checkpoint.dicts[0]!.read(['w'])).get('w') as StoredTensor;
    const middle = bytes.indexOf(bytesOf(large.subarray(1000, 1010)));
    truncateSync(cut, middle);
    const error = await errorOf(w.read(new Float32Array(large.length), 0));
    expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(error.message).toContain(`it ended after ${middle} of ${bytes.length} bytes while it was read`);
    await errorOf(checkpoint.dicts[0]!.read(['v59']));
    await checkpoint.close();
  });

  it('a file that ends within a tensor is refused', async () => {
    const cut = join(folder, 'short');
    writeFileSync(cut, bytes.subarray(0, bytes.indexOf(bytesOf(large.subarray(1000, 1010)))));
    const error = await errorOf(openTensors(cut));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringContaining('is damaged: ') });
  });

  it('reading ends with the signal', async () => {
    const controller = new AbortController();
    const checkpoint = await readCheckpoint(path, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(checkpoint.dicts[0]!.read(own)).rejects.toThrow('enough');
    await checkpoint.close();
  });
});

describe('a zip', () => {
  const piece = tensor({ key: '0', storage: 'FloatStorage', length: large.length, shape: [side, side] });
  const small = tensor({ key: '1', storage: 'FloatStorage', length: 2, shape: [2] });
  const value = pickle.dict({ w: piece, v: small });
  const data = { 0: bytesOf(large), 1: bytesOf(vectors[1]!) };
  const expectWhole = async (bytes: Buffer): Promise<void> => {
    const { tensors } = await readFrom(folder, bytes);
    expect(bytesOf(tensors.get('w')!.data).equals(bytesOf(large))).toBe(true);
    expect(tensors.get('v')!.data).toEqual(vectors[1]);
  };

  it.each([
    ['with long extra fields', { localExtraBytes: 6400 }],
    ['that is compressed', { deflate: true }],
    ['of zip64', { zip64: true }],
  ])('%s', (_, options) => expectWhole(torchFile(value, data, options)));

  const entries = [
    { name: 'm/data.pkl', data: pickle.program(value) },
    ...Object.entries(data).map(([key, bytes]) => ({ name: `m/data/${key}`, data: bytes })),
  ];
  it('whose directory is longer than what is read at first', () => {
    const more = Array.from({ length: 4000 }, (_, i) => ({ name: `m/${'x'.repeat(60)}${i}`, data: Buffer.of(1) }));
    return expectWhole(zipFile([...entries, ...more]));
  });
  it('with a comment that looks like its end', () =>
    expectWhole(zipFile(entries, `before PK\x05\x06${'\0'.repeat(16)}\x09\x09 and behind`)));

  const start = zipFile(entries).indexOf('PK\x03\x04', 40);
  const central = zipFile(entries).indexOf('PK\x01\x02');
  const changed = (at: number, byte: number): Buffer => {
    const bytes = zipFile(entries);
    bytes[at] = byte;
    return bytes;
  };
  it.each<[fault: string, bytes: Buffer, sentence: RegExp]>([
    ['without a local header', changed(start, 0), /"m\/data\/0" cannot be read \(at byte \d+ it has no header\)/],
    ['with a header that reaches too far', changed(start + 29, 0xff), /it should reach to byte \d+ of \d+/],
    ['that is encrypted', changed(central + 8, 1), /"m\/data\.pkl" cannot be read \(it is encrypted\)/],
    ['of another compression', changed(central + 10, 12), /it is compressed by method 12/],
    ['of two sizes', changed(central + 24, 1), /it is stored in \d+ bytes and should have \d+/],
    ['whose directory begins elsewhere', changed(central, 0), /entry 0 of 3 has no header/],
    ['without an end', zipFile(entries).subarray(0, -1), /it has no end record/],
  ])('%s is damaged', async (_, bytes, sentence) => {
    const error = await errorOf(readFrom(folder, bytes));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringMatching(sentence) });
  });
});

it('pickles that are longer than what is read at first are read once more, and what they name is told once', async () => {
  const unknown = pickle.newObject(pickle.global('my.project', 'Trainer'));
  const w = tensor({ key: '0', storage: 'FloatStorage', length: 2, shape: [2], view: null });
  const value = pickle.dict({
    trainer: unknown,
    log: pickle.text('x'.repeat(2 ** 20)),
    state_dict: pickle.dict({ w }),
  });
  const bytes = legacyTorchFile(value, [{ key: '0', bytes: bytesOf(vectors[3]!), elements: 2 }]);
  const { tensors, unknownNames } = await readFrom(folder, bytes);
  expect(tensors.get('w')!.data).toEqual(vectors[3]);
  expect(unknownNames).toEqual(['my.project.Trainer']);
});

it("MindSpore's fields may come in any order", async () => {
  const inner = protobuf([3, bytesOf(large)], [2, 'Float32'], [1, side], [1, side]);
  const { tensors } = await readFrom(folder, Buffer.concat([
    mindSporeValue('v', 'Float32', [2], bytesOf(vectors[2]!)),
    protobuf([1, protobuf([2, inner], [1, 'w'])]),
  ])); // prettier-ignore
  expect(bytesOf(tensors.get('w')!.data).equals(bytesOf(large))).toBe(true);
  expect(tensors.get('v')!.data).toEqual(vectors[2]);
});
