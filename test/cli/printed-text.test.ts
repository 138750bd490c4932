import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { csvField, jsonText, visible } from '../../lib/cli/output/escape.js';
import { ProgressLine } from '../../lib/cli/output/progress.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';

const folder = temporaryFolder();
const sample = fileURLToPath(new URL('../../examples/sample.png', import.meta.url));
const shared = fileURLToPath(new URL('../../../shared/cases/hostile/escape-labels.config.json', import.meta.url));
const ghostnet = (...args: string[]): Promise<Ended> => runNode([builtCommand, ...args]);

/** Sets a title, colours, turns the line's direction, ends the line: C0, DEL, C1, separators, marks of direction. */
const hostile = '\x1b]0;owned\x07\x1b[31m\x9b2J\x7f\r\u202ea\u2066b\u2028c\u2029';
const escaped = '\\x1b]0;owned\\x07\\x1b[31m\\x9b2J\\x7f\\x0d\\u202ea\\u2066b\\u2028c\\u2029';

/** What no output may contain but for its line feeds. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const steering = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

describe('text that is printed', () => {
  it('has nothing that steers a terminal, however often it is escaped', () => {
    expect(visible(hostile)).toBe(escaped);
    expect(visible(escaped)).toBe(escaped);
    expect(visible('a\tb\nc')).toBe('a\\x09b\\x0ac');
    expect(visible('Zürich 東京 👩‍🔬 C:\\photos')).toBe('Zürich 東京 👩‍🔬 C:\\photos');
    expect(visible('half \ud83d')).toBe('half \\ud83d');
  });

  it('is the same after a JSON parser has read it', () => {
    const value = { label: hostile, list: ['"\\', '👩‍🔬'] };
    expect(jsonText(value)).not.toMatch(steering);
    expect(JSON.parse(jsonText(value))).toEqual(value);
  });

  it.each<[string | number, string]>([
    ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['+1+cmd', "'+1+cmd"],
    ['-cat.jpg', "'-cat.jpg"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['＝1', "'＝1"],
    ['\t=1', '\\x09=1'],
    ['\r=1', '\\x0d=1'],
    ['-1.5', '-1.5'],
    ['+3', '+3'],
    [-0.25, '-0.25'],
    ['a, b', '"a, b"'],
    ['plain', 'plain'],
  ])('as a cell of CSV: %j', (value, cell) => expect(csvField(value)).toBe(cell));

  it('on a line that shows progress', () => {
    let written = '';
    const stream = { isTTY: true, columns: 200, write: (text: string) => (written += text) };
    new ProgressLine(stream as never).draw(() => `model${hostile}`);
    expect(written).toBe(`\rmodel${escaped}\x1b[K`);
  });
});

// Windows has no such names.
describe.skipIf(process.platform === 'win32')('every command', () => {
  const model = join(folder, 'model');
  const pictures = join(folder, `pictures${hostile}`);
  const picture = join(pictures, `=a${hostile}.png`);
  const broken = join(pictures, `broken${hostile}.jpg`);

  beforeAll(async () => {
    for (const path of [model, pictures]) mkdirSync(path);
    writeFileSync(join(model, 'model.safetensors'), savedTensors(syntheticStateDict(2, 0.1, 10)));
    const labels = Array.from({ length: 10 }, (_, i) => `=${hostile} ${i}`);
    writeFileSync(join(model, 'config.json'), JSON.stringify({ architecture: 'ghostnetv2_010', label_names: labels }));
    await sharp(sample).resize(64).png().toFile(picture);
    writeFileSync(broken, 'no picture');
  });

  const commands: [string, () => string[]][] = [
    ['classify of one', () => ['classify', picture, '--model', model]],
    ['classify of a bad one', () => ['classify', broken, '--model', model]],
    ['classify of a folder', () => ['classify', pictures, '--model', model]],
    ['classify --csv', () => ['classify', '--csv', pictures, '--model', model]],
    ['classify --json', () => ['classify', '--json', pictures, '--model', model]],
    ['classify with a bad option', () => ['classify', picture, `--${hostile}`]],
    ['classify with a bad model', () => ['classify', picture, '--model', broken]],
    ['similar', () => ['similar', sample, pictures]],
    ['similar --json', () => ['similar', sample, pictures, '--json']],
    ['embed', () => ['embed', pictures]],
    ['embed into a file that cannot be', () => ['embed', picture, '-o', join(pictures, 'none', 'vectors.npy')]],
    ['attention', () => ['attention', broken, '-o', join(folder, 'sheet.png')]],
    ['info', () => ['info', '--model', model]],
    ['info of none', () => ['info', '--model', broken]],
    ['bench', () => ['bench', '--seconds', '0.01', '--threads', '1', '--model', model]],
    ['export', () => ['export', model, join(pictures, 'exported.onnx')]],
    ['pull', () => ['pull', pictures]],
    ['an unknown command', () => [hostile]],
  ];

  it.each(commands)('escapes names and labels: %s', async (_, args) => {
    const { stdout, stderr } = await ghostnet(...args());
    expect(stdout + stderr).not.toBe('');
    expect(stdout).not.toMatch(steering);
    expect(stderr).not.toMatch(steering);
  });

  it('prints the labels in a table, in columns', async () => {
    const { stdout } = await ghostnet('classify', picture, '--model', model, '--top', '10');
    const rows = stdout.trimEnd().split('\n').slice(1, -1);
    expect(rows).toHaveLength(10);
    for (const row of rows) expect(row).toMatch(/ {2}\d+\.\d %$/);
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
    expect(rows[0]).toContain(`=${escaped} `);
  });

  it('gives JSON as it is and CSV without formulas', async () => {
    const [json, csv] = await Promise.all(
      ['--json', '--csv'].map((format) => ghostnet('classify', format, picture, '--model', model, '--top', '1')),
    );
    const { image, top } = JSON.parse(json!.stdout) as { image: string; top: { label: string }[] };
    expect([image, top[0]!.label.slice(0, -1)]).toEqual([picture, `=${hostile} `]);
    expect(csv!.stdout.split('\n')[1]).toMatch(/,1,\d+,'=\\x1b/);
  });

  it.skipIf(!existsSync(shared))('escapes the labels of the hostile case (in ../shared)', async () => {
    const { label_names } = JSON.parse(readFileSync(shared, 'utf8')) as { label_names: string[] };
    const other = join(folder, 'shared');
    mkdirSync(other);
    writeFileSync(join(other, 'model.safetensors'), readFileSync(join(model, 'model.safetensors')));
    writeFileSync(join(other, 'config.json'), readFileSync(shared));
    const { stdout, stderr, code } = await ghostnet('classify', sample, '--model', other, '--top', '10');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    for (const label of label_names) expect(stdout).toContain(visible(label));
    expect(stdout).not.toMatch(steering);
  });
});

/** Each prints to standard output. */
const printing: [string, string[]][] = [
  ['classify', ['classify', sample]],
  ['classify --json', ['classify', '--json', sample, sample]],
  ['classify --csv', ['classify', '--csv', sample]],
  ['classify -', ['classify', '-']],
  ['similar', ['similar', sample, sample, fileURLToPath(new URL('../pixels/fixtures/fixture.png', import.meta.url))]],
  ['embed', ['embed', sample]],
  ['info', ['info']],
  ['info --json', ['info', '--plan', '--json']],
  ['bench', ['bench', '--seconds', '0.01', '--threads', '1']],
  [
    'export',
    [
      'export',
      fileURLToPath(new URL('../../weights/ghostnetv2-tiny', import.meta.url)),
      join(folder, 'full.onnx'),
      '--force',
    ],
  ],
  ['help', ['--help']],
  ['help of a command', ['classify', '--help']],
  ['nothing', []],
  ['version', ['--version']],
];

