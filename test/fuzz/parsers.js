// What is fuzzed in Node: how bytes are read, what must hold of every reading, and what to begin with. Whatever `read`
// throws is a find, unless it is a GhostNetError.
import { readHubConfig } from '../../dist/checkpoints/config.js';
import { readCheckpoint } from '../../dist/checkpoints/index.js';
import { findNetwork } from '../../dist/networks/find.js';
import { mjpegFrames } from '../../dist/pixels/mjpeg.js';
import { bitmapParsers } from './bitmaps.js';

/** A file of any checkpoint format: every tensor that it promises can be had, or is refused. */
async function checkpoint(bytes, file) {
  const { dicts, framework, close } = await readCheckpoint(file);
  try {
    for (const dict of dicts) {
      for (const [name, { shape, data, read }] of await dict.read(dict.shapes.keys())) {
        const elements = shape.reduce((product, size) => product * size, 1);
        if (data && data.length !== elements)
          throw new Error(`tensor ${name} has ${data.length} elements for shape ${shape}`);
        if (!data) await read(new Float32Array(elements), 0);
      }
    }
    try {
      findNetwork({ dicts, framework, file }, undefined);
    } catch (error) {
      // Hardly a mutation leaves a network whole.
      if (error.name !== 'GhostNetError') throw error;
    }
  } finally {
    await close();
  }
}

/** The config.json beside a model's weights. */
async function config(bytes, file) {
  await readHubConfig(file);
}

async function framesOf(chunks, options) {
  const frames = [];
  const skipped = [];
  const stream = (async function* () {
    yield* chunks;
  })();
  for await (const frame of mjpegFrames(stream, { ...options, onSkipped: ({ reason }) => skipped.push(reason) }))
    frames.push(Buffer.from(frame));
  return { frames, skipped };
}

/**
 * A stream: however it is cut, the same frames come, each whole, in their order and within the limit. The first byte
 * decides on limit and cuts.
 */
async function mjpeg([style = 0, ...rest]) {
  const stream = Buffer.from(rest);
  const size = 1 + (style >> 2);
  const maxFrameBytes = [1, 20, 1000, 2 ** 24][style & 3];
  const cut = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
    stream.subarray(i * size, (i + 1) * size),
  );
  const [whole, pieces] = [await framesOf([stream], { maxFrameBytes }), await framesOf(cut, { maxFrameBytes })];
  if (String(whole.skipped) !== String(pieces.skipped))
    throw new Error(`skipped ${whole.skipped} when whole and ${pieces.skipped} in pieces of ${size}`);
  if (Buffer.compare(Buffer.concat(whole.frames), Buffer.concat(pieces.frames)))
    throw new Error(`pieces of ${size} bytes give other frames`);
  let at = 0;
  for (const frame of whole.frames) {
    const found = stream.indexOf(frame, at);
    if (found < 0) throw new Error('a frame is not in the stream behind the one before');
    if (frame.length > maxFrameBytes) throw new Error(`a frame has ${frame.length} bytes, more than ${maxFrameBytes}`);
    if (frame.readUInt16BE(0) !== 0xffd8 || frame.readUInt16BE(frame.length - 2) !== 0xffd9)
      throw new Error('a frame does not go from start to end of image');
    at = found + frame.length;
  }
  const { frames } = await framesOf(cut, { maxFrameBytes, latest: true });
  const last = whole.frames.at(-1);
  if (last ? !frames.at(-1)?.equals(last) : frames.length > 0)
    throw new Error('`latest` ends with another frame than the last');
}

