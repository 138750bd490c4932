/** Small files of every format with something of all that it can hold: what mutations and fuzzers begin with. */
import {
  bytesOf,
  legacyTorchFile,
  mindSporeValue,
  pickle,
  safetensorsFile,
  tensor,
  torchFile,
  zipFile,
} from './writers.js';

const values = bytesOf(Float32Array.from({ length: 16 }, (_, i) => i / 7));

export const safetensors = safetensorsFile(
  {
    __metadata__: { format: 'pt' },
    'conv_stem.weight': { dtype: 'F32', shape: [2, 4], data_offsets: [0, 32] },
    'bn1.weight': { dtype: 'BF16', shape: [16], data_offsets: [32, 64] },
  },
  values,
);

const stored = (rest: object) => tensor({ key: '0', storage: 'FloatStorage', length: 16, shape: [2, 8], ...rest });
const checkpoint = pickle.dict({
  state_dict: pickle.dict({
    a: stored({}),
    b: stored({ stride: [1, 2] }),
    c: stored({ key: '1', storage: 'HalfStorage', length: 32 }),
  }),
  args: pickle.build(pickle.newObject(pickle.global('argparse', 'Namespace')), pickle.dict({ lr: pickle.float(0.1) })),
});

export const torch = (options: object) =>
  torchFile(checkpoint, { 0: values, 1: values }, { byteorder: 'little', ...options });

/** The pickles of such files, and what makes a file of any bytes as its pickle. */
export const picklesOfTorch = [
  pickle.program(checkpoint),
  pickle.program(
    pickle.dict({
      a: stored({}),
      epoch: pickle.int(3),
      best: pickle.tuple(pickle.shortText('top1'), pickle.float(0.5), pickle.none),
    }),
    4,
  ),
];
export const torchAround = (program: Uint8Array) =>
  zipFile(
    Object.entries({ 'data.pkl': program, 'data/0': values, 'data/1': values }).map(([name, data]) => ({
      name: `model/${name}`,
      data,
    })),
  );

export const legacy = legacyTorchFile(
  pickle.dict({
    state_dict: pickle.dict({
      a: stored({ view: null }),
      b: stored({ stride: [1, 2], view: ['part', 0, 16] }),
      c: stored({ key: '1', storage: 'HalfStorage', length: 32 }),
    }),
  }),
  [
    { key: '0', bytes: values, elements: 16 },
    { key: '1', bytes: values, elements: 32 },
  ],
);

export const mindSpore = Buffer.concat([
  mindSporeValue('conv_stem.weight', 'Float32', [2, 8], values.subarray(0, 30)),
  mindSporeValue('conv_stem.weight', 'Float32', [2, 8], values.subarray(30)),
  mindSporeValue('bn1.gamma', 'Float16', [16], values.subarray(0, 32)),
  mindSporeValue('epoch_num', 'Int32', [0], Buffer.alloc(4)),
  mindSporeValue('bn1.beta', 'Float64', [8], values),
]);
