import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Node's own mark of the place where it looks for a program inside itself. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const program = `
const { createRequire } = require('node:module');
const { load } = createRequire(process.execPath)('ghostnet');
(async () => {
  const model = await load();
  const [best] = await model.classify(process.argv[2]);
  console.log(best.label);
  await model.dispose();
})();
`;

// Elsewhere the program would have to be signed.
it.skipIf(process.platform !== 'linux')(
  'a single-executable program with ghostnet and sharp beside it classifies',
  () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'node_modules'));
    symlinkSync(root, join(cwd, 'node_modules/ghostnet'));
    writeFileSync(join(cwd, 'main.cjs'), program);
    writeFileSync(
      join(cwd, 'config.json'),
      JSON.stringify({ main: 'main.cjs', output: 'blob', disableExperimentalSEAWarning: true }),
    );
    const run = (file: string, args: readonly string[]): string =>
      execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    run(process.execPath, ['--experimental-sea-config', 'config.json']);
    const app = join(cwd, 'app');
    copyFileSync(process.execPath, app);
    const postject = join(createRequire(import.meta.url).resolve('postject/package.json'), '../dist/cli.js');
    run(process.execPath, [postject, app, 'NODE_SEA_BLOB', 'blob', '--sentinel-fuse', fuse]);
    expect(run(app, [join(root, 'examples/sample.png')])).toBe('orange\n');
  },
);
