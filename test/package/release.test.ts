import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { issueTracker } from '../../lib/cli/issue-tracker.js';
import { binaries } from '../../packaging/release-checks.js';
import { repositoryFields } from '../../packaging/repository.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { environment, root } from './installed.js';

const repository = 'https://github.com/someone/ghostnet';
const folder = temporaryFolder();
let project: string;

function write(file: string, text: string): void {
  mkdirSync(dirname(join(project, file)), { recursive: true });
  writeFileSync(join(project, file), text);
}

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** A checkout that is ready: the scripts of this one, and as little as they look at. */
beforeEach(() => {
  project = mkdtempSync(join(folder, 'project-'));
  cpSync(join(root, 'packaging'), join(project, 'packaging'), { recursive: true });
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const manifest = {
    name: 'ghostnet',
    version: '1.2.3',
    private: true,
    type: 'module',
    author: 'contributors',
    files: ['dist', 'prebuilds'],
    scripts,
  };
  write('package.json', JSON.stringify(manifest));
  write('CHANGELOG.md', '# Changelog\n\n## 1.2.3 (2027-01-31)\n\nWords.\n');
  write('.gitignore', 'dist/\nprebuilds/\nout/\n');
  write('lib/index.ts', '');
  write('dist/index.js', '');
  for (const file of binaries) write(`prebuilds/${file}`, 'binary');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'all');
  git('tag', 'v1.2.3');
});

