import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { bytesOf, pickle, tensor, torchFile } from '../../testing/checkpoints/writers.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { syntheticStateDict } from '../../testing/synthetic.js';

const folder = temporaryFolder();
const [red, blue] = [join(folder, 'red.png'), join(folder, 'a blue one.png')];
const broken = join(folder, 'broken.jpg');
const missing = join(folder, 'missing.jpg');

function ghostnet(...args: string[]): Promise<Ended> {
  return runNode([builtCommand, ...args]);
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** One sentence on stderr, nothing on stdout. */
function expectRefusal({ stdout, stderr, code }: Ended, expectedCode: number, words: RegExp): void {
  expect({ stdout, code }, stderr).toEqual({ stdout: '', code: expectedCode });
  expect(stderr).toMatch(/^ghostnet: [^\n]+\.\n$/);
  expect(stderr).toMatch(words);
}

beforeAll(async () => {
  for (const [file, background] of [
    [red, 'red'],
    [blue, 'blue'],
  ] as const) {
    await sharp({ create: { width: 80, height: 60, channels: 3, background } })
      .png()
      .toFile(file);
  }
  writeFileSync(broken, 'no picture');
});

interface Line {
  readonly image: string;
  readonly latencyMs: number;
  readonly decodeMs: number;
  readonly preprocessMs: number;
  readonly networkMs: number;
  readonly loadModelMs?: number;
  readonly loadDecoderMs?: number;
  readonly top: unknown[];
}

describe('ghostnet classify', () => {
  it('prints a table for one image', async () => {
    const { stdout, stderr, code } = await ghostnet('classify', red, '--top', '3');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const [head, ...rows] = lines(stdout);
    expect(head).toMatch(/red\.png {2}\(decode \d+\.\d ms, preprocess \d+\.\d ms, network \d+\.\d ms\)$/);
    expect(rows.pop()).toMatch(/^before it: model loaded in \d+\.\d ms, decoder in \d+\.\d ms$/);
    await using model = await load();
    const top = await model.classify(red, { topK: 3 });
    expect(rows).toHaveLength(3);
    for (const [i, { label, probability }] of top.entries()) {
      expect(rows[i]!.startsWith(`  ${label} `)).toBe(true);
      expect(rows[i]!.endsWith(` ${(100 * probability).toFixed(1)} %`)).toBe(true);
    }
  });

  it('prints five classes unless told otherwise', async () => {
    expect(lines((await ghostnet('classify', red)).stdout)).toHaveLength(7);
  });

  it('prints one line for each of several images', async () => {
    const { stdout, code } = await ghostnet('classify', red, blue, red, '--top', '2');
    expect(code).toBe(0);
    const rows = lines(stdout);
    expect(rows).toHaveLength(3);
    for (const row of rows)
      expect(row).toMatch(
        /\.png +decode +\d+\.\d {2}preprocess +\d+\.\d {2}network +\d+\.\d ms {2}[^;]+ \d+\.\d %; [^;]+ \d+\.\d %$/,
      );
    expect(rows[1]).toMatch(/a blue one\.png/);
    const answer = (row: string): string => row.replace(/^.*? ms/, '');
    expect(answer(rows[0]!)).toBe(answer(rows[2]!));
    expect(answer(rows[0]!)).not.toBe(answer(rows[1]!));
  });

  it('prints JSON, one object a line', async () => {
    const { stdout, stderr, code } = await ghostnet('classify', '--json', '--threads', '1', red, blue);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const objects = lines(stdout).map((line) => JSON.parse(line) as Line);
    expect(objects.map(({ image }) => image)).toEqual([red, blue]);
    await using model = await load();
    for (const [i, { image, top, ...times }] of objects.entries()) {
      const { latencyMs, decodeMs, preprocessMs, networkMs, loadModelMs, loadDecoderMs } = times;
      // Two that end in the same moment have had one time.
      for (const part of [decodeMs, preprocessMs, networkMs]) expect(part).toBeGreaterThanOrEqual(i === 0 ? 0.001 : 0);
      // Each rounded by itself.
      expect(decodeMs + preprocessMs + networkMs).toBeLessThan(latencyMs + 0.1);
      // What is done once is told once, and of no image.
      expect([loadModelMs, loadDecoderMs].map((ms) => ms !== undefined && ms > 0)).toEqual([i === 0, i === 0]);
      const expected = await model.classify(image);
      expect(top).toEqual(
        expected.map((entry) => ({ ...entry, probability: expect.closeTo(entry.probability, 5) as number })),
      );
    }
  });

  it('reports a bad image among good ones and goes on', async () => {
    const { stdout, stderr, code } = await ghostnet('classify', red, broken, missing, blue);
    expect(code).toBe(1);
    expect(lines(stdout)).toHaveLength(2);
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^ghostnet: .*broken\.jpg cannot be decoded/),
      expect.stringMatching(/^ghostnet: .*missing\.jpg does not exist/),
    ]);
  });

  it.each<[string, string[], RegExp]>([
    ['a bad image', [broken], /broken\.jpg cannot be decoded/],
    ['a missing image', [missing], /missing\.jpg does not exist/],
    ['a missing model', [red, '--model', join(folder, 'no-model')], /no-model does not exist/],
    ['no checkpoint', [red, '-m', broken], /broken\.jpg is no checkpoint/],
  ])('ends with 1 on %s', async (_, args, words) => expectRefusal(await ghostnet('classify', ...args), 1, words));
});

