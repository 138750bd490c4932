import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBuiltBinary, environment, install, pack, root, run, type Packed } from './installed.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ghostnet-dependencies-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
/** As `sharp@0.34.0` for `>=0.34.0 <0.36.0`. */
const lowest = Object.entries(dependencies).map(([name, range]) => `${name}@${/\d+\.\d+\.\d+/.exec(range)![0]}`);

describe.each([
  ['lowest', lowest],
  ['newest', []],
] as const)('with the %s of each dependency that the ranges allow', (which, others) => {
  const project = join(folder, which);
  const ghostnet = async (...args: string[]): Promise<string> =>
    (
      await run(process.execPath, ['node_modules/ghostnet/dist/cli/main.js', ...args], {
        cwd: project,
        env: environment,
      })
    ).stdout;

  beforeAll(async () => {
    const packed: Packed = await pack(folder);
    await install(packed, project, others);
    addBuiltBinary(project);
  }, 180_000);

  it('that is what was installed', async () => {
    const { stdout } = await run('npm', ['ls', '--json', '--all'], {
      cwd: project,
      env: environment,
      shell: process.platform === 'win32',
    });
    const listed = JSON.parse(stdout) as {
      problems?: string[];
      dependencies: { ghostnet: { dependencies: Record<string, { version: string }> } };
    };
    expect(listed.problems).toBeUndefined();
    const installed = Object.entries(listed.dependencies.ghostnet.dependencies).map(
      ([name, { version }]) => `${name}@${version}`,
    );
    expect(installed).toHaveLength(Object.keys(dependencies).length);
    if (which === 'lowest') expect(installed.sort()).toEqual([...lowest].sort());
    // Not each has more than one version in its range; sharp has.
    else expect(installed).not.toContain(lowest.find((one) => one.startsWith('sharp@')));
  }, 60_000);

  it('the pictures of a folder and of a pattern are classified, whatever their format', async () => {
    const photos = join(project, 'photos');
    mkdirSync(photos);
    const sample = sharp(join(root, 'examples/sample.png'));
    for (const format of ['png', 'jpeg', 'webp', 'avif', 'gif', 'tiff'] as const)
      await sample
        .clone()
        .toFormat(format)
        .toFile(join(photos, `sample.${format}`));
    const classes = (lines: string): unknown[] =>
      lines
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { top: { label: string }[] }).top[0]!.label);
    expect(classes(await ghostnet('classify', 'photos', '--json'))).toEqual(Array(6).fill('orange'));
    expect(classes(await ghostnet('classify', 'photos/*.{png,webp}', '--json'))).toEqual(['orange', 'orange']);
  }, 60_000);
});
