import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readNpy } from '../../../lib/cli/parity/npy.js';
import { readReference } from '../../../lib/cli/parity/reference.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

/** NumPy's format as its description tells it. */
function npy(descr: string, shape: string, data: Buffer, { version = 1, fortran = 'False' } = {}): Buffer {
  const header = Buffer.from(`{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`);
  const size = Buffer.alloc(version === 1 ? 2 : 4);
  size.writeUIntLE(header.length, 0, size.length);
  return Buffer.concat([Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1'), size, header, data]);
}

const numbers = (bytes: 4 | 8, order: 'LE' | 'BE', ...values: number[]): Buffer => {
  const data = Buffer.alloc(bytes * values.length);
  for (const [i, value] of values.entries())
    if (bytes === 4) data[`writeFloat${order}`](value, 4 * i);
    else data[`writeDouble${order}`](value, 8 * i);
  return data;
};

/** A zip file of entries, compressed as numpy.savez_compressed does. */
function zip(entries: Readonly<Record<string, Buffer>>): Buffer {
  const [local, central]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const packed = deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    local.push(Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed);
    central.push(Buffer.from('PK\x01\x02\x14\0'), fields, place, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(entries).length, 4);
  end.writeUInt16LE(Object.keys(entries).length, 6);
  end.writeUInt32LE(Buffer.concat(central).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, ...central, Buffer.from('PK\x05\x06'), end]);
}

function file(name: string, content: Buffer | string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('an array of NumPy', () => {
  it.each([
    ['<f4', 4, 'LE', 1],
    ['>f4', 4, 'BE', 2],
    ['<f8', 8, 'LE', 3],
    ['>f8', 8, 'BE', 1],
  ] as const)('of %s is read', (descr, bytes, order, version) => {
    const found = readNpy(npy(descr, '(2, 3)', numbers(bytes, order, 1, -2, 0.5, 1e6, 0, 3), { version }));
    expect(found).toEqual({ shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 1e6, 0, 3) });
  });

  it.each([
    [Buffer.from('no array at all'), /not in NumPy's format/],
    [npy('<i8', '(1,)', numbers(8, 'LE', 1)), /float32 or float64, found <i8/],
    [npy('<f4', '(1,)', numbers(4, 'LE', 1), { fortran: 'True' }), /C order/],
    [npy('<f4', '(2,)', numbers(4, 'LE', 1)), /of shape \[2\] has 4 bytes/],
    [npy('<f4', 'none', numbers(4, 'LE', 1)), /has no shape/],
  ])('is refused: %#', (bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(message);
  });
});

describe('a reference', () => {
  const input = npy('<f4', '(2, 1, 1, 2)', numbers(4, 'LE', 1, 2, 3, 4));
  const logits = npy('<f8', '(2, 3)', numbers(8, 'LE', 1, 2, 3, 4, 5, 6));
  const expected = {
    input: { shape: [2, 1, 1, 2], data: Float32Array.of(1, 2, 3, 4) },
    logits: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  };

  it('is an archive of arrays, or lists', async () => {
    const archive = file('a.npz', zip({ 'input.npy': input, 'logits.npy': logits }));
    expect(await readReference(archive)).toEqual(expected);
    const lists = { input: [[[[1, 2]]], [[[3, 4]]]], logits: [[1, 2, 3], [4, 5, 6]] }; // prettier-ignore
    expect(await readReference(file('a.json', JSON.stringify(lists)))).toEqual(expected);
  });

  it.each<[string, Buffer | string, RegExp]>([
    ['x.npz', zip({ 'input.npy': input }), /should hold the arrays input and logits, found input\.npy/],
    [
      'i.npz',
      zip({ 'input.npy': logits, 'logits.npy': logits }),
      /input should be \[n, channels, height, width\], found \[2, 3\]/,
    ],
    [
      'l.npz',
      zip({ 'input.npy': input, 'logits.npy': input }),
      /logits should be \[2, classes\], found \[2, 1, 1, 2\]/,
    ],
    ['b.npz', zip({ 'input.npy': Buffer.from('none of it'), 'logits.npy': logits }), /input is not in NumPy's format/],
    ['a.txt', 'no JSON', /should be an \.npz file or JSON/],
    ['r.json', '{"input": [[[[1, 2]], [[3]]]], "logits": [[1]]}', /input should be lists in lists of numbers/],
    ['s.json', '{"input": [[[["1"]]]], "logits": [[1]]}', /input should be lists in lists of numbers/],
  ])('is refused: %s', async (name, content, message) => {
    await expect(readReference(file(name, content))).rejects.toThrow(message);
  });

  it('is missed', async () => {
    await expect(readReference(join(folder, 'none.npz'))).rejects.toThrow(/none\.npz does not exist/);
  });
});
