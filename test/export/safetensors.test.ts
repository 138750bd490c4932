import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { halfBytes, toFloat32 } from '../../lib/formats/floats.js';
import { openTensors } from '../../testing/checkpoints/whole.js';
import type { StateDict, StoredTensor, Tensor } from '../../lib/formats/tensor.js';
import { writeFiles } from '../../lib/formats/new-file.js';
import { exportModel, load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bytesOf, mindSporeValue } from '../../testing/checkpoints/writers.js';
import { smallModel } from '../../testing/hub-cache.js';
import { hasReference, referenceFolder } from '../../testing/reference.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';
import { input, sameBits } from '../../testing/tensors.js';
import type { Variant } from '../../lib/networks/ghostnet/table.js';
import { expectedTensors } from '../../testing/ghostnet.js';

const folder = temporaryFolder();
const newFolder = (): string => mkdtempSync(join(folder, 'export-'));

/** A folder as on the hub. */
function source(): string {
  const path = newFolder();
  for (const [name, content] of Object.entries(smallModel())) writeFileSync(join(path, name), content);
  return path;
}

function mindSporeFile(variant: Variant): Buffer {
  const values = expectedTensors(variant).map(({ name, shape }) =>
    mindSporeValue(name, 'Float32', shape, bytesOf(syntheticTensor(name, shape).data)),
  );
  return Buffer.concat(values);
}

async function logitsOf(path: string): Promise<Float32Array> {
  await using model = await load(path, { threads: 1 });
  return (await model.infer(input('export', 1, 64, 64))).data;
}

function configBeside(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(file, '../config.json'), 'utf8')) as Record<string, unknown>;
}

async function elements(tensor: Tensor | StoredTensor): Promise<Float32Array> {
  if (tensor.data) return tensor.data;
  const data = new Float32Array(tensor.shape.reduce((product, size) => product * size, 1));
  await tensor.read(data, 0);
  return data;
}

async function tensorsIn(path: string): Promise<Map<string, Tensor>> {
  const checkpoint = await openTensors(path);
  const read = async (tensors: StateDict): Promise<[string, Tensor][]> =>
    Promise.all(
      [...tensors].map(async ([name, tensor]): Promise<[string, Tensor]> => [
        name,
        { shape: tensor.shape, data: await elements(tensor) },
      ]),
    );
  const tensors = new Map(await read(checkpoint.tensors));
  await checkpoint.close();
  return tensors;
}

