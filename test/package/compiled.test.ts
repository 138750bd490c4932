import { exec } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { environment, install, pack, pathWithNode, run } from './installed.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ghostnet-compiled-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const missing = await run('cmake', ['--version']).then(
  () => undefined,
  () => 'there is no CMake',
);
if (missing) console.warn(`Skipped: compiling the package's own sources: ${missing}.`);

describe.skipIf(missing !== undefined)('the sources in the package', () => {
  it('compile by the command that the page of help gives, and classify', async () => {
    const project = join(folder, 'project');
    const env = {
      ...environment,
      PATH: pathWithNode(folder),
      CMAKE_BUILD_PARALLEL_LEVEL: String(availableParallelism()),
    };
    await install(await pack(folder), project, [], env);
    rmSync(join(project, 'node_modules/ghostnet/prebuilds'), { recursive: true, force: true });
    const classify = [
      'node_modules/ghostnet/dist/cli/main.js',
      'classify',
      'node_modules/ghostnet/examples/sample.png',
      '--json',
    ];

    const refused = await run(process.execPath, classify, { cwd: project, env }).catch(
      (error: unknown) => error as { stderr: string },
    );
    const page = refused.stderr.trim().split('\n');
    expect(page.at(-2)).toMatch(/to do: +compile it here/);
    await promisify(exec)(page.at(-1)!.trim(), { cwd: project, env, maxBuffer: 2 ** 26 });

    const { stdout } = await run(process.execPath, classify, { cwd: project, env });
    expect(stdout).toContain('"label":"orange"');
  }, 900_000);
});
