import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { runNode, runProgram } from '../../testing/programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const preload = fileURLToPath(new URL('../../testing/programs/sharp-fails.cjs', import.meta.url));
const sample = JSON.stringify(join(root, 'examples/sample.png'));
const library = JSON.stringify(join(root, 'dist/index.js'));

describe('where sharp is loaded', () => {
  it('in Jest with CommonJS, whose modules cannot import()', async () => {
    const { stdout } = await runProgram('jest-like.cjs');
    expect(JSON.parse(stdout)).toEqual({ label: 'orange', same: 'orange', classes: 200, ownArray: true });
  });

  const program = `preprocess(${sample}).then(({ shape }) => console.log(shape.join('x')));`;
  it.each([
    ['an ES module', ['--input-type=module', '-e', `import { preprocess } from ${library}; ${program}`]],
    ['a CommonJS module', ['-e', `const { preprocess } = require(${library}); ${program}`]],
  ])('in %s', async (_, args) => {
    expect(await runNode(args)).toEqual({ stdout: '1x3x224x224\n', stderr: '', code: 0 });
  });

  it.each(['esm', 'cjs'] as const)(
    'in a program that esbuild has bundled, with ghostnet outside: %s',
    async (format) => {
      const folder = temporary();
      const outfile = join(folder, `bundled.${format === 'esm' ? 'mjs' : 'cjs'}`);
      await build({
        stdin: { contents: `import { preprocess } from 'ghostnet'; ${program}`, resolveDir: folder },
        bundle: true,
        platform: 'node',
        format,
        external: ['ghostnet'],
        outfile,
      });
      expect((await runNode([outfile])).stdout).toBe('1x3x224x224\n');
    },
  );

  it('in a bundle of ghostnet too, with sharp outside', async () => {
    const folder = temporary();
    const outfile = join(folder, 'bundled.cjs');
    const contents = `import { loadSharp } from ${JSON.stringify(join(root, 'dist/pixels/sharp.js'))};
      loadSharp()(${sample}).metadata().then(({ format }) => console.log(format));`;
    await build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['sharp'],
      outfile,
    });
    expect((await runNode([outfile])).stdout).toBe('png\n');
  });

  /** A project that has the packages of this one. */
  const temporaryProject = temporaryFolder();
  let count = 0;
  function temporary(): string {
    const folder = join(temporaryProject, String(count++));
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    symlinkSync(root, join(folder, 'node_modules/ghostnet'));
    symlinkSync(join(root, 'node_modules/sharp'), join(folder, 'node_modules/sharp'));
    writeFileSync(join(folder, 'package.json'), '{}');
    return folder;
  }
});

describe('why sharp cannot be loaded is said', () => {
  const attempt = `const { preprocess } = require(${library});
    const raw = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
    preprocess(${sample}).then(() => 'decoded', (error) => error.code + ' ' + error.message)
      .then(async (said) => console.log(JSON.stringify({ said, raw: (await preprocess(raw)).shape[3], again: await preprocess(${sample}).then(() => true, () => false) })));`;
  const said = async (why: string): Promise<{ said: string; raw: number; again: boolean }> =>
    JSON.parse((await runNode(['--require', preload, '-e', attempt], { SHARP_FAILS: why })).stdout) as {
      said: string;
      raw: number;
      again: boolean;
    };

  it.each<[string, RegExp]>([
    ['missing', /is not installed\. Install it on this machine with: npm install --include=optional sharp\./],
    [
      'platform',
      /is installed and cannot be loaded on \w+-\w+: Could not load the "sharp" module using the linux-x64 runtime\. Install it on this machine, not copied/,
    ],
    ['dependency', /is installed and cannot be loaded on \w+-\w+: Cannot find module 'semver'\./],
    ['files', /cannot be loaded: too many files are open\. Close some, or raise the limit \(ulimit -n\)\./],
    ['files in the addon', /cannot be loaded: too many files are open\./],
    ['no addons', /is forbidden by how this program was started: .*--allow-addons/],
    ['permission', /is forbidden by how this program was started: Access to this API has been restricted\./],
  ])('%s', async (why, words) => {
    const answer = await said(why);
    expect(answer.said).toMatch(words);
    expect(answer.said).toMatch(/^ERR_GHOST_NATIVE The package sharp, which decodes images, [^\n]+ need no sharp\.$/);
    expect(answer).toMatchObject({ raw: 224, again: false });
  });

  it('and it is tried again: files are closed some time', async () => {
    expect(await said('files once')).toMatchObject({
      said: expect.stringContaining('too many files') as unknown,
      again: true,
    });
  });
});