describe('an exported .safetensors file', () => {
  it('has the tensors bit for bit, and with the config.json beside it is the same model', async () => {
    const from = source();
    const file = join(newFolder(), 'model.safetensors');
    const { files, sizeBytes } = await exportModel(from, pathToFileURL(file));
    expect(files).toEqual([file, join(file, '../config.json')]);
    expect(sizeBytes).toBe(statSync(file).size);
    expect(await tensorsIn(file)).toEqual(syntheticStateDict(2, 0.1, 4));
    expect(sameBits(await logitsOf(join(file, '..')), await logitsOf(from))).toBe(true);
    await using before = await load(from);
    await using after = await load(file);
    expect(after.config).toEqual(before.config);
  });

  it("is as timm's readers want it: aligned, with the framework, no labels that nobody gave", async () => {
    const from = join(newFolder(), 'plain.safetensors');
    writeFileSync(from, smallModel()['model.safetensors']!);
    const file = join(newFolder(), 'model.safetensors');
    await exportModel(from, file);
    const bytes = readFileSync(file);
    const headerBytes = Number(bytes.readBigUInt64LE());
    expect(headerBytes % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes))).toMatchObject({
      __metadata__: { format: 'pt' },
      'conv_stem.weight': { dtype: 'F32', shape: [4, 3, 3, 3], data_offsets: [0, 432] },
    });
    const config = configBeside(file);
    expect(config).toMatchObject({
      architecture: 'ghostnetv2_010',
      num_classes: 4,
      pretrained_cfg: { input_size: [3, 224, 224], crop_pct: 0.875, interpolation: 'bicubic' },
    });
    expect(config).not.toHaveProperty('label_names');
  });

  it('in half precision has each element rounded once', async () => {
    const from = source();
    const file = join(newFolder(), 'half.safetensors');
    const { sizeBytes } = await exportModel(from, file, { half: true });
    expect(sizeBytes).toBeLessThan(0.6 * statSync(join(from, 'model.safetensors')).size);
    const expected = syntheticStateDict(2, 0.1, 4);
    for (const [name, { shape, data }] of await tensorsIn(file)) {
      const exact = expected.get(name)!;
      expect(shape).toEqual(exact.shape);
      // Half of the last of 11 bits.
      for (const [i, value] of data.entries())
        expect(Math.abs(value - exact.data[i]!)).toBeLessThanOrEqual(
          Math.max(Math.abs(exact.data[i]!) * 2 ** -11, 2 ** -25),
        );
    }
  });

  it('in half precision cannot hold what is beyond it', async () => {
    const tensors = syntheticStateDict(2, 0.1, 4);
    tensors.get('bn1.running_var')!.data[2] = 70000;
    const from = join(newFolder(), 'model.safetensors');
    writeFileSync(from, savedTensors(tensors));
    const target = newFolder();
    const error = await errorOf(exportModel(from, join(target, 'half.safetensors'), { half: true }));
    expect(error.code).toBe('ERR_GHOST_PRECISION');
    expect(error.message).toContain('bn1.running_var holds 70000 at index 2');
    expect(readdirSync(target)).toEqual([]);
  });

  it.skipIf(!hasReference)('comes from every format of checkpoint', async () => {
    const checkpoints = join(referenceFolder, 'checkpoints');
    const expected = await logitsOf(join(checkpoints, 'model.safetensors'));
    for (const name of ['plain.pth', 'legacy.pth', 'training.pth.tar']) {
      const file = join(newFolder(), 'model.safetensors');
      await exportModel(join(checkpoints, name), file);
      expect(sameBits(await logitsOf(file), expected), name).toBe(true);
    }
  });

  it("comes from MindSpore's GhostNet where timm has the same one", async () => {
    const timm = { version: 1, width: 0.35, numClasses: 4 } as const;
    const same = newFolder();
    writeFileSync(join(same, 'model.ckpt'), mindSporeFile(timm));
    await exportModel(join(same, 'model.ckpt'), join(same, 'model.safetensors'));
    expect(sameBits(await logitsOf(join(same, 'model.safetensors')), await logitsOf(join(same, 'model.ckpt')))).toBe(
      true,
    );

    const other = newFolder();
    writeFileSync(join(other, 'model.ckpt'), mindSporeFile({ ...timm, channelRounding: 'up' }));
    const error = await errorOf(exportModel(join(other, 'model.ckpt'), join(other, 'model.safetensors')));
    expect(error.code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(error.message).toMatch(/rounds its channels up/);
  });

  it("has the gate of MindSpore's network with DFC attention, and timm refuses it", async () => {
    const checkpoint = join(newFolder(), 'model.ckpt');
    const file = join(newFolder(), 'model.safetensors');
    writeFileSync(checkpoint, mindSporeFile({ version: 2, width: 0.1, numClasses: 4 }));
    await exportModel(checkpoint, file);
    expect(sameBits(await logitsOf(file), await logitsOf(checkpoint))).toBe(true);
    const gate = { activation: 'sigmoid', pooling: 'mean', upsampling: 'bilinear_aligned' };
    expect(configBeside(file)).toMatchObject({ gate, model_args: { gate } });
  });
});

describe('halves', () => {
  it.each<[value: number, bits: number]>([
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [Infinity, 0x7c00],
    [-Infinity, 0xfc00],
    [NaN, 0x7e00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0],
    [1.0000001 * 2 ** -25, 1],
    [3 * 2 ** -25, 2],
    [2 ** -14 - 2 ** -26, 0x0400],
    [2 ** -140, 0],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 - 2 ** -12, 0x4000],
  ])('%f', (value, bits) => {
    expect(Buffer.from(halfBytes(Float32Array.of(value))).readUInt16LE()).toBe(bits);
  });

  it('of all 65536 come back as they are, but for the other NaNs', () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((bits) => (bits & 0x7fff) <= 0x7c00);
    expect(Buffer.from(halfBytes(toFloat32(bytesOf(all), 'F16', 'LE'))).equals(bytesOf(all))).toBe(true);
  });
});

