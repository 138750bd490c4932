import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../lib/cli/program.js';
import { camera, parts, sends } from '../../testing/camera-server.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { jpegOfNoise } from '../../testing/frames.js';
import { environmentFor, freshCache, smallModel } from '../../testing/hub-cache.js';
import { HubServer } from '../../testing/hub-server.js';
import { lampPicture, saveLampDetector, saveLampSegmenter } from '../../testing/lamps.js';
import { pyramidWeights } from '../../testing/pyramid.js';
import { savedTensors } from '../../testing/saved.js';
import { builtCommand, runNode } from '../../testing/programs.js';
import { syntheticStateDict, syntheticTensor } from '../../testing/synthetic.js';
import { layoutOf as mobileNetV3 } from '../../lib/networks/mobilenetv3/layout.js';

const folder = temporaryFolder();
const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const [sample, fixture, model] = [
  path('examples/sample.png'),
  path('test/pixels/fixtures/fixture.png'),
  path('weights/ghostnetv2-tiny'),
];
const schema = JSON.parse(readFileSync(path('docs/json.schema.json'), 'utf8')) as { $defs: Record<string, object> };

/** The schema lets fields be added in the future; here every field must be described. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed);
  if (typeof part !== 'object' || part === null) return part;
  const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]));
  return inner['type'] === 'object' && 'properties' in inner ? { ...inner, additionalProperties: false } : inner;
}

const ajv = new Ajv2020({ strict: true, strictRequired: true, allErrors: true });
ajv.addSchema(closed(schema) as object, 'printed');
const validatorOf = (name: string): ValidateFunction => ajv.getSchema(`printed#/$defs/${name}`)!;

/** Every line that a command prints, which must be as the schema has it. */
async function checked(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Record<string, unknown>[]> {
  const { stdout, stderr } = await runNode([builtCommand, ...args], env);
  const objects = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.length, stderr).toBeGreaterThan(0);
  const validate = validatorOf(name);
  for (const object of objects) expect(validate(object), ajv.errorsText(validate.errors)).toBe(true);
  return objects;
}

let hub: HubServer;
beforeAll(async () => {
  const zeros = (...[size, ...rest]: number[]): unknown =>
    Array.from({ length: size! }, () => (rest.length > 0 ? zeros(...rest) : 0));
  writeFileSync(join(folder, 'reference.json'), JSON.stringify({ input: zeros(2, 3, 40, 33), logits: zeros(2, 200) }));
  writeFileSync(join(folder, 'evaluated.csv'), `${sample},0\n${sample},186\n`);
  hub = await HubServer.start();
  hub.add('someone/their-model', smallModel());
});
afterAll(() => hub.stop());

