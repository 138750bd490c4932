import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTensors } from '../../testing/checkpoints/whole.js';
import { sameBits } from '../../testing/tensors.js';
import { errorOf } from '../../testing/error-of.js';
import { readFrom, readWhole } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bytesOf, safetensorsFile } from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();
const read = (bytes: Uint8Array) => readFrom(folder, bytes);

/** A file of one float32 tensor `w` of shape [2, 2], with its entry changed. */
function oneTensor(change: object = {}, data: Uint8Array = new Uint8Array(16)): Buffer {
  return safetensorsFile({ w: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16], ...change } }, data);
}

describe('values', () => {
  it('converts half, bfloat16 and double, and leaves integers out', async () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff, 0x8000, 0x7c00, 0xfc00, 0x7e00);
    const bfloat16 = Uint16Array.of(0x3f80, 0xc040, 0x0001, 0xff80);
    const double = Float64Array.of(0.1, -1e300);
    const data = Buffer.concat([new Uint8Array(8), bytesOf(double), bytesOf(half), bytesOf(bfloat16), Buffer.of(1)]);
    const header = {
      __metadata__: { format: 'pt' },
      count: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
      double: { dtype: 'F64', shape: [2], data_offsets: [8, 24] },
      half: { dtype: 'F16', shape: [9], data_offsets: [24, 42] },
      bfloat16: { dtype: 'BF16', shape: [1, 4], data_offsets: [42, 50] },
      mask: { dtype: 'BOOL', shape: [1], data_offsets: [50, 51] },
    };
    const { tensors } = await read(safetensorsFile(header, data));
    expect([...tensors.keys()]).toEqual(['double', 'half', 'bfloat16']);
    expect([...tensors.get('double')!.data]).toEqual([Math.fround(0.1), -Infinity]);
    expect([...tensors.get('half')!.data]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      -1023 * 2 ** -24,
      -0,
      Infinity,
      -Infinity,
      NaN,
    ]);
    expect(tensors.get('bfloat16')!.shape).toEqual([1, 4]);
    expect([...tensors.get('bfloat16')!.data]).toEqual([1, -3, Math.fround(2 ** -133), -Infinity]);
  });

  it('has float32 tensors share the memory of what was read with them, and copies what is not aligned', async () => {
    for (const halves of [0, 1, 2]) {
      const before = 2 * halves;
      const header = {
        halves: { dtype: 'F16', shape: [halves], data_offsets: [0, before] },
        w: { dtype: 'F32', shape: [2], data_offsets: [before, before + 8] },
      };
      const data = Buffer.concat([new Uint8Array(before), bytesOf(Float32Array.of(1.5, -2))]);
      for (const padding of [0, 1]) {
        const found = (await read(safetensorsFile(header, data, padding))).tensors.get('w')!.data;
        expect([...found]).toEqual([1.5, -2]);
        expect(found.buffer.byteLength).toBe(before % 4 === 0 ? before + 8 : 8);
      }
    }
  });

  it('leaves large float32 matrices in the file, wherever they are in it', async () => {
    const count = 2 ** 14;
    const values = Float32Array.from({ length: count }, (_, i) => Math.sin(i));
    const [floats, halves] = [bytesOf(values), new Uint8Array(2 * count)];
    const tensors: [name: string, dtype: string, shape: number[], data: Uint8Array][] = [
      ['first', 'F32', [64, 256], floats],
      ['mask', 'BOOL', [3], new Uint8Array(3)],
      ['vector', 'F32', [count], floats],
      ['unaligned', 'F32', [256, 64, 1, 1], floats],
      ['neighbour', 'F32', [1, count], floats],
      ['small', 'F32', [count - 1, 1], floats.subarray(4)],
      ['half', 'F16', [128, 256], Buffer.concat([halves, halves])],
      ['last', 'F32', [count, 1], floats],
    ];
    let end = 0;
    const entries = tensors.map(([name, dtype, shape, { length }]) => [
      name,
      { dtype, shape, data_offsets: [end, (end += length)] },
    ]);
    const file = join(folder, 'large');
    writeFileSync(
      file,
      safetensorsFile(Object.fromEntries(entries), Buffer.concat(tensors.map(([, , , data]) => data)), 1),
    );
    const checkpoint = await openTensors(file);
    const left = [...checkpoint.tensors].filter(([, { data }]) => !data).map(([name]) => name);
    expect(left).toEqual(['first', 'unaligned', 'neighbour', 'last']);
    await checkpoint.close();

    const whole = (await readWhole(file)).tensors;
    expect([...whole.keys()]).toEqual(['first', 'vector', 'unaligned', 'neighbour', 'small', 'half', 'last']);
    for (const name of [...left, 'vector']) expect(sameBits(whole.get(name)!.data, values), name).toBe(true);
    expect(sameBits(whole.get('small')!.data, values.subarray(1))).toBe(true);
  });

  it('takes off the prefixes of wrapped modules and leaves counters out', async () => {
    const names = ['module.a.weight', '_orig_mod.module.b', 'c.total_ops', 'total_params', 'bn1.num_batches_tracked'];
    const header = Object.fromEntries(
      names.map((name, i) => [name, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }]),
    );
    const { tensors } = await read(safetensorsFile(header, new Uint8Array(4 * names.length)));
    expect([...tensors.keys()]).toEqual(['a.weight', 'b']);
  });

  it('keeps names that mean something in JavaScript', async () => {
    const header = '{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}';
    const { tensors } = await read(safetensorsFile(header, new Uint8Array(4)));
    expect([...tensors.keys()]).toEqual(['__proto__']);
  });

  it('takes a tensor without elements', async () => {
    const { tensors } = await read(oneTensor({ shape: [0, 3], data_offsets: [0, 0] }, new Uint8Array(0)));
    expect(tensors.get('w')).toEqual({ shape: [0, 3], data: new Float32Array(0) });
  });
});

