import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../testing/error-of.js';
import { readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bytesOf, mindSporeValue, protobuf } from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();
const read = (...values: readonly Uint8Array[]) => readFrom(folder, Buffer.concat(values));
const namesOf = async (...names: string[]): Promise<string[]> => {
  const { tensors } = await read(...names.map((name) => mindSporeValue(name, 'Float32', [1], float(1))));
  return [...tensors.keys()];
};

const float = (...values: number[]) => bytesOf(Float32Array.from(values));
const counting = float(...Array.from({ length: 12 }, (_, i) => i));
const value = mindSporeValue('w.weight', 'Float32', [3, 4], counting);

describe('tensors', () => {
  it.each<[type: string, content: Buffer]>([
    ['Float32', float(1, -2)],
    ['Float64', bytesOf(Float64Array.of(1, -2))],
    ['Float16', bytesOf(Uint16Array.of(0x3c00, 0xc000))],
    ['BFloat16', bytesOf(Uint16Array.of(0x3f80, 0xc000))],
  ])('of %s', async (type, content) => {
    const { tensors, framework } = await read(mindSporeValue('v', type, [2], content));
    expect(tensors.get('v')).toEqual({ shape: [2], data: Float32Array.of(1, -2) });
    expect(framework).toBe('mindspore');
  });

  it('in slices under one name', async () => {
    const slices = [counting.subarray(0, 8), counting.subarray(8, 9), counting.subarray(9)];
    const { tensors } = await read(...slices.map((slice) => mindSporeValue('w', 'Float32', [3, 4], slice)), value);
    expect([...tensors.get('w')!.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(tensors.get('w')!.shape).toEqual([3, 4]);
    expect(tensors.has('w.weight')).toBe(true);
  });

  it('so large that they are read in pieces, in slices too', async () => {
    const content = bytesOf(Float32Array.from({ length: 2 ** 15 }, (_, i) => i));
    const cuts = [0, 4097, 4097, 65_539, 70_000, content.length];
    const slices = cuts.slice(1).map((end, i) => content.subarray(cuts[i], end));
    const { tensors } = await read(...slices.map((slice) => mindSporeValue('w', 'Float32', [2 ** 8, 2 ** 7], slice)));
    expect(bytesOf(tensors.get('w')!.data).equals(content)).toBe(true);
  });

  it('that are scalars, and packed dimensions', async () => {
    const packed = protobuf([1, Buffer.of(3, 4)], [2, 'Float32'], [3, counting]);
    const { tensors } = await read(
      mindSporeValue('scalar', 'Float32', [0], float(7)),
      protobuf([1, protobuf([1, 'w'], [2, packed])]),
    );
    expect(tensors.get('scalar')).toEqual({ shape: [], data: Float32Array.of(7) });
    expect(tensors.get('w')!.shape).toEqual([3, 4]);
  });

  it('beside counters, texts, maps and fields of later versions', async () => {
    const { tensors } = await read(
      mindSporeValue('epoch_num', 'Int32', [0], Buffer.alloc(4)),
      mindSporeValue('note', 'str', [0], Buffer.from('hello')),
      protobuf([1, protobuf([1, 'map'], [3, Buffer.from('anything')])], [2, 5], [99, Buffer.from('later')]),
      Buffer.from([0x19, ...Buffer.alloc(8), 0x25, ...Buffer.alloc(4)]),
      value,
    );
    expect([...tensors.keys()]).toEqual(['w.weight']);
  });

  it('before a checksum that is right', async () => {
    const end = Buffer.alloc(17);
    end.write('crc_num');
    end.writeUInt32BE(crc32(value), 13);
    expect((await read(value, end)).tensors.size).toBe(1);
    end[16]! ^= 1;
    expect((await errorOf(read(value, end))).message).toMatch(/its checksum should be \d+ and is \d+/);
  });
});

describe('names', () => {
  it.each([
    ['bn1.gamma', 'bn1.weight'],
    ['bn1.moving_variance', 'bn1.running_var'],
    ['blocks.0.ghost1.primary_conv.conv.weight', 'blocks.0.0.ghost1.primary_conv.0.weight'],
    ['blocks.10.ghost2.cheap_operation.bn.beta', 'blocks.6.4.ghost2.cheap_operation.1.bias'],
    ['blocks.6.ghost1.short_conv.2.bn.moving_mean', 'blocks.6.0.ghost1.short_conv.5.running_mean'],
    ['blocks.11.dw.conv.weight', 'blocks.7.0.conv_dw.weight'],
    ['blocks.11.dw.bn.gamma', 'blocks.7.0.bn_dw.weight'],
    ['blocks.15.shortcut.1.conv.weight', 'blocks.8.3.shortcut.2.weight'],
    ['blocks.15.se.conv_reduce.bias', 'blocks.8.3.se.conv_reduce.bias'],
    ['blocks.16.conv.weight', 'blocks.9.0.conv.weight'],
    ['blocks.16.bn.gamma', 'blocks.9.0.bn1.weight'],
    // Networks that were ported from PyTorch number blocks as it does.
    ['blocks.6.4.ghost1.primary_conv.1.gamma', 'blocks.6.4.ghost1.primary_conv.1.weight'],
    ['blocks.9.0.bn1.moving_mean', 'blocks.9.0.bn1.running_mean'],
  ])('%s is %s', async (name, expected) => {
    expect(await namesOf(name)).toEqual([expected]);
  });

  it('of an optimizer are left out where a network is there', async () => {
    const optimizer = ['moments.conv_stem.weight', 'learning_rate', 'beta1_power', 'moments.blocks.16.bn.gamma'];
    expect(await namesOf('conv_stem.weight', ...optimizer, 'classifier.bias')).toEqual([
      'conv_stem.weight',
      'classifier.bias',
    ]);
    expect(await namesOf('layer1.weight', 'learning_rate')).toEqual(['layer1.weight', 'learning_rate']);
  });
});

describe('what is refused', () => {
  const dims = (count: number) => new Array<number>(count).fill(1);

  it.each<[fault: string, bytes: Buffer, sentence: RegExp]>([
    [
      'a tensor twice',
      Buffer.concat([value, mindSporeValue('v', 'Float32', [1], float(1)), value]),
      /holds tensor "w\.weight" twice/,
    ],
    [
      'slices of two shapes',
      Buffer.concat([value, mindSporeValue('w.weight', 'Float32', [4, 3], counting)]),
      /slices of tensor "w\.weight" differ in type or shape/,
    ],
    [
      'too few elements',
      mindSporeValue('w', 'Float32', [3, 5], counting),
      /"w" \(Float32 of shape \[3, 5\]\) should have 60 bytes and has 48/,
    ],
    ['more slices than fit', Buffer.concat([value, value]), /should have 48 bytes and has 96/],
    ['a negative size', mindSporeValue('w', 'Float32', [2 ** 63, 0], counting), /should have 0 bytes and has 48/],
    [
      'a size without end',
      mindSporeValue('w', 'Float32', [...dims(2).fill(2 ** 60), 4], counting),
      /should have .* bytes and has 48/,
    ],
    ['many dimensions', mindSporeValue('w', 'Float32', dims(65), float(1)), /more than 64 dimensions/],
    [
      'a type that is not read',
      mindSporeValue('w', 'Complex64', [1], Buffer.alloc(8)),
      /holds tensor "w" as "Complex64"; save it as Float32/,
    ],
    [
      'many fields',
      Buffer.concat([value, protobuf([1, Buffer.alloc(202, Buffer.of(0x28, 1))])]),
      /a message has more than 100 fields/,
    ],
    ['no name', Buffer.concat([value, protobuf([1, protobuf([2, protobuf([1, 1])])])]), /a parameter has no name/],
    ['an end within a tensor', value.subarray(0, -1), /in its protobuf, \d+ bytes are expected where \d+ are left/],
    ['a group', Buffer.concat([value, Buffer.of(0x0b)]), /a field has the unknown type 3/],
    ['field 0', Buffer.concat([value, Buffer.of(0x02, 0)]), /field 0 is none/],
    ['a number without end', Buffer.concat([value, Buffer.alloc(11, 0xff)]), /a number has more than 10 bytes/],
  ])('%s', async (_, bytes, sentence) => {
    const error = await errorOf(read(bytes));
    expect(error).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringMatching(sentence) });
  });

  it('parameters without end', async () => {
    const empty = protobuf([1, protobuf([1, 'a'], [2, ''])]);
    const error = await errorOf(read(Buffer.alloc(empty.length * 100_001, empty)));
    expect(error.message).toMatch(/a message has more than 100000 fields/);
  });
});
