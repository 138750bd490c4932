import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHubConfig } from '../../lib/checkpoints/config.js';
import { maxImageFloats, maxInputSide } from '../../lib/input-limits.js';
import { maxPreprocessedSide } from '../../lib/preprocess-config.js';
import { exportModel, load, preprocess, type GhostNet } from '../../lib/index.js';
import { countMacs, inferShapes } from '../../lib/graph/shapes.js';
import { errorOf } from '../../testing/error-of.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { buildGhostNet } from '../../testing/ghostnet.js';

const folder = temporaryFolder();
const weights = savedTensors(syntheticStateDict(2, 0.1, 10));
let count = 0;

/** A model whose config.json, of timm's form, says so. */
function modelOf(config: object): string {
  const model = join(folder, `model-${count++}`);
  mkdirSync(model);
  writeFileSync(join(model, 'model.safetensors'), weights);
  writeFileSync(join(model, 'config.json'), JSON.stringify({ architecture: 'ghostnetv2_010', ...config }));
  return model;
}

const source = (file: string): string => readFileSync(new URL(`../../native/${file}`, import.meta.url), 'utf8');

describe('the limits of an input', () => {
  it("are the engine's own", () => {
    const [, shift] = /kMaxSide = 1 << (\d+);/.exec(source('model.cc'))!;
    expect(maxInputSide).toBe(2 ** Number(shift));
    const [, floats] = /kMaxImageFloats = int64_t\{1\} << (\d+);/.exec(source('model.cc'))!;
    expect(maxImageFloats).toBe(2 ** Number(floats));
    const [, side] = /kMaxInputSize = (\d+);/.exec(source('preprocess/preprocess.h'))!;
    expect(maxPreprocessedSide).toBe(Number(side));
  });

  const impossible: readonly unknown[] = [
    [3, 16384, 16384],
    [3, 9460, 9460],
    [3, 16385, 224],
    [3, 224, 2 ** 31],
    [3, 2 ** 53 - 1, 2 ** 53 - 1],
    [3, 1e308, 1e308],
    [3, 0, 224],
    [3, -224, -224],
    [3, 224.5, 224],
    ['3', '224', '224'],
    [3, '224', 224],
    [3, 224],
    [3, 224, 224, 1],
    [3, [224], 224],
    [0, 224, 224],
    224,
    '3x224x224',
    {},
    true,
    new Array(5000).fill(3),
  ];

  it.each(impossible)('are kept to by a config.json, which is refused with the model: %j', async (size) => {
    for (const config of [{ pretrained_cfg: { input_size: size } }, { input_size: size }]) {
      const error = await errorOf(load(modelOf(config)));
      expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
      expect(error.message).toMatch(
        /config\.json: (?:pretrained_cfg\.)?input_size [^\n]{10,400}\. Correct or remove it\.$/,
      );
    }
  });

  it('are kept to by a config.json whose input is too small for the network', async () => {
    const model = modelOf({ input_size: [3, 32, 300] });
    for (const call of [() => load(model), () => exportModel(model, join(folder, 'small.onnx'))]) {
      expect(await errorOf(call())).toMatchObject({
        code: 'ERR_GHOST_CHECKPOINT',
        message: expect.stringMatching(/input_size of the config\.json.*32 x 300 pixels is too small/) as unknown,
      });
    }
  });

  it('let a sound one be of any form', async () => {
    const model = await load(modelOf({ input_size: [3, 64, 160] }));
    expect(model.config.preprocess.inputSize).toEqual([64, 160]);
    await model.dispose();
    expect(parseHubConfig({ input_size: [3, 16384, 5461] }, '').preprocess.inputSize).toEqual([16384, 5461]);
  });

  it('keep numbers exact: the largest input that there may be', () => {
    const graph = buildGhostNet(syntheticStateDict(2, 0.1, 10), { version: 2, width: 0.1, numClasses: 10 });
    const side = Math.floor(Math.sqrt(maxImageFloats / 3));
    expect(Number.isSafeInteger(countMacs(graph, [side, side]))).toBe(true);
    for (const size of [
      [32768, 32768],
      [side + 1, side + 1],
      [1e9, 1e9],
      [1e300, 1e300],
      [Infinity, 64],
    ] as const) {
      expect(() => inferShapes(graph, size)).toThrow(
        expect.objectContaining({
          code: 'ERR_GHOST_SHAPE',
          message: expect.stringMatching(/pixels is too large: .* at most \d+\.$/) as unknown,
        }),
      );
    }
  });
});

describe('every way to ask for an input keeps to them', () => {
  let model: GhostNet;
  beforeAll(async () => {
    model = await load();
  });
  afterAll(() => model.dispose());
  const sizes = [
    [1e9, 1e9],
    [2 ** 53 - 1, 1],
    [32769, 64],
    [20000, 20000],
  ] as const;

  it('plan, before anything is planned', () => {
    for (const size of sizes)
      expect(() => model.plan(size)).toThrow(expect.objectContaining({ code: 'ERR_GHOST_SHAPE' }));
  });

  it('a tensor', async () => {
    for (const [h, w] of sizes) {
      for (const call of [
        (data: never) => model.infer(data),
        (data: never) => model.features(data),
        (data: never) => model.embed(data),
        (data: never) => model.attention(data),
      ]) {
        expect((await errorOf(call({ data: new Float32Array(9), shape: [1, 3, h, w] } as never))).code).toBe(
          'ERR_GHOST_SHAPE',
        );
      }
    }
  });

  it('preprocess', async () => {
    for (const inputSize of [...sizes, [16384, 16384]] as const) {
      expect(
        (await errorOf(preprocess({ data: new Uint8Array(3), width: 1, height: 1, channels: 3 }, { inputSize }))).code,
      ).toBe('ERR_GHOST_ARGUMENT');
    }
  });

  it('exportModel', async () => {
    for (const inputSize of sizes) {
      expect((await errorOf(exportModel(modelOf({}), join(folder, 'large.onnx'), { inputSize }))).code).toBe(
        'ERR_GHOST_SHAPE',
      );
    }
  });

  it('the commands', async () => {
    const commands = [
      ['bench', '--size', '1000000000', '--seconds', '0.1'],
      ['export', modelOf({}), join(folder, 'large.onnx'), '--size', '40000x40'],
      ['attention', 'examples/sample.png', '-o', join(folder, 'a.png'), '--side', '1000000'],
    ];
    for (const command of commands) {
      expect(await runNode([builtCommand, ...command])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^ghostnet: [^\n]+ \d+[^\n]+\n$/) as unknown,
      });
    }
  });
});
