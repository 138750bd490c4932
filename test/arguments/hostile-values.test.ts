import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel, GhostNetError, load, mjpegFrames, preprocess, type GhostNet } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { input, sameBits } from '../../testing/tensors.js';

const folder = temporaryFolder();
const boom = (): never => {
  throw new TypeError('boom');
};
const throwing = (...keys: string[]): object =>
  Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, { get: boom, enumerable: true }])));
const trapped = (target: object = {}): object =>
  new Proxy(target, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom });
const revoked = (target: object = {}): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const nothing = (): object => Object.create(null) as object;
const circular = (): unknown[] => {
  const array: unknown[] = [];
  array.push(array);
  return array;
};
const wrong = (value: unknown): never => value as never;

/** What is no value of any argument. */
const junk: Record<string, unknown> = {
  'a symbol': Symbol('x'),
  'a function': () => 1,
  'a big number': 2n ** 70n,
  'an object without a class': nothing(),
  'an object of throwing getters': throwing(
    'data',
    'shape',
    'width',
    'signal',
    'topK',
    'clone',
    'length',
    'href',
    'constructor',
  ),
  'a proxy whose traps throw': trapped(),
  'a revoked proxy': revoked(),
  'a proxy of an array': trapped([]),
  'a revoked proxy of an array': revoked([]),
  'an array that holds itself': circular(),
  'an array of 2^32 - 1': new Array(2 ** 32 - 1),
  'an array of symbols': [Symbol('a'), Symbol('b')],
  'an array of objects without a class': [nothing(), nothing(), nothing(), nothing()],
  'a class that claims to be an array of bytes': Object.create(Uint8Array.prototype),
  'a class that claims to be an array of floats': Object.create(Float32Array.prototype),
  'a class that claims to be a signal': Object.create(AbortSignal.prototype),
  'a class that claims to be a URL': Object.create(URL.prototype),
  'what says that it is a URL': { [Symbol.toStringTag]: 'URL', href: 'file://%%%' },
  'a date': new Date(NaN),
};

async function refused(call: () => unknown): Promise<void> {
  let thrown: unknown;
  try {
    await call();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof GhostNetError)) throw new Error('a GhostNetError was expected', { cause: thrown });
  expect(thrown.message).toMatch(/^\S[^\n]{10,700}[.)?]$/);
}

describe('every argument of every function', () => {
  let model: GhostNet;
  const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
  const tensor = input('hostile', 1, 64, 64);
  beforeAll(async () => {
    model = await load();
  });
  afterAll(() => model.dispose());

  const shapes = (value: unknown) => () => model.infer(wrong({ data: tensor.data, shape: value }));
  const calls: Record<string, (value: unknown) => unknown> = {
    'load source': (value) => load(wrong(value)),
    'load options': (value) => load(undefined, wrong(value)),
    ...Object.fromEntries(
      ['threads', 'revision', 'onProgress', 'precision', 'signal'].map((key) => [
        `load ${key}`,
        (value: unknown) => load(undefined, { [key]: value }),
      ]),
    ),
    'exportModel source': (value) => exportModel(wrong(value), join(folder, 'a.onnx')),
    'exportModel file': (value) => exportModel(folder, wrong(value)),
    'exportModel options': (value) => exportModel(folder, join(folder, 'a.onnx'), wrong(value)),
    ...Object.fromEntries(
      ['half', 'inputSize', 'overwrite', 'signal'].map((key) => [
        `exportModel ${key}`,
        (value: unknown) => exportModel(folder, join(folder, 'a.onnx'), { [key]: value }),
      ]),
    ),
    'infer tensor': (value) => model.infer(wrong(value)),
    'infer data': (value) => model.infer(wrong({ data: value, shape: [1, 3, 64, 64] })),
    'infer shape': (value) => shapes(value)(),
    'infer side': (value) => shapes([1, 3, value, 64])(),
    'infer options': (value) => model.infer(tensor, wrong(value)),
    'infer signal': (value) => model.infer(tensor, { signal: wrong(value) }),
    'classify image': (value) => model.classify(wrong(value)),
    'classify image in an array': (value) => model.classify([wrong(value)]),
    'classify raw data': (value) => model.classify(wrong({ ...pixels, data: value })),
    'classify raw width': (value) => model.classify(wrong({ ...pixels, width: value })),
    'classify raw channels': (value) => model.classify(wrong({ ...pixels, channels: value })),
    'classify options': (value) => model.classify(pixels, wrong(value)),
    'classify topK': (value) => model.classify(pixels, { topK: wrong(value) }),
    'classify signal': (value) => model.classify(pixels, { signal: wrong(value) }),
    'classify decodeTimeoutMs': (value) => model.classify(pixels, { decodeTimeoutMs: wrong(value) }),
    'features input': (value) => model.features(wrong(value)),
    'features stages': (value) => model.features(tensor, { stages: wrong(value) }),
    'features options': (value) => model.features(tensor, wrong(value)),
    'embed input': (value) => model.embed(wrong(value)),
    'embed normalize': (value) => model.embed(tensor, { normalize: wrong(value) }),
    'attention input': (value) => model.attention(wrong(value)),
    'attention options': (value) => model.attention(tensor, wrong(value)),
    'plan inputSize': (value) => model.plan(wrong(value)),
    'plan side': (value) => model.plan(wrong([64, value])),
    'plan profileRuns': (value) => model.plan([64, 64], wrong(value)),
    'preprocess image': (value) => preprocess(wrong(value)),
    'preprocess config': (value) => preprocess(pixels, wrong(value)),
    ...Object.fromEntries(
      ['inputSize', 'interpolation', 'cropPct', 'cropMode', 'mean', 'std'].map((key) => [
        `preprocess ${key}`,
        (value: unknown) => preprocess(pixels, { [key]: value }),
      ]),
    ),
    'preprocess mean of': (value) => preprocess(pixels, { mean: wrong([0, value, 0]) }),
    'preprocess options': (value) => preprocess(pixels, {}, wrong(value)),
    'mjpegFrames stream': (value) => mjpegFrames(wrong(value)),
    'mjpegFrames options': (value) => mjpegFrames(wrong([]), wrong(value)),
    ...Object.fromEntries(
      ['maxFrameBytes', 'latest', 'onSkipped', 'signal'].map((key) => [
        `mjpegFrames ${key}`,
        (value: unknown) => mjpegFrames(wrong(process.stdin), { [key]: value }),
      ]),
    ),
  };

  // What is junk for nearly all of them.
  const sound: Record<string, readonly string[]> = {
    'an object without a class': Object.keys(calls).filter((name) => / (?:options|config)$/.test(name)),
    'a class that claims to be a signal': Object.keys(calls).filter((name) => / (?:options|config)$/.test(name)),
    'a class that claims to be a URL': Object.keys(calls).filter((name) => / (?:options|config)$/.test(name)),
    'a class that claims to be an array of bytes': Object.keys(calls).filter((name) =>
      / (?:options|config)$/.test(name),
    ),
    'a class that claims to be an array of floats': Object.keys(calls).filter((name) =>
      / (?:options|config)$/.test(name),
    ),
    'a date': Object.keys(calls).filter((name) => / (?:options|config)$/.test(name)),
    'an array of 2^32 - 1': Object.keys(calls).filter((name) => / (?:options|config)$/.test(name)),
    'a function': ['load onProgress', 'mjpegFrames onSkipped'],
  };

  it.each(Object.keys(calls))('%s', async (name) => {
    for (const [what, value] of Object.entries(junk)) {
      if (sound[what]?.includes(name)) continue;
      await refused(() => calls[name]!(value)).catch((error: unknown) => {
        throw new Error(`${name}: ${what}`, { cause: (error as Error).cause ?? error });
      });
    }
  });
});