describe('damaged files', () => {
  const two = (a: number[], b: number[]) => ({
    a: { dtype: 'U8', shape: [a[1]! - a[0]!], data_offsets: a },
    b: { dtype: 'U8', shape: [b[1]! - b[0]!], data_offsets: b },
  });
  const hugeHeader = Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 1, 0, 0), Buffer.from('{}')]);

  it.each<[fault: string, bytes: Buffer, sentence: RegExp]>([
    ['header longer than allowed', hugeHeader, /header of 1099511627776 bytes/],
    [
      'header longer than the file',
      oneTensor().subarray(0, 40),
      /header should have 57 bytes, but the file ends after 32/,
    ],
    ['header that is no JSON', safetensorsFile('{"w"', new Uint8Array(0)), /not valid JSON/],
    ['header that is no UTF-8', safetensorsFile('{"w\xff', new Uint8Array(0)), /not valid JSON/],
    ['data cut off', oneTensor().subarray(0, -1), /should have 16 bytes, but the file holds 15/],
    ['data left over', oneTensor({}, new Uint8Array(17)), /should have 16 bytes, but the file holds 17/],
    ['entry that is no object', safetensorsFile({ w: 1 }, new Uint8Array(0)), /entry for tensor "w"/],
    ['no offsets', oneTensor({ data_offsets: undefined }), /entry for tensor "w"/],
    ['negative size', oneTensor({ shape: [-2, -2] }), /entry for tensor "w"/],
    ['fractional size', oneTensor({ shape: [0.5, 8] }), /entry for tensor "w"/],
    ['end before begin', oneTensor({ data_offsets: [16, 0] }), /should have 16 bytes and has -16/],
    ['shape that is larger', oneTensor({ shape: [2, 3] }), /F32 of shape \[2, 3\]\) should have 24 bytes and has 16/],
    ['absurd shape', oneTensor({ shape: [2 ** 52, 2 ** 52, 2 ** 52] }), /should have \S+ bytes and has 16/],
    [
      'absurd offsets',
      oneTensor({ shape: [2 ** 50], data_offsets: [0, 2 ** 52] }),
      /should have 4503599627370496 bytes/,
    ],
    ['a hole', safetensorsFile(two([0, 2], [3, 4]), new Uint8Array(4)), /"b" at byte 3 of the data leaves a hole/],
    ['an overlap', safetensorsFile(two([0, 3], [2, 4]), new Uint8Array(4)), /"b" at byte 2 of the data overlaps/],
    ['unknown dtype', oneTensor({ dtype: 'F8_E4M3' }), /"F8_E4M3"; save it as one of F64, F32/],
    ['dtype named like a method', oneTensor({ dtype: 'constructor' }), /as "constructor"/],
  ])('%s', async (_, bytes, sentence) => {
    const error = await errorOf(read(bytes));
    expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain(folder);
  });

  it('a tensor with a prefix and without', async () => {
    const entry = (i: number) => ({ dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] });
    const error = await errorOf(read(safetensorsFile({ w: entry(0), 'module.w': entry(1) }, new Uint8Array(8))));
    expect(error.message).toMatch(/holds tensor "w" twice/);
  });
});