describe('--decode-timeout', () => {
  const large = join(folder, 'large.png');
  beforeAll(async () => {
    await sharp({ create: { width: 3000, height: 2000, channels: 3, background: 'red' } })
      .png()
      .toFile(large);
  });

  it.each([['classify'], ['embed'], ['similar', red], ['attention', '-o', join(folder, 'sheet.png')]])(
    '%s gives up a picture that takes longer',
    async (command, ...rest) => {
      const args = [large, ...rest];
      const { stdout, stderr, code } = await ghostnet(command, ...args, '--decode-timeout', '0.001');
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toMatch(/large\.png cannot be decoded: after 1 ms it was not done\./);
      expect((await ghostnet(command, ...args, '--decode-timeout', '60')).code).toBe(0);
    },
  );
});

describe('ghostnet info', () => {
  it('prints what runs here', async () => {
    const { stdout, stderr, code } = await ghostnet('info');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    await using model = await load();
    for (const word of [
      model.info.cpu,
      model.info.isa,
      model.config.architecture,
      `${model.config.numClasses} classes`,
      process.version,
    ]) {
      expect(stdout).toContain(word);
    }
  });

  it('says in which precision it computes', async () => {
    await using model = await load(undefined, { precision: 'auto' });
    const { stdout, code } = await ghostnet('info', '--precision', 'auto', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ isa: model.info.isa, precision: model.info.precision });
  });

  it("says how the attention's gate is computed, and who says so", async () => {
    const flags = ['--gate-activation', 'relu', '--gate-pooling', 'max'];
    expect((await ghostnet('info', ...flags)).stdout).toMatch(
      /^gate +activation relu \(option\), pooling max \(option\), upsampling nearest \(assumed\)$/m,
    );
    const { stdout } = await ghostnet('info', '--gate-upsampling', 'nearest', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      gate: { activation: { value: 'sigmoid', from: 'assumed' }, upsampling: { value: 'nearest', from: 'option' } },
    });
    const wrong = await ghostnet('info', '--gate-activation', 'tanh');
    expect(wrong).toMatchObject({ stdout: '', code: 2 });
    expect(wrong.stderr).toMatch(
      /--gate-activation.*'tanh' is invalid\. Allowed choices are sigmoid, hard_sigmoid, relu\./,
    );
    expect(await ghostnet('info', '--gate-pool', 'max')).toMatchObject({
      stderr: expect.stringMatching(/unknown option '--gate-pool'.*--gate-pooling/),
      code: 2,
    });
  });

  it('lists what a checkpoint names and nobody knows', async () => {
    const file = join(folder, 'trained.pth');
    const tensors = [...syntheticStateDict(1, 0.1, 10)];
    const weights = tensors.map(([name, { shape, data }], i): [string, Buffer] => [
      name,
      tensor({ key: String(i), storage: 'FloatStorage', length: data.length, shape }),
    ]);
    const storages = tensors.map(([, { data }], i): [string, Buffer] => [String(i), bytesOf(data)]);
    const config = pickle.newObject(pickle.global('test', 'Config'));
    const checkpoint = pickle.dict({ state_dict: pickle.dict(Object.fromEntries(weights)), config });
    writeFileSync(file, torchFile(checkpoint, Object.fromEntries(storages)));
    const { stdout } = await ghostnet('info', '--model', file);
    expect(stdout).toContain('unknown     test.Config: named in the file, never run\n');
    const json = await ghostnet('info', '--model', file, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ unknownNames: ['test.Config'] });
  });

  it('prints the measured plan', async () => {
    const { stdout, code } = await ghostnet('info', '--plan', '--threads', '1');
    expect(code).toBe(0);
    await using model = await load();
    const { arenaBytes, scratchBytes, weightBytes, l1Bytes, l2Bytes } = model.plan();
    const [height, width] = model.config.preprocess.inputSize;
    expect(stdout).toContain(
      `plan        for 1x3x${height}x${width}; caches of a core: L1d ${l1Bytes} bytes, L2 ${l2Bytes} bytes\n`,
    );
    expect(stdout).toContain(
      `arena ${arenaBytes} bytes an image, scratch ${scratchBytes} bytes a thread, packed weights ${weightBytes} bytes\n`,
    );
    expect(stdout).toMatch(/^ +\d+\.\d us +\d+\.\d\d MMAC {2}rows x\d+: reads the image; scratch \d+ bytes$/m);
    expect(stdout).toMatch(
      /^ +\d+\.\d us +\d+\.\d\d MMAC {2}groups x\d+: map of \d+ bytes <= L2 \/ 2; scratch [1-9]\d* bytes$/m,
    );
    expect(stdout).toMatch(/^ +classifier: matvec$/m);
  });

  it('prints JSON', async () => {
    const { stdout } = await ghostnet('info', '--plan', '--json', '--threads', '2');
    expect(lines(stdout)).toHaveLength(1);
    await using model = await load();
    const info = JSON.parse(stdout) as Record<string, unknown>;
    expect(info).toMatchObject({
      isa: model.info.isa,
      threads: 2,
      macs: model.info.macs,
      architecture: model.config.architecture,
    });
    const { steps, ...totals } = model.plan();
    expect(info['plan']).toMatchObject(totals);
    expect((info['plan'] as { steps: unknown[] }).steps).toHaveLength(steps.length);
  });
});