describe('a tensor', () => {
  let model: GhostNet;
  const tensor = input('hostile', 1, 64, 64);
  let expected: Float32Array;
  beforeAll(async () => {
    model = await load();
    expected = (await model.infer(tensor)).data;
  });
  afterAll(() => model.dispose());
  const logitsOf = async (data: unknown): Promise<boolean> =>
    sameBits((await model.infer(wrong({ data, shape: tensor.shape }))).data, expected);

  it('is what the engine says that it is, whatever its class claims', async () => {
    const { data } = tensor;
    for (const claimed of [
      new Uint8Array(data.length),
      new Uint32Array(data.length),
      new Array(data.length).fill(0),
      Buffer.alloc(data.length),
    ]) {
      await refused(() => logitsOf(Object.setPrototypeOf(claimed, Float32Array.prototype)));
    }
    await refused(() => logitsOf(new Proxy(data, {})));
    expect(await logitsOf(Object.setPrototypeOf(Float32Array.from(data), Uint8Array.prototype))).toBe(true);
  });

  it('may be of another realm', async () => {
    const { data, shape } = runInNewContext('({ data: Float32Array.from(values), shape: Array.from(sides) })', {
      values: [...tensor.data],
      sides: [...tensor.shape],
    }) as typeof tensor;
    expect(data).not.toBeInstanceOf(Float32Array);
    expect(sameBits((await model.infer({ data, shape })).data, expected)).toBe(true);
  });

  it('has the length that the engine knows, whatever it says', async () => {
    const short = new Float32Array(5);
    Object.defineProperties(short, {
      length: { value: tensor.data.length },
      byteLength: { value: tensor.data.byteLength },
      buffer: { value: tensor.data.buffer },
    });
    await refused(() => logitsOf(short));
    const whole = Float32Array.from(tensor.data);
    Object.defineProperties(whole, { length: { value: 1 }, byteOffset: { value: 400 } });
    expect(await logitsOf(whole)).toBe(true);
  });

  it('is read once', async () => {
    let reads = 0;
    const changing = {
      get data(): Float32Array {
        return reads++ === 0 ? tensor.data : new Float32Array(1);
      },
      get shape(): readonly number[] {
        return reads++ === 1 ? tensor.shape : [1, 3, 1e6, 1e6];
      },
    };
    expect(sameBits((await model.infer(wrong(changing))).data, expected)).toBe(true);
    expect(reads).toBe(2);
    let sides = 0;
    const shape = new Proxy([...tensor.shape], {
      get: (target, key) => (key === '2' && sides++ > 0 ? 1e6 : (Reflect.get(target, key) as unknown)),
    });
    expect(sameBits((await model.infer(wrong({ data: tensor.data, shape }))).data, expected)).toBe(true);
  });

  it('lies in memory of any kind', async () => {
    const { byteLength } = tensor.data;
    const resizable = new (ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer)(byteLength, {
      maxByteLength: 2 * byteLength,
    });
    const growable = new (SharedArrayBuffer as unknown as new (size: number, options: object) => SharedArrayBuffer)(
      byteLength,
      { maxByteLength: 2 * byteLength },
    );
    for (const buffer of [resizable, growable]) {
      const data = new Float32Array(buffer);
      data.set(tensor.data);
      expect(await logitsOf(data)).toBe(true);
    }
    const { data } = input('hostile', 1, 64, 64);
    structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
    await refused(() => logitsOf(data));
    const outOfBounds = new Float32Array(resizable, 0, byteLength / 4);
    (resizable as unknown as { resize: (size: number) => void }).resize(8);
    await refused(() => logitsOf(outOfBounds));
  });
});

