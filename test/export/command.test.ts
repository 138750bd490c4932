import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { smallModel } from '../../testing/hub-cache.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { readOnnx } from '../../testing/onnx.js';

const folder = temporaryFolder();
const run = (...args: string[]): Promise<Ended> => runNode([builtCommand, 'export', ...args]);
const model = mkdtempSync(join(folder, 'model-'));
for (const [name, content] of Object.entries(smallModel())) writeFileSync(join(model, name), content);

describe('ghostnet export', () => {
  it('writes ONNX, and says what it is', async () => {
    const file = join(folder, 'out.onnx');
    const { stdout, stderr, code } = await run(model, file, '--size', '96x64');
    expect({ stdout, stderr, code }).toEqual({
      stdout: `${file}: ghostnetv2_010, 4 classes, ${(statSync(file).size / 1e6).toFixed(1)} MB\n`,
      stderr: '',
      code: 0,
    });
    expect(readOnnx(readFileSync(file)).inputs[0]!.shape).toEqual(['batch', 3, 96, 64]);
  });

  it('writes safetensors in half precision with config.json, and says so in JSON', async () => {
    const target = mkdtempSync(join(folder, 'half-'));
    const file = join(target, 'out.safetensors');
    const { stdout, code } = await run(model, file, '--half', '--json');
    expect(code).toBe(0);
    const files = [file, join(target, 'config.json')];
    expect(JSON.parse(stdout)).toEqual({
      files,
      sizeBytes: statSync(file).size,
      architecture: 'ghostnetv2_010',
      numClasses: 4,
    });
    expect(statSync(file).size).toBeLessThan(0.6 * statSync(join(model, 'model.safetensors')).size);
    await using loaded = await load(file);
    expect(loaded.config.labels).toEqual(['a', 'b', 'c', 'd']);
  });

  it('writes the gate that it is told', async () => {
    const target = mkdtempSync(join(folder, 'gate-'));
    const file = join(target, 'out.safetensors');
    expect((await run(model, file, '--gate-activation', 'relu')).code).toBe(0);
    await using loaded = await load(file);
    expect(loaded.info.gate).toMatchObject({ activation: { value: 'relu', from: 'config' } });
  });

  it('overwrites with --force alone', async () => {
    const target = mkdtempSync(join(folder, 'force-'));
    const file = join(target, 'out.onnx');
    writeFileSync(file, 'dear to somebody');
    const { stdout, stderr, code } = await run(model, file);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(/^ghostnet: .*out\.onnx exists already\. [^\n]*--force\)\.\n$/);
    expect(readFileSync(file, 'utf8')).toBe('dear to somebody');
    expect((await run(model, file, '--force')).code).toBe(0);
    expect(readdirSync(target)).toEqual(['out.onnx']);
    expect(readOnnx(readFileSync(file)).outputs[0]!.name).toBe('logits');
  });

  it.each<[string, string[], number, RegExp]>([
    ['a missing model', ['./no-model', join(folder, 'x.onnx')], 1, /no-model does not exist/],
    ['another kind of file', [model, join(folder, 'x.tflite')], 1, /should end in \.onnx or \.safetensors/],
    ['halves in ONNX', [model, join(folder, 'x.onnx'), '--half'], 1, /half is for \.safetensors/],
    ['a size that is none', [model, join(folder, 'x.onnx'), '--size', 'large'], 2, /--size/],
    ['no file', [model], 2, /file/],
  ])('refuses %s', async (_, args, expectedCode, words) => {
    const { stdout, stderr, code } = await run(...args);
    expect({ stdout, code }).toEqual({ stdout: '', code: expectedCode });
    expect(stderr).toMatch(/^ghostnet: [^\n]+\.\n$/);
    expect(stderr).toMatch(words);
  });
});