describe('a picture that is piped in without -', () => {
  it.skipIf(process.platform === 'win32').each(["cat '%s' | %g", "%g < '%s'"])('is told of it: %s', async (line) => {
    const command = line.replace('%s', red).replace('%g', `'${process.execPath}' '${builtCommand}' classify`);
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      execFile('sh', ['-c', `${command}; echo $?`], (_, stdout, stderr) => resolve({ stdout, stderr }));
    });
    expect({ stdout, stderr }).toEqual({
      stdout: '2\n',
      stderr: expect.stringMatching(/^ghostnet: [^\n]*ghostnet classify -\.\n$/),
    });
  });
});

describe('the command line', () => {
  const manifest = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8')) as {
    version: string;
  };

  it('prints its version', async () => {
    expect(await ghostnet('--version')).toEqual({ stdout: `${manifest.version}\n`, stderr: '', code: 0 });
  });

  it('prints help when nothing else is asked of it', async () => {
    expect(await ghostnet()).toEqual(await ghostnet('--help'));
  });

  it.each(['--help', 'classify --help', 'help info'])('prints help: %s', async (args) => {
    const { stdout, stderr, code } = await ghostnet(...args.split(' '));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(/^Usage: ghostnet/);
    expect(stdout).toMatch(/Classifies images|most probable classes|what runs here/);
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['clasify', red], /clasify/],
    ['no image', ['classify'], /image/],
    ['an unknown option', ['classify', red, '--speed'], /--speed/],
    ['a misspelt command', ['clasify', red], /Did you mean classify\?/],
    ['a misspelt option', ['classify', red, '--jsn'], /Did you mean --json\?/],
    ['a value that is no number', ['classify', red, '--top', 'many'], /--top.*many/],
    ['0 classes', ['classify', red, '--top', '0'], /--top/],
    ['half a thread', ['info', '--threads', '1.5'], /--threads/],
    ['an unknown precision', ['classify', red, '--precision', 'bf16'], /--precision.*fp32, fp16, auto/],
    ['an option without its value', ['info', '--model'], /--model/],
    ['an argument too many', ['info', red], /argument/],
  ])('ends with 2 on %s', async (_, args, words) => expectRefusal(await ghostnet(...args), 2, words));
});