describe('raw pixels', () => {
  it('are read once, and copied before the call returns', async () => {
    const data = new Uint8Array(3 * 40 * 30).fill(200);
    const image = { data, width: 40, height: 30, channels: 3 } as const;
    const expected = await preprocess(image, { inputSize: [32, 32] });
    let reads = 0;
    const changing = Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries(image).map(([key, value]) => [key, { get: () => (reads++, value), enumerable: true }]),
      ),
    );
    const running = preprocess(wrong(changing), { inputSize: [32, 32] });
    data.fill(0);
    expect(sameBits((await running).data, expected.data)).toBe(true);
    expect(reads).toBe(4);
  });

  it('may be of another realm or claim another length', async () => {
    const image = { data: new Uint8Array(12).fill(90), width: 2, height: 2, channels: 3 } as const;
    const expected = await preprocess(image, { inputSize: [32, 32] });
    const foreign = runInNewContext('new Uint8Array(12).fill(90)') as Uint8Array;
    const claiming = Object.defineProperties(new Uint8Array(12).fill(90), {
      length: { value: 5 },
      byteLength: { value: 5 },
    });
    for (const data of [foreign, claiming])
      expect(sameBits((await preprocess({ ...image, data }, { inputSize: [32, 32] })).data, expected.data)).toBe(true);
    await refused(() =>
      preprocess({ ...image, data: Object.defineProperty(new Uint8Array(1), 'length', { value: 12 }) }),
    );
    await refused(() =>
      preprocess({ ...image, data: Object.setPrototypeOf(new Uint16Array(12), Uint8Array.prototype) as never }),
    );
  });
});

describe('what looks like a sharp pipeline', () => {
  const methods = ['clone', 'autoOrient', 'toColourspace', 'removeAlpha', 'raw', 'toBuffer'] as const;
  const pipeline = (changes: Partial<Record<(typeof methods)[number], () => unknown>>, result?: unknown): never => {
    const self: Record<string, unknown> = {};
    for (const name of methods) self[name] = () => (name === 'toBuffer' ? Promise.resolve(result) : self);
    return wrong(Object.assign(self, changes));
  };
  const info = { width: 2, height: 2, channels: 3 };

  it('is one if it answers as one', async () => {
    const sound = pipeline({}, { data: new Uint8Array(12), info });
    expect((await preprocess(sound, { inputSize: [32, 32] })).shape).toEqual([1, 3, 32, 32]);
  });

  it.each<[string, unknown]>([
    ...methods.flatMap((name): [string, unknown][] => [
      [`${name} returns nothing`, pipeline({ [name]: () => undefined })],
      [`${name} throws`, pipeline({ [name]: boom })],
      [
        `${name} throws what is no error`,
        pipeline({
          [name]: () => {
            throw undefined; // eslint-disable-line @typescript-eslint/only-throw-error
          },
        }),
      ],
    ]),
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    ['rejects with a proxy', pipeline({ toBuffer: () => Promise.reject(revoked()) })],
    ['answers with null', pipeline({}, null)],
    ['answers with text', pipeline({}, 'pixels')],
    ['answers with data alone', pipeline({}, { data: new Uint8Array(12) })],
    ['answers with floats', pipeline({}, { data: new Float32Array(12), info })],
    ['answers with too little data', pipeline({}, { data: new Uint8Array(11), info })],
    [
      'answers with an impossible size',
      pipeline({}, { data: new Uint8Array(12), info: { width: -2, height: -2, channels: 3 } }),
    ],
    ['answers with other channels', pipeline({}, { data: new Uint8Array(8), info: { ...info, channels: 2 } })],
    ['answers with throwing getters', pipeline({}, throwing('data'))],
    ['answers with a revoked proxy', pipeline({}, { data: new Uint8Array(12), info: revoked() })],
    ['has a timeout that throws', Object.assign(pipeline({}, { data: new Uint8Array(12), info }), { timeout: boom })],
  ])('%s', (_, broken) => refused(() => preprocess(wrong(broken))));
});
