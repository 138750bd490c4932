// Publishes the version that is checked out, or leaves its package in a folder, once all is as it must be.
//
//     npm run release -- --repository URL [--author NAME] [--tag v1.2.3] [--out FOLDER | --dry-run]
//
// package.json is private and names no repository: what is packed here gets both right, so that nothing else can be
// published.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { problems } from './release-checks.js';
import { repositoryFields } from './repository.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';
const npm = (...args) =>
  execFileSync(windows ? 'npm.cmd' : 'npm', args, {
    cwd: root,
    encoding: 'utf8',
    shell: windows,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });

function readOptions() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: { repository: text, author: text, tag: text, out: text, 'dry-run': { type: 'boolean', default: false } },
  });
  if (values.repository === undefined)
    throw new Error('Expected --repository URL: where the sources lie, as https://github.com/OWNER/NAME.');
  return { ...values, fields: repositoryFields(values.repository) };
}

/** The manifest that is published. npm takes nothing that is private; what runs in a checkout alone is left out. */
function publishedManifest(manifest, fields, author) {
  const published = { ...manifest, ...(author && { author }), ...fields };
  for (const name of ['private', 'scripts', 'devDependencies']) delete published[name];
  return published;
}

/** Packs twice: what npm takes from the checkout, then the same with the manifest that is published. */
function packTo(out, fields, author) {
  const folder = mkdtempSync(join(tmpdir(), 'ghostnet-release-'));
  try {
    const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder));
    execFileSync('tar', ['-xzf', filename], { cwd: folder });
    const file = join(folder, 'package/package.json');
    const manifest = publishedManifest(JSON.parse(readFileSync(file, 'utf8')), fields, author);
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
    const [packed] = JSON.parse(
      npm('pack', '--json', '--ignore-scripts', '--pack-destination', out, join(folder, 'package')),
    );
    return { tarball: join(out, packed.filename), packed, manifest };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function release() {
  const { fields, author, tag, out, 'dry-run': dryRun } = readOptions();
  const found = problems(root, tag);
  if (found.length > 0) throw new Error(`Not published:\n${found.map((problem) => `- ${problem}`).join('\n')}`);
  const folder = out === undefined ? mkdtempSync(join(tmpdir(), 'ghostnet-package-')) : resolve(out);
  try {
    const { tarball, packed, manifest } = packTo(folder, fields, author);
    console.log(
      `${manifest.name} ${manifest.version}: ${packed.files.length} files, ${packed.size} bytes; ${manifest.repository.url}`,
    );
    if (dryRun) console.log('Not published: --dry-run.');
    else if (out !== undefined) console.log(`Not published: ${tarball}`);
    else npm('publish', '--access', 'public', tarball);
  } finally {
    if (out === undefined) rmSync(folder, { recursive: true });
  }
}

try {
  release();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
