import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../testing/error-of.js';
import { readFrom, readWhole } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bytesOf, pickle, safetensorsFile, tensor, torchFile } from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();
const ones = bytesOf(Float32Array.of(1, 1));
const safetensors = safetensorsFile({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, ones);
const torch = torchFile(pickle.dict({ b: tensor({ key: '0', storage: 'FloatStorage', length: 2, shape: [2] }) }), {
  0: ones,
});

function folderWith(name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

describe('finding the weights', () => {
  it('prefers model.safetensors in a folder and takes pytorch_model.bin where there is none', async () => {
    const both = folderWith('both', { 'model.safetensors': safetensors, 'pytorch_model.bin': torch });
    expect([...(await readWhole(both)).tensors.keys()]).toEqual(['a']);
    const old = await readWhole(
      folderWith('old', { 'pytorch_model.bin': torch, 'config.json': '{"architecture": "x"}' }),
    );
    expect([...old.tensors.keys()]).toEqual(['b']);
    expect(old).toMatchObject({
      file: join(folder, 'old', 'pytorch_model.bin'),
      config: { architecture: 'x', preprocess: {} },
    });
  });

  const index = (names: Record<string, unknown>): string => JSON.stringify({ weight_map: names });

  it('joins what an index says is cut up into several files', async () => {
    const shards = { 'one.safetensors': safetensors, 'two.bin': torch };
    const path = folderWith('shards', {
      ...shards,
      'model.safetensors.index.json': index({ a: 'one.safetensors', b: 'two.bin' }),
    });
    const found = await readWhole(path);
    expect([...found.tensors.keys()].sort()).toEqual(['a', 'b']);
    expect(found.sizeBytes).toBe(safetensors.length + torch.length);
    expect([...(await readWhole(found.file)).tensors.keys()].sort()).toEqual(['a', 'b']);
  });

  it.each<[fault: string, index: string, sentence: RegExp]>([
    ['no JSON', '{', /not valid JSON/],
    ['no files', '{}', /should name 1 to 256 files and names 0/],
    ['a file elsewhere', index({ a: '../one.safetensors' }), /names .*one\.safetensors.*, which is no file beside it/],
    ['a file that is not there', index({ a: 'three.safetensors' }), /three\.safetensors does not exist/],
    ['a tensor twice', index({ a: 'one.safetensors', b: 'two.safetensors' }), /tensor "a" is in two of its files/],
  ])('refuses an index with %s', async (fault, text, sentence) => {
    const files = {
      'one.safetensors': safetensors,
      'two.safetensors': safetensors,
      'model.safetensors.index.json': text,
    };
    expect((await errorOf(readWhole(folderWith(`index with ${fault}`, files)))).message).toMatch(sentence);
  });

  it.each<[what: string, files: Record<string, Buffer | string>, name: string]>([
    [
      "timm's best of a training run",
      { 'model_best.pth.tar': torch, 'last.pth.tar': safetensors, 'args.yaml': '' },
      'b',
    ],
    ['the only weights', { 'net.pt': torch, 'optimizer.pt': safetensors, 'notes.txt': '' }, 'b'],
  ])('takes %s', async (what, files, name) => {
    expect([...(await readWhole(folderWith(what, files))).tensors.keys()]).toEqual([name]);
  });

  it("looks into Lightning's checkpoints", async () => {
    folderWith('lightning', {});
    folderWith('lightning/checkpoints', { 'epoch=1-step=9.ckpt': torch });
    expect([...(await readWhole(join(folder, 'lightning'))).tensors.keys()]).toEqual(['b']);
  });

  it.each<[what: string, files: Record<string, Buffer | string>, sentence: RegExp]>([
    ['several weights', { 'a.ckpt': torch, 'b.ckpt': torch }, /several files of weights: a\.ckpt, b\.ckpt\. Load one/],
    [
      'a LoRA adapter',
      { 'adapter_config.json': '{}', 'adapter_model.safetensors': safetensors },
      /LoRA.*merge_and_unload/,
    ],
    ['a distributed checkpoint', { '.metadata': '', '__0_0.distcp': torch }, /distributed checkpoint.*dcp_to_torch/],
  ])('refuses a folder with %s', async (what, files, sentence) => {
    expect((await errorOf(readWhole(folderWith(what, files)))).message).toMatch(sentence);
  });

  it('goes by the bytes, whatever the name', async () => {
    expect([...(await readFrom(folder, torch, 'weights.safetensors')).tensors.keys()]).toEqual(['b']);
    expect([...(await readFrom(folder, safetensors, 'weights.pth')).tensors.keys()]).toEqual(['a']);
  });

  it.each([
    ['a file that does not exist', () => join(folder, 'none.pth'), /none\.pth does not exist/],
    ['a folder without a model', () => folderWith('empty', {}), /should hold model\.safetensors or pytorch_model\.bin/],
    ['what is neither file nor folder', () => '/dev/null', /should be a file/],
  ])('refuses %s', async (_, path, sentence) => {
    const error = await errorOf(readWhole(path()));
    expect(error.code).toBe('ERR_GHOST_FILE');
    expect(error.message).toMatch(sentence);
  });

  it('keeps the cause', async () => {
    const { cause } = await errorOf(readWhole(join(folder, 'none.pth')));
    expect(cause).toMatchObject({ code: 'ENOENT' });
    const damaged = await errorOf(readFrom(folder, safetensorsFile('{', new Uint8Array(0))));
    expect(damaged.cause).toBeInstanceOf(SyntaxError);
  });
});

describe('files that are no checkpoint', () => {
  it.each<[kind: string, bytes: Buffer, sentence: RegExp]>([
    ['empty', Buffer.alloc(0), /is empty/],
    [
      'text',
      Buffer.from('epoch 1\nloss 0.3\n'),
      /is no checkpoint: expected .* found 17 bytes that begin with "epoch 1\\n/,
    ],
    ['JSON', Buffer.from('{"a":1, {'), /is no checkpoint/],
    ['a web page', Buffer.from('<!DOCTYPE html><html>'), /is a web page or XML, .* the link/],
    ['a gzip archive', gzipSync(torch), /is a gzip archive; unpack it/],
    [
      'a tar archive',
      Buffer.concat([Buffer.alloc(257, 'weights.pth\0'), Buffer.from('ustar\x0000')]),
      /is a tar archive; unpack it/,
    ],
    ['an ONNX model', Buffer.from('\x08\x08\x12\x07pytorch'), /is an ONNX model/],
    ['a TensorFlow Lite model', Buffer.from('\x1c\0\0\0TFL3'), /is a TensorFlow Lite model/],
    ['an HDF5 file', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /is an HDF5 file/],
    ['one byte', Buffer.from('\n'), /is no checkpoint/],
    ['a pointer of Git LFS', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /run git lfs pull/],
    ['a pickle', pickle.program(pickle.dict({})), /is a pickle that torch\.save did not write/],
    ['a truncated zip file', torch.subarray(0, -30), /zip directory cannot be read/],
    [
      'a zip file of something else',
      Buffer.from(torchFile(pickle.none).toString('latin1').replaceAll('.pkl', '.txt'), 'latin1'),
      /without a data\.pkl/,
    ],
  ])('%s', async (_, bytes, sentence) => {
    const error = await errorOf(readFrom(folder, bytes));
    expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toContain('\n');
  });
});

describe('cancelling', () => {
  it('rejects with the reason before anything is read', async () => {
    const reason = new Error('changed my mind');
    await expect(readWhole(join(folder, 'none'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each([
    ['safetensors', safetensors],
    ['PyTorch', torch],
  ])('rejects with the reason while a %s file is read', async (name, bytes) => {
    const file = join(folder, `cancel-${name}`);
    writeFileSync(file, bytes);
    const controller = new AbortController();
    const reading = readWhole(file, { signal: controller.signal });
    controller.abort('enough');
    await expect(reading).rejects.toBe('enough');
  });

  it('reads to the end with a signal that stays quiet', async () => {
    const file = join(folder, 'quiet');
    writeFileSync(file, safetensors);
    const { tensors } = await readWhole(file, { signal: new AbortController().signal });
    expect(tensors.size).toBe(1);
  });
});

it('does not take the config.json of others beside a PyTorch file', async () => {
  const path = folderWith('app', { 'weights.pth': torch, 'config.json': 'not ours' });
  copyFileSync(join(path, 'weights.pth'), join(path, 'model.pth'));
  expect((await readWhole(join(path, 'weights.pth'))).config).toBeUndefined();
});
