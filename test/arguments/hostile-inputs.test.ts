import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, preprocess, type GhostNet } from '../../lib/index.js';
import { input, sameBits } from '../../testing/tensors.js';
import { boom, throwing, revoked, wrong, refused } from './hostile.js';

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
    ['answers with other channels', pipeline({}, { data: new Uint8Array(8), info: { ...info, channels: 5 } })],
    ['answers with throwing getters', pipeline({}, throwing('data'))],
    ['answers with a revoked proxy', pipeline({}, { data: new Uint8Array(12), info: revoked() })],
    ['has a timeout that throws', Object.assign(pipeline({}, { data: new Uint8Array(12), info }), { timeout: boom })],
  ])('%s', (_, broken) => refused(() => preprocess(wrong(broken))));
});
