// What must be so before a version is published.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { linuxTargets } from './targets.js';

/** Every binary that a package must hold, below prebuilds/. */
export const binaries = [
  ...linuxTargets.map(({ arch, libc }) => `linux-${arch}/ghostnet.${libc}.node`),
  'darwin-arm64/ghostnet.node',
  'darwin-x64/ghostnet.node',
  'win32-x64/ghostnet.node',
];

function git(root, ...args) {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch {
    return undefined;
  }
}

function changelogProblem(root, version) {
  const headings = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').match(/^## .+$/gm) ?? [];
  const own = headings.find((heading) => heading.split(/\s/)[1] === version);
  if (own && /^## \S+ \(\d{4}-\d\d-\d\d\)$/.test(own)) return undefined;
  return `CHANGELOG.md: expected the heading "## ${version} (YYYY-MM-DD)", found ${own ? `"${own}"` : 'none of that version'}.`;
}

function tagProblem(root, version, tag) {
  if (tag !== `v${version}`) return `The tag: expected v${version}, as package.json says, found ${tag}.`;
  const tagged = git(root, 'rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`);
  if (!tagged) return `The tag ${tag} is not there: git tag ${tag}`;
  return tagged === git(root, 'rev-parse', 'HEAD')
    ? undefined
    : `The tag ${tag} is at ${tagged.slice(0, 10)}, which is not what is checked out.`;
}

function treeProblem(root) {
  const changes = git(root, 'status', '--porcelain');
  if (changes === undefined) return `${root} is no git repository.`;
  return changes === '' ? undefined : `There are changes that are not committed:\n${changes}`;
}

function binariesProblem(root) {
  const missing = binaries.filter((file) => !existsSync(join(root, 'prebuilds', file)));
  return missing.length > 0
    ? `prebuilds/ lacks ${missing.join(', ')}: the workflow "prebuild" makes all ${binaries.length}.`
    : undefined;
}

function libraryProblem(root) {
  const newest = (folder) =>
    Math.max(
      ...readdirSync(join(root, folder), { recursive: true }).map((file) => statSync(join(root, folder, file)).mtimeMs),
    );
  if (!existsSync(join(root, 'dist/index.js'))) return 'dist/ is missing: npm run build:lib';
  return newest('lib') > newest('dist') ? 'dist/ is older than lib/: npm run build:lib' : undefined;
}

/**
 * Why the version that is checked out must not be published, a sentence each; empty if it may be.
 *
 * @param {string} root
 * @param {string} [tag] default: `v` and the version
 */
export function problems(root, tag) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return [
    changelogProblem(root, version),
    tagProblem(root, version, tag ?? `v${version}`),
    treeProblem(root),
    binariesProblem(root),
    libraryProblem(root),
  ].filter((problem) => problem !== undefined);
}