function npm(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { cwd: project, env: environment, shell: process.platform === 'win32' };
  return new Promise((resolve) => {
    execFile('npm', args, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const release = (...args: string[]): ReturnType<typeof npm> => npm('run', '--silent', 'release', '--', ...args);

describe('npm run release', () => {
  it('packs what is published: public, with where its sources are', async () => {
    const { stdout, stderr, code } = await release('--repository', repository, '--author', 'Somebody', '--out', '.');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^ghostnet 1\.2\.3: 11 files, \d+ bytes; git\+https:\/\/github\.com\/someone\/ghostnet\.git\nNot published: .*ghostnet-1\.2\.3\.tgz\n$/,
    );
    execFileSync('tar', ['-xzf', 'ghostnet-1.2.3.tgz'], { cwd: project });
    expect(JSON.parse(readFileSync(join(project, 'package/package.json'), 'utf8'))).toEqual({
      name: 'ghostnet',
      version: '1.2.3',
      type: 'module',
      author: 'Somebody',
      files: ['dist', 'prebuilds'],
      ...repositoryFields(repository),
    });
    expect(git('status', '--porcelain', 'package.json')).toBe('');
    expect([issueTracker(join(project, 'package')), issueTracker(project)]).toEqual([
      `${repository}/issues`,
      'the issue tracker of where you have it from',
    ]);
  }, 60_000);

  it('says with --dry-run that all is well, and leaves nothing', async () => {
    const { stdout, code } = await release('--repository', repository, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nNot published: --dry-run\.\n$/);
    expect(git('status', '--porcelain')).toBe('');
  }, 60_000);

  it.each<[what: string, change: () => void, says: RegExp]>([
    [
      'a version that the changelog does not have',
      () => write('CHANGELOG.md', '## 1.2.2 (2026-01-01)\n'),
      /expected the heading "## 1\.2\.3 \(YYYY-MM-DD\)", found none of that version/,
    ],
    [
      'a version that is unreleased',
      () => write('CHANGELOG.md', '## 1.2.3 (unreleased)\n'),
      /found "## 1\.2\.3 \(unreleased\)"/,
    ],
    ['no tag', () => git('tag', '-d', 'v1.2.3'), /The tag v1\.2\.3 is not there/],
    [
      'a tag elsewhere',
      () => git('commit', '--quiet', '--allow-empty', '-m', 'later'),
      /The tag v1\.2\.3 is at [0-9a-f]{10}, which is not what is checked out/,
    ],
    ['changes', () => write('new.txt', ''), /not committed:\n\?\? new\.txt/],
    [
      'a binary too few',
      () => rmSync(join(project, 'prebuilds/win32-x64'), { recursive: true }),
      /prebuilds\/ lacks win32-x64\/ghostnet\.node: .*all 9/,
    ],
    ['no library', () => rmSync(join(project, 'dist'), { recursive: true }), /dist\/ is missing: npm run build:lib/],
    [
      'an old library',
      () => utimesSync(join(project, 'dist/index.js'), 1, 1),
      /dist\/ is older than lib\/: npm run build:lib/,
    ],
  ])(
    'refuses %s',
    async (_, change, says) => {
      change();
      const { stderr, stdout, code } = await release('--repository', repository, '--dry-run');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^Not published:\n- /);
      expect(stderr).toMatch(says);
    },
    60_000,
  );

  it('refuses a tag of another version, no repository, and what is none', async () => {
    expect((await release('--repository', repository, '--tag', 'v1.2.4')).stderr).toContain(
      'The tag: expected v1.2.3, as package.json says, found v1.2.4.',
    );
    expect((await release('--dry-run')).stderr).toBe(
      'Expected --repository URL: where the sources lie, as https://github.com/OWNER/NAME.\n',
    );
    expect((await release('--repository', 'ghostnet')).stderr).toBe(
      'Expected a repository as https://github.com/OWNER/NAME, found "ghostnet".\n',
    );
  }, 60_000);

  it('is the only way: npm publish refuses a checkout, and what npm pack makes', async () => {
    const direct = await npm('publish', '--dry-run');
    expect(direct.code).not.toBe(0);
    expect(direct.stderr).toContain('Publish with: npm run release -- --repository URL');
    await npm('pack');
    // npm looks at it last, with a token, before it asks the registry: here one that nobody answers for.
    const packed = await npm(
      'publish',
      'ghostnet-1.2.3.tgz',
      '--registry=http://127.0.0.1:1/',
      '--//127.0.0.1:1/:_authToken=none',
      '--fetch-retries=0',
    );
    expect(packed.code).not.toBe(0);
    expect(packed.stderr).toMatch(/EPRIVATE/);
  }, 60_000);
});

describe('the address of a repository', () => {
  const fields = {
    repository: { type: 'git', url: 'git+https://github.com/someone/ghostnet.git' },
    bugs: { url: 'https://github.com/someone/ghostnet/issues' },
    homepage: 'https://github.com/someone/ghostnet#readme',
  };

  it.each([
    'https://github.com/someone/ghostnet',
    'https://github.com/someone/ghostnet.git',
    'https://GitHub.com/someone/ghostnet/',
    'git+https://github.com/someone/ghostnet.git',
    'git@github.com:someone/ghostnet.git',
    'ssh://git@github.com/someone/ghostnet',
    'git+ssh://git@github.com/someone/ghostnet.git',
  ])('is read: %s', (address) => expect(repositoryFields(address)).toEqual(fields));

  it('may have groups', () => {
    expect(repositoryFields('https://gitlab.com/group/part/ghostnet').repository.url).toBe(
      'git+https://gitlab.com/group/part/ghostnet.git',
    );
  });

  it.each([
    '',
    'ghostnet',
    'someone/ghostnet',
    'http://github.com/someone/ghostnet',
    'https://github.com',
    'https://github.com/someone',
    'https://user:word@github.com/a/b',
    'https://token@github.com/a/b',
    'https://github.com/a/b?c=d',
    'https://github.com/a/b#readme',
    'https://localhost/a/b',
    'https://10.0.0.1/a/b',
    'https://github.com:444/a/b',
    'https://github.com/a/..',
    'https://github.com/a//b',
    'file:///a/b',
    'https://github.com/OWNER NAME/b',
  ])('is refused: "%s"', (address) =>
    expect(() => repositoryFields(address)).toThrow(
      /^Expected a repository as https:\/\/github\.com\/OWNER\/NAME, found /,
    ),
  );
});