/** Runs a command whose standard output is `stdout`, with a picture at its standard input. */
async function endedWith(
  args: readonly string[],
  stdout: number | 'pipe',
): Promise<{ stderr: string; code: number | null }> {
  const stdin = openSync(sample, 'r');
  const child = spawn(process.execPath, [builtCommand, ...args], { stdio: [stdin, stdout, 'pipe'], timeout: 100_000 });
  closeSync(stdin);
  child.stdout?.destroy();
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { stderr, code };
}

describe.skipIf(!existsSync('/dev/full'))('standard output on a full disk', () => {
  it.each(printing)('is one sentence and 1: %s', async (_, args) => {
    const full = openSync('/dev/full', 'w');
    const { stderr, code } = await endedWith(args, full);
    closeSync(full);
    expect({ stderr, code }).toEqual({
      stderr: expect.stringMatching(/^ghostnet: Standard output cannot be written \(ENOSPC: [^\n]*\)\.\n$/),
      code: 1,
    });
  });
});

describe('standard output that nobody reads', () => {
  it.each(printing)('ends in silence: %s', async (_, args) =>
    expect(await endedWith(args, 'pipe')).toEqual({ stderr: '', code: 0 }),
  );
});

// `ulimit -f` lets no file grow beyond so many KiB: a disk that is full, for any user.
describe.skipIf(process.platform === 'win32')('a file that does not fit on the disk', () => {
  it.each([
    ['embed', ['embed', sample, '-o', 'vectors.npy']],
    ['embed', ['embed', sample, '-o', 'vectors.jsonl']],
    ['attention', ['attention', sample, '-o', 'sheet.png']],
    ['export', ['export', fileURLToPath(new URL('../../weights/ghostnetv2-tiny', import.meta.url)), 'model.onnx']],
    [
      'export',
      ['export', fileURLToPath(new URL('../../weights/ghostnetv2-tiny', import.meta.url)), 'model.safetensors'],
    ],
  ])('is one sentence and 1, and nothing is left of it: %s %j', async (_, args) => {
    const disk = join(folder, `disk-${args.at(-1)!}`);
    mkdirSync(disk);
    const limited = `ulimit -f 1; exec '${process.execPath}' '${builtCommand}' ${args.map((arg) => `'${arg}'`).join(' ')}`;
    const child = spawn('bash', ['-c', limited], { cwd: disk, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    // The library of fonts, which writes a cache of its own, says a line before.
    expect({ stdout, stderr, code }).toEqual({
      stdout: '',
      stderr: expect.stringMatching(/^(?:write cache: .*\n)?ghostnet: \S+ cannot be written \(EFBIG: .*\)\.\n$/),
      code: 1,
    });
    expect(readdirSync(disk)).toEqual([]);
  });
});