describe('what is printed with --json', () => {
  it('is described for every command that has the option', () => {
    const withJson = createProgram().commands.filter(({ options }) => options.some(({ long }) => long === '--json'));
    expect(Object.keys(schema.$defs)).toEqual(
      expect.arrayContaining([...withJson.map((command) => command.name()), 'embed']),
    );
    expect(withJson.length).toBeGreaterThan(5);
  });

  it.each<[string, string[]]>([
    ['classify', ['classify', '--json', sample, fixture]],
    ['similar', ['similar', '--json', sample, fixture, path('examples')]],
    ['embed', ['embed', sample, fixture]],
    ['info', ['info', '--json']],
    ['info', ['info', '--json', '--plan', '--gate-pooling', 'none']],
    ['bench', ['bench', '--json', '--threads', '1,2', '--seconds', '0.05']],
    ['bench', ['bench', '--json', '--threads', '1', '--seconds', '0.05', '--every', '2']],
    ['check', ['check', '--json', model, join(folder, 'reference.json')]],
    ['evaluate', ['evaluate', '--json', join(folder, 'evaluated.csv')]],
    ['export', ['export', '--json', '--half', model, join(folder, 'exported.safetensors')]],
  ])('is as its schema has it: %s %j', async (name, args) => {
    await checked(name, args);
  });

  it('is as its schema has it: info of a network without a classifier', async () => {
    mkdirSync(join(folder, 'pyramid'));
    const pyramid = join(folder, 'pyramid', 'model.safetensors');
    writeFileSync(pyramid, savedTensors(pyramidWeights({ version: 1, width: 0.1 }, 3, 8)));
    const [object] = await checked('info', ['info', '--json', '--model', pyramid]);
    expect(object).toMatchObject({ architecture: 'ghostnet_010_fpn', numClasses: 0, labels: 0 });
    const { stdout } = await runNode([builtCommand, 'info', '--model', pyramid]);
    expect(stdout).toMatch(/^model +ghostnet_010_fpn, no classifier, fp32$/m);
  });

  it('is as its schema has it: info of a network without a version', async () => {
    mkdirSync(join(folder, 'mobilenet'));
    const file = join(folder, 'mobilenet', 'model.safetensors');
    const specs = mobileNetV3({ size: 'small', width: 0.35, numClasses: 4 }).tensors();
    writeFileSync(file, savedTensors(new Map(specs.map(({ name, shape }) => [name, syntheticTensor(name, shape)]))));
    const [object] = await checked('info', ['info', '--json', '--model', file]);
    expect(object).toMatchObject({ architecture: 'mobilenetv3_small_035', version: null, width: 0.35, gate: null });
  });

  it('is as its schema has it: info of a network that was trained in branches', async () => {
    mkdirSync(join(folder, 'branches'));
    const file = join(folder, 'branches', 'model.safetensors');
    writeFileSync(file, savedTensors(syntheticStateDict(3, 0.1, 4)));
    const [object] = await checked('info', ['info', '--json', '--model', file]);
    const { parameters, trainedParameters } = object as { parameters: number; trainedParameters: number };
    expect(parameters).toBeLessThan(trainedParameters);
    const { stdout } = await runNode([builtCommand, 'info', '--model', file]);
    const [run, trained] = [parameters, trainedParameters].map((count) => (count / 1e6).toFixed(2));
    expect(stdout).toContain(`${run} million, ${trained} million as it was trained, `);
  });

  it('is as its schema has it: detect, and info and bench of a detector', async () => {
    const detector = join(folder, 'lamps');
    saveLampDetector(detector);
    const pictures = await Promise.all([96, 104, 112, 120, 128].map((y) => lampPicture([160, y])));
    const files = pictures.map((picture, i) => {
      const file = join(folder, `lamp ${i}.png`);
      writeFileSync(file, picture);
      return file;
    });
    const ask = ['--json', '--model', detector];
    const plain = await checked('detect', ['detect', ...ask, ...files]);
    expect(plain).toHaveLength(5);
    const zone = ['--zone', '0,132,320,132,320,200,0,200', '--dwell', '0.01'];
    const followed = await checked('detect', ['detect', ...ask, '--line', '0,124,320,124', ...zone, ...files]);
    expect(followed.map(({ event }) => event).filter(Boolean)).toEqual(['in', 'enter', 'dwell']);
    const [info] = await checked('info', ['info', ...ask]);
    expect(info).toMatchObject({ task: 'detection', head: { strides: { value: [8], from: 'assumed' } } });
    const [bench] = await checked('bench', ['bench', ...ask, '--threads', '1', '--seconds', '0.05']);
    expect(bench).toMatchObject({ task: 'detection', numClasses: 2 });
  });

  it('is as its schema has it: segment', async () => {
    const segmenter = join(folder, 'segmenter');
    saveLampSegmenter(segmenter);
    const [found] = await checked('segment', ['segment', '--json', '--model', segmenter, sample]);
    expect(found!['classes']).not.toEqual([]);
    const [info] = await checked('info', ['info', '--json', '--model', segmenter]);
    expect(info).toMatchObject({ task: 'segmentation', classifier: null });
  });

  it('is as its schema has it: pull', async () => {
    await checked('pull', ['pull', '--json', 'someone/their-model'], environmentFor(hub, freshCache(folder)));
  });

  it('is as its schema has it: models', async () => {
    const environment = environmentFor(hub, freshCache(folder));
    const published = await checked('models', ['models', '--json'], environment);
    expect(published.map(({ name }) => name)).toContain('ghostnetv2_100.in1k');
    const [boxed, ...others] = published;
    expect(boxed).toMatchObject({
      name: 'ghostnetv2-tiny',
      repository: null,
      architecture: 'ghostnetv2_050',
      inputSize: [128, 128],
      top1Percent: 52.34,
      cachedBytes: 3_808_056,
    });
    expect(others.filter(({ cachedBytes }) => cachedBytes !== null)).toEqual([]);
    await runNode([builtCommand, 'pull', 'someone/their-model'], environment);
    const all = await checked('models', ['models', '--json'], environment);
    expect(all).toHaveLength(published.length + 1);
    expect(all.at(-1)).toMatchObject({
      name: 'someone/their-model',
      architecture: 'ghostnetv2_010',
      top1Percent: null,
    });
    expect(all.at(-1)!['cachedBytes']).toBe(smallModel()['model.safetensors']!.length);
  });

  it('is as its schema has it: classify of a stream', async () => {
    const { origin } = await camera(sends(parts([await jpegOfNoise(64, 48, 1)]), 'image/jpeg'));
    const [object] = await checked('classify', ['classify', '--json', origin]);
    expect(object).toMatchObject({ frame: 1 });
  });

  it.skipIf(process.platform !== 'linux')('is as its schema has it: a name that is not UTF-8', async () => {
    mkdirSync(join(folder, 'raw'));
    writeFileSync(Buffer.from(join(folder, 'raw', '\xff.png'), 'latin1'), readFileSync(sample));
    const objects = [
      await checked('classify', ['classify', '--json', join(folder, 'raw')]),
      await checked('embed', ['embed', join(folder, 'raw')]),
    ];
    for (const [object] of objects) expect(object!['imageBase64']).toBeTypeOf('string');
  });

  it('of the example in docs/json.md too', () => {
    const line = /^\{.*\}$/m.exec(readFileSync(path('docs/json.md'), 'utf8'))![0];
    const validate = validatorOf('classify');
    expect(validate(JSON.parse(line)), ajv.errorsText(validate.errors)).toBe(true);
  });

  it('would be refused with a field that nobody described', () => {
    expect(validatorOf('similar')({ image: 'a', similarity: 0.5 })).toBe(true);
    expect(validatorOf('similar')({ image: 'a', similarity: 0.5, more: 1 })).toBe(false);
    expect(validatorOf('classify')({ image: 'a' })).toBe(false);
  });
});