describe('the files', () => {
  it('are not overwritten unless that is wanted', async () => {
    const from = source();
    const target = newFolder();
    const file = join(target, 'model.safetensors');
    writeFileSync(join(target, 'config.json'), 'of another model');
    const error = await errorOf(exportModel(from, file));
    expect(error.code).toBe('ERR_GHOST_FILE');
    expect(error.message).toMatch(/config\.json exists already/);
    expect(readdirSync(target)).toEqual(['config.json']);
    await exportModel(from, file, { overwrite: true });
    expect(sameBits(await logitsOf(target), await logitsOf(from))).toBe(true);
    // Onto itself.
    await exportModel(file, file, { overwrite: true, half: true });
    await using model = await load(file);
    expect(model.config.labels).toEqual(['a', 'b', 'c', 'd']);
    expect(readdirSync(target).sort()).toEqual(['config.json', 'model.safetensors']);
  });

  it('appear when all of them are whole, or not at all', async () => {
    const target = newFolder();
    const [first, second] = [join(target, 'first'), join(target, 'second')];
    function* failing(): Generator<Uint8Array> {
      expect(existsSync(first)).toBe(false);
      expect(readdirSync(target)).toHaveLength(2);
      yield Buffer.from('half a file');
      throw new Error('no more');
    }
    await expect(
      writeFiles(
        [
          { path: first, pieces: [Buffer.from('whole')] },
          { path: second, pieces: failing() },
        ],
        false,
      ),
    ).rejects.toThrow('no more');
    expect(readdirSync(target)).toEqual([]);
    expect(await writeFiles([{ path: first, pieces: [Buffer.from('who'), Buffer.from('le')] }], false)).toEqual([5]);
    expect(readFileSync(first, 'utf8')).toBe('whole');
  });

  it('leave nothing behind when the signal is aborted', async () => {
    const target = newFolder();
    const stop = new AbortController();
    function* stopping(): Generator<Uint8Array> {
      yield Buffer.from('a');
      stop.abort(new Error('enough'));
      yield Buffer.from('b');
    }
    await expect(writeFiles([{ path: join(target, 'file'), pieces: stopping() }], false, stop.signal)).rejects.toThrow(
      'enough',
    );
    await expect(exportModel(source(), join(target, 'model.onnx'), { signal: stop.signal })).rejects.toThrow('enough');
    expect(readdirSync(target)).toEqual([]);
  });

  it.each<[string, string, object, string, RegExp]>([
    ['another extension', 'model.pth', {}, 'ERR_GHOST_ARGUMENT', /model\.pth should end in \.onnx or \.safetensors/],
    ['halves in ONNX', 'model.onnx', { half: true }, 'ERR_GHOST_ARGUMENT', /half is for \.safetensors/],
    [
      'half that is no truth',
      'model.safetensors',
      { half: 'yes' },
      'ERR_GHOST_ARGUMENT',
      /half should be true or false/,
    ],
    [
      'a size of safetensors',
      'model.safetensors',
      { inputSize: [64, 64] },
      'ERR_GHOST_ARGUMENT',
      /inputSize is for \.onnx/,
    ],
    [
      'a size that is none',
      'model.onnx',
      { inputSize: [64] },
      'ERR_GHOST_SHAPE',
      /inputSize should be \[height, width\]/,
    ],
    ['a folder that does not exist', 'no-folder/model.onnx', {}, 'ERR_GHOST_FILE', /model\.onnx cannot be written/],
  ])('are refused: %s', async (_, name, options, code, words) => {
    const error = await errorOf(exportModel(source(), join(newFolder(), name), options));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
  });
});