const words = (text) => text.split(' ').map((word) => Buffer.from(word, 'latin1'));
const pickleWords = words(
  'ctorch._utils\n_rebuild_tensor_v2\n ctorch\nFloatStorage\n ccollections\nOrderedDict\n ctorch\nbfloat16\n ' +
    'cos\nsystem\n cnumpy\nndarray\n \x80\x02 \x80\x04\x95 ( ) R Q } ] t u e b s a N . 0 1 2 h\x00 q\x00 ' +
    'r\0\0\0\0 j\0\0\0\0 \x94 \x93 \x85 \x86 \x87 \x88 \x89 \x81 \x8a\x04 \x8b\x04\0\0\0 K\x01 M\x01\x00 ' +
    "J\xff\xff\xff\xff X\x03\0\0\0cpu \x8c\x01a I1\n L1L\n F1.5\n S'a'\n i o d l \x8f \x90 \x92 \x96",
);
const zipWords = words(
  'PK\x01\x02 PK\x03\x04 PK\x05\x06 PK\x06\x06 PK\x06\x07 archive/data.pkl model/data/0 /byteorder big ' +
    '\x08\x00 \x01\x00\x18\x00 \xff\xff\xff\xff',
);
const jsonWords = words(
  '{ } [ ] , : " null true -1 0.5 1e309 9007199254740993 "\\ud800" {} [] "__proto__" "constructor"',
);
const jpegSegments = words(
  '\xff\xd8\xff \xff\xd9 \xff\xda\x00\x08 \xff\xe0\x00\x10 \xff\xdb\x00\x43 \xff\xc0\x00\x0b \xff\x00 ' +
    '\xff\xd0 \xff\xff \xff\xc4\x00\x02 \xff\xe1\xff\xff',
);
const jpeg = Buffer.concat(
  words(
    '\xff\xd8\xff\xe0\x00\x04ab \xff\xdb\x00\x05xyz \xff\xc0\x00\x04cd \xff\xda\x00\x03e ' +
      'data\xff\x00more\xff\xd0rest \xff\xd9',
  ),
);
const configs = [
  {
    architecture: 'ghostnetv2_100',
    num_classes: 3,
    pretrained_cfg: {
      input_size: [3, 224, 224],
      interpolation: 'bicubic',
      crop_pct: 0.875,
      crop_mode: 'center',
      mean: [0.4, 0.5, 0.6],
      std: [1, 2, 3],
    },
  },
  {
    num_classes: 2,
    label_names: ['n1', 'n2'],
    label_descriptions: { n1: 'cat', n2: 'dog' },
    input_size: [3, 16384, 16384],
  },
  {
    architecture: 'ghostnet_100',
    input_rule: 'ultralytics',
    resize: 'fit',
    rounding: 'half_even',
    pad: 'center',
    pad_value: 'mean',
    pad_multiple: 32,
    antialias: false,
    channel_order: 'bgr',
  },
];

/**
 * @param {typeof import('../../testing/checkpoints/samples.js') & typeof import('../../testing/checkpoints/writers.js')} samples
 * @returns {Record<string, { read: (bytes: Buffer, file: string) => Promise<void>, seeds: Buffer[], words: Buffer[],
 *   wrap?: (bytes: Buffer) => Buffer }>}
 *   `wrap`: makes a file of an input that is only the part which matters
 */
export function parsersOf({ safetensors, torch, picklesOfTorch, legacy, mindSpore, torchAround }) {
  return {
    safetensors: {
      read: checkpoint,
      seeds: [safetensors],
      words: [
        ...jsonWords,
        ...words('"dtype" "shape" "data_offsets" "F32" "BF16" "F16" "F64" "I64" "__metadata__" bn1.weight'),
      ],
    },
    pytorch: {
      read: checkpoint,
      seeds: [torch({}), torch({ deflate: true }), torch({ zip64: true })],
      words: [...zipWords, ...pickleWords],
    },
    pickle: { read: checkpoint, seeds: picklesOfTorch, words: pickleWords, wrap: torchAround },
    'pytorch-legacy': { read: checkpoint, seeds: [legacy], words: pickleWords },
    mindspore: {
      read: checkpoint,
      seeds: [mindSpore],
      words: words(
        'conv_stem.weight bn1.gamma Float32 Float16 Float64 Int32 \x0a\x80\x01 \x12 \x1a \x08\x00 ' +
          '\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01',
      ),
    },
    config: {
      read: config,
      seeds: configs.map((value) => Buffer.from(JSON.stringify(value))),
      words: [...jsonWords, ...words('"label_names" "pretrained_cfg" "input_size" "num_classes" "crop_pct" "std"')],
    },
    mjpeg: {
      read: mjpeg,
      seeds: [3, 7, 2, 9].map((style) =>
        Buffer.concat([Buffer.of(style), jpeg, Buffer.from('\r\n--boundary\r\n'), jpeg]),
      ),
      words: jpegSegments,
    },
    ...bitmapParsers,
  };
}
