import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodePath, encodePath, jsonName } from '../../lib/cli/pictures/raw-paths.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, type Ended } from '../../testing/programs.js';

const sample = readFileSync(fileURLToPath(new URL('../../examples/sample.png', import.meta.url)));
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe.skipIf(process.platform === 'win32')('a path of bytes that are not UTF-8', () => {
  it.each(['\xff.png', 'a\xc3', '\xc3\xbcb\xfc', '\xed\xa0\x80', '\xf0\x9f\x98\x80\xf0\x9f\x98', '\xc0\xaf/\x80', ''])(
    'comes through text unharmed: %j',
    (name) => {
      expect(Buffer.from(encodePath(decodePath(bytes(name))))).toEqual(bytes(name));
    },
  );

  it('is text where it can be', () => {
    expect(decodePath(bytes('\xc3\xbc\xf0\x9f\x98\x80'))).toBe('ü😀');
    expect(encodePath('ü😀')).toBe('ü😀');
    expect(jsonName('ü')).toEqual({ image: 'ü' });
  });

  it('is in JSON with its bytes', () => {
    expect(jsonName(decodePath(bytes('\xc3\xbc\xff')))).toEqual({
      image: 'ü\\xff',
      imageBase64: bytes('\xc3\xbc\xff').toString('base64'),
    });
  });
});

// Other systems have no such names, or do not let them be made.
describe.skipIf(process.platform !== 'linux')('files whose names are not UTF-8', () => {
  const folder = temporaryFolder();
  const at = (...names: string[]): Buffer => bytes([folder, ...names].join('/'));
  mkdirSync(at('deep\xfe'));
  for (const name of ['a\xff.png', 'a\xfe.png', 'deep\xfe/b\x80.PNG', 'deep\xfe/c.png'])
    writeFileSync(at(name), sample);
  writeFileSync(at('bad\xff.jpg'), 'no picture');
  const shown = ['a\\xfe.png', 'a\\xff.png', 'deep\\xfe/b\\x80.PNG', 'deep\\xfe/c.png'].map((name) =>
    join(folder, name),
  );

  /** Runs `ghostnet args` by a shell: arguments of bytes, given as Latin-1, which Node could not hand on. */
  function ghostnet(args: string): Promise<Ended> {
    const script = at('script.sh');
    writeFileSync(script, bytes(`exec '${process.execPath}' '${builtCommand}' ${args}\n`));
    return new Promise((resolve, reject) => {
      execFile('bash', [script.toString()], { cwd: folder, timeout: 100_000 }, (error, stdout, stderr) => {
        const code = error ? error.code : 0;
        if (typeof code === 'number') resolve({ stdout, stderr, code });
        else reject(new Error(`bash ended with ${error?.signal ?? code}`));
      });
    });
  }

  const images = (stdout: string): string[] =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { image: string }).image);

  it.each([
    ['a folder', `classify --json '${folder}'`],
    [
      'a folder that is named so, and files',
      `classify --json '${folder}'/a\xfe.png '${folder}'/a\xff.png '${folder}/deep\xfe'`,
    ],
    ['patterns', `classify --json '${folder}/a?.*' '${folder}/deep*/*.{png,PNG}'`],
    ['patterns through folders', `classify --json '${folder}/**/*.{png,PNG}'`],
    ['embed', `embed '${folder}'`],
  ])('are classified, found by %s', async (_, args) => {
    const { stdout, stderr } = await ghostnet(args);
    expect(images(stdout)).toEqual(shown);
    expect(stderr).toMatch(/^(?:ghostnet: \S*bad\\xff\.jpg cannot be decoded[^\n]*\n)?$/);
    for (const line of stdout.trimEnd().split('\n')) {
      const { imageBase64 } = JSON.parse(line) as { imageBase64: string };
      expect(readFileSync(Buffer.from(imageBase64, 'base64'))).toEqual(sample);
    }
  });

  it('are shown escaped', async () => {
    const { stdout, code } = await ghostnet(`classify '${folder}'/a\xff.png '${folder}'/a\xfe.png`);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([shown[1], shown[0], '']);
  });

  it('can be compared and drawn, and what is written keeps their names', async () => {
    const { stdout, code } = await ghostnet(`similar a\xff.png a\xff.png deep\xfe --json`);
    expect([images(stdout).sort(), code]).toEqual([['deep\\xfe/b\\x80.PNG', 'deep\\xfe/c.png'], 0]);
    expect(await ghostnet('attention a\xff.png -o sheet.webp')).toMatchObject({ stderr: '', code: 0 });
    expect(await ghostnet('embed a\xff.png -o vectors.npy')).toMatchObject({ stderr: '', code: 0 });
    expect(JSON.parse(readFileSync(join(folder, 'vectors.names.json'), 'utf8'))).toEqual(['a\\xff.png']);
  });

  it('that are missing or no files are told by name', async () => {
    const { stderr, code } = await ghostnet('classify none\xff.png');
    expect({ stderr, code }).toEqual({ stderr: 'ghostnet: none\\xff.png does not exist.\n', code: 1 });
    expect((await ghostnet('similar deep\xfe a\xff.png')).stderr).toBe('ghostnet: deep\\xfe is a folder.\n');
  });

  it.each(['embed a\xff.png -o v\xff.npy', 'attention a\xff.png -o v\xff.png', 'export model v\xff.onnx'])(
    'are not written: %s',
    async (args) => {
      const before = readdirSync(folder);
      expect(await ghostnet(args)).toMatchObject({
        stdout: '',
        stderr: expect.stringMatching(/v\\xff.*UTF-8/),
        code: 2,
      });
      expect(readdirSync(folder)).toEqual(before);
    },
  );
});
